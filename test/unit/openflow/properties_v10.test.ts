// OpenFlow 1.0: packing and unpacking are each other's inverse, for flows and for any bytes; framing of its messages.

import fc from "fast-check";
import t from "tap";
import { printFlow, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { message } from "../../../src/openflow/messages.js";
import { CodecError, MESSAGE, OpenFlowCodec, typeOfWire, VERSION_1_0, wireType } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";

const codec = new OpenFlowCodec(CODEC_TABLES);

const byte = fc.integer({ min: 0, max: 255 });
const short = fc.integer({ min: 0, max: 0xffff });
const mac = fc
  .array(byte, { minLength: 6, maxLength: 6 })
  .map((b) => b.map((x) => x.toString(16).padStart(2, "0")).join(":"));
const port = fc.oneof(fc.integer({ min: 0, max: 0xfeff }), fc.constantFrom("LOCAL", "CONTROLLER", "NORMAL", "IN_PORT"));
const address = fc.array(byte, { minLength: 4, maxLength: 4 });
const dotted = (bytes: readonly number[]): string => bytes.join(".");

type Fields = Record<string, unknown>[];

/** A prefix as it prints: bits outside the mask cleared, no mask when all bits count, no field when none does. */
function prefix(name: string) {
  return fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([bytes, length]): Fields => {
    const cut = bytes.map((value, i) => value & maskByte(length, i));
    if (length === 0) return [];
    if (length === 32) return [{ [name]: dotted(cut) }];
    return [{ [name]: dotted(cut), mask: dotted([0, 1, 2, 3].map((i) => maskByte(length, i))) }];
  });
}

function maskByte(length: number, i: number): number {
  return (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))) & 0xff;
}

const maybe = <T>(name: string, value: fc.Arbitrary<T>): fc.Arbitrary<Fields> =>
  fc.option(value).map((one): Fields => (one === null ? [] : [{ [name]: one }]));

/** Fields beyond Ethernet, in the order of their numbers. */
const upper = fc.oneof(
  fc.constant<Fields>([]),
  fc.constant<Fields>([{ eth_type: "lldp" }]),
  fc
    .tuple(maybe("ip_dscp", fc.integer({ min: 0, max: 63 })), prefix("ipv4_src"), prefix("ipv4_dst"))
    .chain(([dscp, src, dst]) =>
      fc
        .oneof(
          fc.constant<[Fields, Fields]>([[], []]),
          ...(["tcp", "udp", "sctp"] as const).map((name) =>
            fc
              .tuple(maybe(`${name}_src`, short), maybe(`${name}_dst`, short))
              .map(([a, b]): [Fields, Fields] => [[{ ip_proto: name }], [...a, ...b]]),
          ),
          fc
            .tuple(maybe("icmpv4_type", byte), maybe("icmpv4_code", byte))
            .map(([a, b]): [Fields, Fields] => [[{ ip_proto: "icmp" }], [...a, ...b]]),
        )
        .map(([proto, ports]): Fields => [{ eth_type: "ipv4" }, ...dscp, ...proto, ...src, ...dst, ...ports]),
    ),
  fc
    .tuple(maybe("arp_op", byte), prefix("arp_spa"), prefix("arp_tpa"))
    .map(([op, spa, tpa]): Fields => [{ eth_type: "arp" }, ...op, ...spa, ...tpa]),
);

const match = fc
  .tuple(
    maybe("in_port", port),
    maybe("eth_dst", mac),
    maybe("eth_src", mac),
    maybe("vlan_vid", fc.oneof(fc.integer({ min: 0, max: 4095 }), fc.constant("none"))),
    maybe("vlan_pcp", fc.integer({ min: 0, max: 7 })),
    upper,
  )
  .map(([inPort, dst, src, vid, pcp, rest]): Fields => {
    const type = rest.slice(0, 1);
    return [...inPort, ...dst, ...src, ...type, ...vid, ...pcp, ...rest.slice(1)];
  });

const action = fc.oneof(
  port.map((output) => ({ output })),
  fc.constant({ pop_vlan: true }),
  fc.tuple(fc.nat(), port).map(([queue, to]) => ({ set_queue: queue, port: to })),
  mac.map((eth_src) => ({ set_field: { eth_src } })),
  mac.map((eth_dst) => ({ set_field: { eth_dst } })),
  fc.integer({ min: 0, max: 4095 }).map((vlan_vid) => ({ set_field: { vlan_vid } })),
  fc.integer({ min: 0, max: 7 }).map((vlan_pcp) => ({ set_field: { vlan_pcp } })),
  fc.integer({ min: 0, max: 63 }).map((ip_dscp) => ({ set_field: { ip_dscp } })),
  address.map((bytes) => ({ set_field: { ipv4_src: dotted(bytes) } })),
  address.map((bytes) => ({ set_field: { ipv4_dst: dotted(bytes) } })),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((data) => ({
    experimenter: "0x2320",
    data: `0x${Buffer.concat([data, Buffer.alloc(4)]).toString("hex")}`,
  })),
);

function record(flow: unknown): Uint8Array {
  const writer = new RecordWriter();
  writeFlow(writer, flow, "POST", VERSION_1_0);
  return writer.take();
}

