// Exports at the edges of messages and buffers.

import t from "tap";
import { encodeAttribute, encodeAttributes } from "../../../src/bgp/attributes.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY, MESSAGE_BYTES_EXTENDED, MESSAGE_BYTES_MAX } from "../../../src/wasm/bgp_numbers.js";
import type { ExportSlot, RibSlot, SourceSlot } from "../../../src/wasm/bgp_types.js";
import { oneUpdate } from "../../helpers/bgp_core_model.js";

const families = [FAMILY.ipv4, FAMILY.linkState];
const IBGP = { fourOctetAs: true, ibgp: true, families, extendedMessages: true };

/** Attributes of an internal route, `bytes` long beside the usual ones; each `n` makes another set. */
function attributes(n: number, bytes: number): Buffer {
  const base = encodeAttributes({ 1: 0, 2: [[2, [65002]]], 3: "192.0.2.1", 4: n, 5: 100 }, true);
  return bytes === 0 ? base : Buffer.concat([base, encodeAttribute(0xc0, 99, Buffer.alloc(bytes, n))]);
}

/** A source with add-path, and an export of its routes to a reflector's client. */
function room(messageBytesMax: number, addPath: readonly number[]) {
  const module = new BgpModule();
  const { tables, exports, policies } = module;
  const ribIn = tables.createRib();
  tables.startSession(ribIn, { ...IBGP, addPath });
  const at = (last: number) => Uint8Array.of(10, 0, 0, last);
  const options = { ibgp: true, client: true, routerId: 7 };
  const source = tables.attach(ribIn, { ...options, address: at(2) }) as SourceSlot;
  const ribPeer = tables.createRib();
  const peer = tables.attach(ribPeer, { ...options, address: at(3) }) as SourceSlot;
  const neighbor = policies.createNeighbor({
    localAs: 65000,
    remoteAs: 65000,
    ibgp: true,
    routerId: at(1),
    reflectorClient: true,
  });
  const [fixed, out] = [tables.createRib(), tables.createRib()] as [RibSlot, RibSlot];
  const x: ExportSlot = exports.create(fixed, out);
  for (const rib of [fixed, out]) tables.startSession(rib, { ...IBGP, addPath });
  exports.configure(x, {
    ibgp: true,
    client: true,
    fourOctetAs: true,
    families,
    addPath,
    messageBytesMax,
    source: peer,
    neighbor,
    policy: null,
    policyPerRoute: false,
  });
  const receiver = new BgpModule();
  const got = receiver.tables.createRib();
  receiver.tables.startSession(got, { ...IBGP, addPath });
  let longest = 0;
  let sent = 0;
  const send = ({ bytes, count }: { bytes: Uint8Array; count: number }) => {
    for (let at = 0; at < bytes.length; ) {
      const length = Buffer.from(bytes).readUInt16BE(at + 16);
      longest = Math.max(longest, length);
      if (receiver.check(got, bytes.subarray(at, at + length), true)) throw new Error("the peer refuses it");
      at += length;
    }
    sent += count;
  };
  const take = (...updates: Buffer[]) => {
    for (const update of updates) {
      if (module.check(ribIn, update, true, () => exports.batch(x, send))) throw new Error("the UPDATE is well-formed");
    }
  };
  const walk = (forced: boolean) => {
    exports.startWalk(x, FAMILY.ipv4, true);
    while (exports.isWalking(x, FAMILY.ipv4)) exports.walk(x, FAMILY.ipv4, 16, forced, send);
  };
  const count = (family: number) => receiver.tables.count(got, family);
  const figures = () => ({ longest, sent });
  return { module, source, ribIn, fixed, x, take, walk, count, figures };
}

const prefix = (n: number) => Buffer.of(24, 10, n >> 8, n & 255);

