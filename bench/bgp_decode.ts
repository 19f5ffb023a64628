// The codec and the RIB alone, without sockets: how fast a table is decoded into records and brought into a RIB, beside
// the same walk in plain JavaScript. Rates are per CPU second.

import { attributesJson } from "../src/bgp/attributes.js";
import { BgpModule } from "../src/wasm/bgp.js";
import { FAMILY } from "../src/wasm/bgp_numbers.js";
import { decodeInJs } from "./bgp_baseline.js";
import { median } from "./bgp_net.js";
import type { Stream } from "./bgp_stream.js";

const CHUNK_BYTES = 64 << 10;
/** Rounds that are not measured: V8 compiles Wasm anew while the first ones run. */
const WARM_UP_ROUNDS = 4;
const ROUNDS = 9;

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

const millions = (perSecond: number) => `${(perSecond / 1e6).toFixed(1)} M/s`;

function decode(stream: Stream): number {
  const module = new BgpModule();
  const rib = module.tables.createRib();
  module.tables.startSession(rib, SESSION);
  const times: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    let records = 0;
    const time = feed(module, stream, () => {
      records += module.decodeOnly(rib);
    });
    if (round >= 0) times.push(time);
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

/** Every distinct attribute set of the stream as the JSON that REST shows; sets a CPU second. */
function attributes(stream: Stream): number {
  const sets = new Map<string, Buffer>();
  for (let at = 0; at < stream.bytes.length; at += stream.bytes.readUInt16BE(at + 16)) {
    const length = stream.bytes.readUInt16BE(at + 21);
    const bytes = stream.bytes.subarray(at + 23, at + 23 + length);
    sets.set(bytes.toString("latin1"), bytes);
  }
  const start = cpuSeconds();
  let members = 0;
  for (const bytes of sets.values()) members += Object.keys(attributesJson(bytes)).length;
  if (members < sets.size * 3) throw new Error("attributes are missing");
  return sets.size / (cpuSeconds() - start);
}

/** Prints the figures. */
export function decoding(stream: Stream): void {
  console.log("\n## codec and RIB alone, per CPU second");
  const js = baseline(stream);
  const decoded = decode(stream);
  console.log(`decode, plain JavaScript   ${millions(js)} prefixes`);
  console.log(
    `decode to records, Wasm    ${millions(decoded)} prefixes, ${(decoded / js).toFixed(1)} x the JavaScript`,
  );
  console.log("  (elsewhere, on a machine of this size: libparsebgp in C 34.6 M/s, GoBGP 3.2 M/s)");
  const rib = insert(stream);
  console.log(`decode and insert, empty   ${millions(rib.rate)} prefixes`);
  console.log(`decode and insert, again   ${millions(rib.again)} prefixes (nothing changes)`);
  console.log(`memory                     ${rib.bytesPerPrefix.toFixed(1)} B a prefix with ${rib.sets} attribute sets`);
  console.log(`attribute sets to JSON     ${(attributes(stream) / 1e3).toFixed(0)} k sets`);
}
