// A full IPv4 table through the speaker, beside the daemons that are installed, with the same stream in the same run.
//   npm run bench -- bgp [PREFIXES] [--only=PART,...] [--peers=NAME,...] [--all] [--rounds=N]
// PREFIXES: default 1,000,000. --peers: these beside Sennit only, by the first word of their names in lower case.
// --all: slow daemons with the whole table, too. --rounds: of every daemon, not its own.

import { decoding } from "./bgp_decode.js";
import { latency } from "./bgp_latency.js";
import { memory } from "./bgp_memory.js";
import { rest } from "./bgp_rest.js";
import { makeStream, type Stream } from "./bgp_stream.js";
import { type Options, relay, takeIn } from "./bgp_take_in.js";

const PARTS: Readonly<Record<string, (stream: Stream, options: Options) => Promise<void> | void>> = {
  decode: decoding,
  in: takeIn,
  relay,
  memory,
  latency,
  rest,
};

export async function run(args: string[]): Promise<void> {
  const option = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const wanted = option("only")?.split(",") ?? Object.keys(PARTS);
  const unknown = wanted.filter((part) => !Object.hasOwn(PARTS, part));
  if (unknown.length > 0) {
    throw new Error(`no part ${unknown.join(", ")}; there are: ${Object.keys(PARTS).join(", ")}`);
  }
  const rounds = option("rounds");
  const options = {
    all: args.includes("--all"),
    rounds: rounds === undefined ? null : Number(rounds),
    peers: option("peers")?.split(",") ?? null,
  };
  const stream = makeStream(Number(args.find((arg) => /^\d+$/.test(arg)) ?? 1_000_000));
  const { prefixes, updates, bytes } = stream;
  console.log(`${prefixes} prefixes in ${updates} UPDATEs, ${(bytes.length / 1e6).toFixed(1)} MB`);
  for (const part of wanted) await PARTS[part]?.(stream, options);
}