function printed(records: Uint8Array): Record<string, unknown> {
  const reader = new RecordReader(records);
  reader.next();
  return JSON.parse(printFlow(reader, VERSION_1_0)) as Record<string, unknown>;
}

t.test("a flow that is packed reads as it was written, in each of its three messages", async (t) => {
  fc.assert(
    fc.property(match, fc.array(action, { maxLength: 6 }), short, (fields, actions, priority) => {
      const flow = { match: fields, actions, priority };
      const own = record(flow);
      const message = codec.packFlowMods(own, 7, VERSION_1_0);
      t.equal(message.length, Buffer.from(message).readUInt16BE(2));
      const back = codec.unpackFlowMod(message);
      t.match(printed(back), { actions, match: fields, priority });
      t.same(codec.packFlowMods(back, 7, VERSION_1_0), message);
      const entry = codec.packFlowStats(own, VERSION_1_0);
      t.same(printed(codec.unpackFlowStats(entry, VERSION_1_0))["match"], fields);
      const removed = codec.packFlowRemoved(own, 7, VERSION_1_0);
      t.same(printed(codec.unpackFlowRemoved(removed))["match"], fields);
    }),
    { numRuns: 400 },
  );
});

t.test("any bytes are refused, or read as something that reads the same again", async (t) => {
  const words = fc.oneof(fc.uint8Array({ maxLength: 90 }), fc.uint8Array({ minLength: 64, maxLength: 64 }));
  const pieces = fc
    .array(
      fc.tuple(
        fc.integer({ min: 0, max: 13 }),
        fc.constantFrom(8, 16, 24),
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
      ),
      { maxLength: 5 },
    )
    .map((actions) =>
      Buffer.concat(
        actions.map(([type, length, body]) =>
          Buffer.concat([Buffer.from([0, type, 0, length]), body.subarray(0, length - 4)]),
        ),
      ),
    );
  fc.assert(
    fc.property(words, pieces, (head, actions) => {
      const bytes = message(MESSAGE.FLOW_MOD, 1, Buffer.concat([head, actions]), VERSION_1_0);
      let first: Uint8Array;
      try {
        first = codec.unpackFlowMod(bytes);
      } catch (error) {
        if (error instanceof CodecError) return;
        throw error;
      }
      const again = codec.packFlowMods(first, 1, VERSION_1_0);
      t.same(codec.unpackFlowMod(again), first);
      t.equal(again.length, bytes.length, "nothing is lost or added");
      printed(first);
    }),
    { numRuns: 1_000 },
  );
});

t.test("records that 1.0 has no words for are refused by the codec, too", async (t) => {
  const flows: Record<string, unknown>[] = [
    { match: [{ metadata: 1 }] },
    { match: [{ eth_dst: "02:00:00:00:00:00", mask: "ff:00:00:00:00:00" }] },
    { match: [{ eth_type: "ipv4" }, { ipv4_src: "0.0.0.1", mask: "0.0.0.255" }] },
    { match: [{ vlan_vid: "present" }] },
    { match: [{ in_port: 70_000 }] },
    { match: [{ oxm: "0x0001000400000001" }] },
    { instructions: [{ goto_table: 1 }] },
    { instructions: [{ apply_actions: [{ output: 1 }] }, { goto_table: 1 }] },
    { instructions: [{ write_actions: [{ output: 1 }] }] },
    { instructions: [{ clear_actions: true }] },
    { actions: [{ group: 1 }] },
    { actions: [{ set_queue: 1 }] },
    { actions: [{ output: 70_000 }] },
    { actions: [{ set_field: { ipv6_src: "::1" } }] },
    { out_group: 1 },
    { out_port: 70_000 },
  ];
  for (const flow of flows) {
    const writer = new RecordWriter();
    writeFlow(writer, { match: [], ...flow }, "POST");
    const own = writer.take();
    t.throws(() => codec.packFlowMods(own, 1, VERSION_1_0), { message: /OpenFlow 1\.0/ }, JSON.stringify(flow));
  }
});

t.test("message types of both versions are one list", async (t) => {
  for (const [name, type] of Object.entries(MESSAGE)) {
    const wire = wireType(type, VERSION_1_0);
    const back = typeOfWire(wire, VERSION_1_0);
    if (/^(GROUP|TABLE|METER)_MOD|ROLE|ASYNC/.test(name)) {
      t.equal(back, 255, `1.0 has no ${name}, and it is taken for nothing else`);
      continue;
    }
    t.equal(back, type, name);
    const bytes = message(type, 5, Buffer.alloc(80), VERSION_1_0);
    t.equal(codec.scan(null, bytes), 1);
    t.equal(codec.frameType(0), type, `${name} in a frame`);
  }
  const unknown = Buffer.from([1, 22, 0, 8, 0, 0, 0, 0]);
  codec.scan(null, unknown);
  t.equal(codec.frameType(0), 255);
  for (const hex of [
    "0106001f00000000",
    "010a001100000000",
    "010b005700000000",
    "010c003f00000000",
    "0111000b00000000",
  ]) {
    t.equal(codec.scan(null, Buffer.concat([Buffer.from(hex, "hex"), Buffer.alloc(90)])), 0, hex);
    t.match(codec.scanProblem, /length/);
  }
});