t.test("many long paths of one prefix", async (t) => {
  for (const [most, bytes, paths] of [
    [MESSAGE_BYTES_MAX, 3_800, 64],
    [MESSAGE_BYTES_EXTENDED, 60_000, 30],
  ] as const) {
    const { module, take, walk, count, figures, fixed } = room(most, [FAMILY.ipv4]);
    const updates = Array.from({ length: paths }, (_, i) => oneUpdate(FAMILY.ipv4, attributes(i, bytes), prefix(0), i));
    take(...updates);
    t.equal(count(FAMILY.ipv4), paths);
    const before = figures().sent;
    walk(true);
    t.equal(figures().sent - before, paths, "each once more");
    for (const update of updates) {
      const own = Buffer.from(update);
      own[own.length - 2] = 1;
      module.check(fixed, own, true);
    }
    walk(true);
    t.ok(figures().longest <= most);
    t.equal(count(FAMILY.ipv4), 2 * paths, "and those of its own, of another prefix");
  }
});

t.test("what no message of the session holds", async (t) => {
  const { take, count, figures, x, module } = room(MESSAGE_BYTES_MAX, []);
  take(oneUpdate(FAMILY.ipv4, attributes(1, 0), prefix(0), null));
  t.equal(count(FAMILY.ipv4), 1);
  take(oneUpdate(FAMILY.ipv4, attributes(2, 5_000), prefix(0), null));
  t.equal(count(FAMILY.ipv4), 0, "what the peer had is withdrawn (RFC 4271 §9.2)");
  t.equal(module.exports.unsent(x), 1);
  take(oneUpdate(FAMILY.ipv4, attributes(1, 0), prefix(0), null));
  t.equal(count(FAMILY.ipv4), 1, "and comes back");
  // RFC 9552: node NLRI, here with a descriptor that is longer than the peer's messages.
  const node = Buffer.concat([Buffer.of(0, 1, 5_000 >> 8, 5_000 & 255), Buffer.alloc(5_000, 1)]);
  const value = Buffer.concat([Buffer.of(0x40, 4, 71, 4, 192, 0, 2, 1, 0), node]);
  const reach = encodeAttribute(0x80, 14, value);
  const body = Buffer.concat([reach, attributes(1, 0)]);
  const gone = encodeAttribute(0x80, 15, Buffer.concat([Buffer.of(0x40, 4, 71), node]));
  const message = (content: Buffer) => {
    const head = Buffer.alloc(23, 255);
    head.writeUInt16BE(23 + content.length, 16);
    head.writeUInt32BE(0x02000000, 18);
    head.writeUInt16BE(content.length, 21);
    return Buffer.concat([head, content]);
  };
  take(message(body));
  take(message(gone));
  t.ok(figures().longest <= MESSAGE_BYTES_MAX);
  t.equal(count(FAMILY.linkState), 0);
});

t.test("a source's routes are all met, however many a prefix has", async (t) => {
  const { module, source, ribIn } = room(MESSAGE_BYTES_MAX, [FAMILY.ipv4]);
  const [prefixes, paths] = [240, 64];
  for (let n = 0; n < prefixes; n++) {
    for (let i = 0; i < paths; i++) module.check(ribIn, oneUpdate(FAMILY.ipv4, attributes(n, 0), prefix(n), i), true);
  }
  const { tables, exports } = module;
  t.equal(tables.sourceCount(source), prefixes * paths);
  const collect = (since: number | "all", again: boolean) => {
    const walker = exports.startCollecting(FAMILY.ipv4);
    let met = 0;
    while (!exports.hasCollected(walker, FAMILY.ipv4)) {
      met += exports.collect(source, FAMILY.ipv4, walker, 24, since, again);
      tables.withSource(ribIn, source, () => module.applyBatch(ribIn));
      module.endBatch();
    }
    exports.endCollecting(walker);
    return met;
  };
  t.equal(collect("all", true), prefixes * paths, "judged anew");
  tables.markStale(source, FAMILY.ipv4);
  module.check(ribIn, oneUpdate(FAMILY.ipv4, attributes(0, 0), prefix(0), 0), true);
  t.equal(collect(tables.generation(source, FAMILY.ipv4), false), prefixes * paths - 1, "the stale ones");
  t.equal(tables.sourceCount(source), 1);
});
