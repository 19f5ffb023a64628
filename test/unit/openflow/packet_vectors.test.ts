// PACKET_INs made with os-ken (test/vectors/openflow/make_packets.py), and what others see of them.

import { readFileSync } from "node:fs";
import t from "tap";
import { parsePacketOut } from "../../../src/api/openflow/packet_rows.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { etherType, readPacketIn } from "../../../src/openflow/packet_in.js";
import { packPacketOut } from "../../../src/openflow/packet_out.js";
import { type PacketSource, PacketTap } from "../../../src/openflow/packet_tap.js";
import { OpenFlowCodec, VERSION_1_3 } from "../../../src/wasm/openflow.js";

interface PacketInVector {
  name: string;
  hex: string;
  buffer_id: number;
  reason: number;
  table_id: number;
  cookie: string;
  in_port: number;
  ether_type: number;
  data: string;
}

const file = new URL("../../../../test/vectors/openflow/packets.json", import.meta.url);
interface PacketVectors {
  xid: number;
  packet_ins: PacketInVector[];
  packet_outs: { name: string; packetout: Record<string, unknown>; hex: string }[];
}

const vectors = JSON.parse(readFileSync(file, "utf8")) as PacketVectors;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

t.test("PACKET_INs read as os-ken reads them", async (t) => {
  for (const vector of vectors.packet_ins) {
    const read = readPacketIn(Buffer.from(vector.hex, "hex"));
    t.ok(read, vector.name);
    if (!read) continue;
    t.same(
      [read.bufferId, read.reason, read.tableId, String(read.cookie), read.inPort, hex(read.data)],
      [vector.buffer_id, vector.reason, vector.table_id, vector.cookie, vector.in_port, vector.data],
      vector.name,
    );
    t.equal(etherType(read.data), vector.ether_type, `${vector.name}: Ethernet type`);
  }
});

t.test("PACKET_OUTs pack to os-ken's bytes", async (t) => {
  const codec = new OpenFlowCodec(CODEC_TABLES);
  for (const { name, packetout, hex: wanted } of vectors.packet_outs) {
    t.equal(hex(packPacketOut(parsePacketOut(packetout, VERSION_1_3), vectors.xid, codec, VERSION_1_3)), wanted, name);
  }
});

t.test("a PACKET_IN that is cut off reads as none or as a shorter packet, at every length", async (t) => {
  for (const vector of vectors.packet_ins) {
    const whole = Buffer.from(vector.hex, "hex");
    for (let length = 0; length < whole.length; length++) {
      const read = readPacketIn(whole.subarray(0, length));
      if (read) t.ok(vector.data.startsWith(hex(read.data)), `${vector.name} at ${length}`);
    }
  }
  t.equal(etherType(Buffer.alloc(13)), -1, "too short for a type");
  t.equal(etherType(Buffer.concat([Buffer.alloc(12), Buffer.from([0, 46])])), -1, "802.3 has a length there");
});

t.test("watchers see the types that they asked for", async (t) => {
  const seen: string[] = [];
  const tap = new PacketTap();
  const watcher = (name: string): Parameters<PacketTap["watch"]>[1] => ({
    packetIn: (_session, packet, inPort, tableId, reason, cookie) => {
      seen.push(`${name} ${etherType(packet).toString(16)} ${inPort} ${tableId} ${reason} ${cookie.toString(16)}`);
    },
  });
  tap.watch([0x0806, 0x88cc], watcher("one"));
  tap.watch([0x0806], watcher("two"));
  t.same(tap.etherTypes, [0x0806, 0x88cc]);
  const session = {} as PacketSource;
  for (const { hex } of vectors.packet_ins.filter(({ name }) => ["ipv6", "lldp", "an action's"].includes(name))) {
    tap.show(session, Buffer.from(hex, "hex"));
  }
  t.same(seen, [
    "one 88cc 3 0 0 0",
    "one 806 4294967294 200 1 ffff000000000000",
    "two 806 4294967294 200 1 ffff000000000000",
  ]);
});
