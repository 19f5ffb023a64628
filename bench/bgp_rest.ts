// Answers a second of a peer's state and statistic while a table is being taken in over and over, beside an empty
// uWebSockets.js handler on the same machine under the same load.

import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { BGP_PORT } from "../test/helpers/bgp_peers.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { start } from "../test/helpers/processes.js";
import { withScope } from "../test/helpers/scope.js";
import { until } from "../test/helpers/wait.js";
import { Loader } from "./bgp_loader.js";
import { addresses, median } from "./bgp_net.js";
import { makeStream, type Stream } from "./bgp_stream.js";
import type { Neighbor } from "./bgp_target.js";
import { type SennitTarget, startSennit } from "./bgp_target_sennit.js";
import { table } from "./machine.js";

const CONNECTIONS = 100;
const SECONDS = 4;
const ROUNDS = 3;

/** Announces one table and then another with the same prefixes, again and again. */
class Feeding {
  fed = 0;
  #going = true;
  readonly #done: Promise<void>;

  constructor(target: SennitTarget, loader: Loader, feeder: Neighbor, streams: readonly Stream[]) {
    this.#done = this.#run(target, loader, feeder, streams);
  }

  async #run(target: SennitTarget, loader: Loader, feeder: Neighbor, streams: readonly Stream[]): Promise<void> {
    const updates = async () => {
      const reply = await target.appliance.rest("GET", `/v1/peer/${feeder.address}/statistic`);
      return reply.json().receive.Updates as number;
    };
    for (let expected = 0; this.#going; this.fed++) {
      const stream = streams[this.fed % streams.length] as Stream;
      expected += stream.updates;
      await loader.feed("feeder", stream);
      await until(async () => (await updates()) >= expected, { what: "a table", timeoutMs: 60_000, everyMs: 50 });
    }
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#done;
  }
}

async function perSecond(url: string, headers: Record<string, string>): Promise<number> {
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: SECONDS });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  }
  return result.requests.total / result.duration;
}

async function measure(t: Teardown, stream: Stream): Promise<void> {
  const empty = start(t, process.execPath, [fileURLToPath(new URL("http_empty.js", import.meta.url))]);
  const emptyUrl = `http://127.0.0.1:${(await empty.says(/port (\d+)/))[1]}/`;
  const { address, feeders } = addresses();
  const [feeder] = feeders as [Neighbor];
  const target = await startSennit(t, { address, feeders, sink: null });
  const { appliance } = target;
  const loader = new Loader(t);
  const streams = [stream, makeStream(stream.prefixes, { nextHop: [192, 0, 2, 9] })];
  for (const one of streams) loader.prepare(one);
  await loader.open("feeder", { host: address, port: BGP_PORT, local: feeder.address, as: feeder.as });
  const basic = Buffer.from(`${appliance.user}:${appliance.password}`).toString("base64");
  const headers = { authorization: `Basic ${basic}` };
  const peer = `http://${appliance.address}/v1/peer/${feeder.address}`;
  const cases: readonly (readonly [string, string, Record<string, string>])[] = [
    ["empty uWebSockets.js handler", emptyUrl, {}],
    ["GET state", `${peer}/state`, headers],
    ["GET statistic", `${peer}/statistic`, headers],
  ];
  const rates = { quiet: cases.map((): number[] => []), loaded: cases.map((): number[] => []) };
  let fed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, url, sent]] of cases.entries()) rates.quiet[i]?.push(await perSecond(url, sent));
  }
  const feeding = new Feeding(target, loader, feeder, streams);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, url, sent]] of cases.entries()) rates.loaded[i]?.push(await perSecond(url, sent));
  }
  fed = feeding.fed;
  await feeding.stop();
  const rows = cases.map(([name], i) => {
    const [quiet, loaded] = [rates.quiet, rates.loaded].map((rate) => median(rate[i] ?? [])) as [number, number];
    const [quietBase, loadedBase] = [median(rates.quiet[0] ?? []), median(rates.loaded[0] ?? [])];
    return [
      name,
      Math.round(quiet),
      (quiet / quietBase).toFixed(2),
      Math.round(loaded),
      (loaded / loadedBase).toFixed(2),
    ];
  });
  console.log(table(["", "quiet, a second", "ratio", "while taking in, a second", "ratio"], rows));
  console.log(`the table was taken in ${fed} times meanwhile`);
}

export async function rest(stream: Stream): Promise<void> {
  console.log(`\n## REST a second, autocannon with ${CONNECTIONS} connections, medians of ${ROUNDS}`);
  await withScope((t) => measure(t, stream));
}
