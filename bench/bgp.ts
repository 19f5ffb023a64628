// A full IPv4 table: how fast it is decoded and brought into a RIB, and how long it takes a whole process from the
// socket on, beside BIRD with the same stream. `npm run bench -- bgp [PREFIXES]`, default 1,000,000.

import { BgpModule } from "../src/wasm/bgp.js";
import { FAMILY } from "../src/wasm/bgp_numbers.js";
import { decodeInJs } from "./bgp_baseline.js";
import { intoBird, intoSennit } from "./bgp_feed.js";
import { makeStream, type Stream } from "./bgp_stream.js";

const CHUNK_BYTES = 64 << 10;
const ROUNDS = 5;

const SESSION = { fourOctetAs: true, ibgp: false, families: [FAMILY.ipv4] };

/** CPU seconds of this process: unlike the clock's they do not grow with what else runs on the machine. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Hands the stream over in chunks of a socket's size, as a session does; returns CPU seconds. */
function feed(module: BgpModule, stream: Stream, work: () => void): number {
  const start = cpuSeconds();
  for (let at = 0; at < stream.bytes.length; at += CHUNK_BYTES) {
    module.begin(module.rest(), stream.bytes.subarray(at, at + CHUNK_BYTES));
    work();
  }
  return cpuSeconds() - start;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
const millions = (perSecond: number) => `${(perSecond / 1e6).toFixed(1)} M/s`;

function decode(stream: Stream): number {
  const module = new BgpModule();
  const rib = module.tables.createRib();
  module.tables.startSession(rib, SESSION);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let records = 0;
    times.push(
      feed(module, stream, () => {
        records += module.decodeOnly(rib);
      }),
    );
    if (records !== stream.prefixes) throw new Error(`${records} records of ${stream.prefixes}`);
  }
  return stream.prefixes / median(times);
}

function insert(stream: Stream): { rate: number; again: number; bytesPerPrefix: number; sets: number } {
  const fresh: number[] = [];
  const again: number[] = [];
  let figures = { heldBytes: 0, sets: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const module = new BgpModule();
    const rib = module.tables.createRib();
    module.tables.startSession(rib, SESSION);
    const empty = module.memory().heldBytes;
    fresh.push(feed(module, stream, () => module.ingest(rib)));
    if (module.tables.count(rib, FAMILY.ipv4) !== stream.prefixes) throw new Error("prefixes are missing");
    const { heldBytes, sets } = module.memory();
    figures = { heldBytes: heldBytes - empty, sets };
    again.push(feed(module, stream, () => module.ingest(rib)));
  }
  return {
    rate: stream.prefixes / median(fresh),
    again: stream.prefixes / median(again),
    bytesPerPrefix: figures.heldBytes / stream.prefixes,
    sets: figures.sets,
  };
}

function baseline(stream: Stream): number {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const start = cpuSeconds();
    if (decodeInJs(stream.bytes) !== stream.prefixes) throw new Error("the baseline has lost prefixes");
    times.push(cpuSeconds() - start);
  }
  return stream.prefixes / median(times);
}

export async function run(args: string[]): Promise<void> {
  const stream = makeStream(Number(args[0] ?? 1_000_000));
  const { prefixes, updates, bytes } = stream;
  console.log(
    `${prefixes} prefixes in ${updates} UPDATEs, ${(bytes.length / 1e6).toFixed(1)} MB; rates are per CPU second`,
  );

  const js = baseline(stream);
  const decoded = decode(stream);
  console.log(`decode, plain JavaScript   ${millions(js)} prefixes`);
  console.log(
    `decode to records, Wasm    ${millions(decoded)} prefixes, ${(decoded / js).toFixed(1)} x the JavaScript`,
  );
  const rib = insert(stream);
  console.log(`decode and insert, empty   ${millions(rib.rate)} prefixes`);
  console.log(`decode and insert, again   ${millions(rib.again)} prefixes (nothing changes)`);
  console.log(`memory                     ${rib.bytesPerPrefix.toFixed(1)} B a prefix with ${rib.sets} attribute sets`);

  await processes(stream);
}

/** Whole processes in turn, so that what else runs on the machine meets both. */
async function processes(stream: Stream): Promise<void> {
  const ours: number[] = [];
  const birds: number[] = [];
  for (let round = 0; round < 3; round++) {
    ours.push((await intoSennit(stream)).seconds);
    const bird = await intoBird(stream);
    if (bird) birds.push(bird.seconds);
  }
  const mine = median(ours);
  console.log(`process, socket to RIB     ${mine.toFixed(2)} s, ${millions(stream.prefixes / mine)}`);
  if (birds.length === 0) console.log("BIRD is not installed: no peer to compare with");
  else {
    const theirs = median(birds);
    console.log(
      `BIRD, the same stream      ${theirs.toFixed(2)} s; ours takes ${(mine / theirs).toFixed(2)} x its time`,
    );
  }
}
