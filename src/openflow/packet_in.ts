// One PACKET_IN read in TypeScript: for the few packets that somebody wants to see. Those that are only forwarded are
// read in Wasm (assembly/openflow/learn_packet.ts).

import { OXM_CLASS_BASIC } from "../wasm/openflow_records.js";

/** What a PACKET_IN says, and where its packet is. */
export interface PacketIn {
  readonly bufferId: number;
  /** OFPR_* (spec §7.4.1). */
  readonly reason: number;
  readonly tableId: number;
  readonly cookie: bigint;
  readonly inPort: number;
  /** The packet from its destination address on: a view of the message. */
  readonly data: Uint8Array;
}

const ETHERNET = 14;
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
/** More tags than this are not looked behind. */
const TAGS = 2;
/** Where the match of a 1.3 PACKET_IN begins, and what follows its padding before the packet. */
const MATCH = 24;
const PAD = 2;
const OXM_IN_PORT = 0;

const VERSION_1_0 = 1;
/** Where the packet begins in a PACKET_IN of 1.0. */
const DATA_1_0 = 18;

/** A PACKET_IN of 1.0 (its spec §5.4.1): no table, no cookie; ports are 1.3's, the reserved ones from 0xff00 on. */
function readPacketIn10(message: Uint8Array, view: DataView): PacketIn | null {
  if (view.byteLength < DATA_1_0) return null;
  const port = view.getUint16(14);
  return {
    bufferId: view.getUint32(8),
    reason: view.getUint8(16),
    tableId: 0,
    cookie: 0n,
    inPort: port >= 0xff00 ? 0xffff0000 + port : port,
    data: message.subarray(DATA_1_0),
  };
}

/** Reads a PACKET_IN of 1.3 (spec §7.4.1) or 1.0; null when its match does not fit or has no in_port. */
export function readPacketIn(message: Uint8Array): PacketIn | null {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message[0] === VERSION_1_0) return readPacketIn10(message, view);
  if (view.byteLength < MATCH + 8 + PAD) return null;
  const length = view.getUint16(MATCH + 2);
  const data = MATCH + ((length + 7) & ~7) + PAD;
  if (length < 4 || data > view.byteLength) return null;
  const end = MATCH + length;
  for (let at = MATCH + 4; at + 4 <= end; at += 4 + view.getUint8(at + 3)) {
    if (view.getUint16(at) !== OXM_CLASS_BASIC || view.getUint8(at + 2) !== OXM_IN_PORT << 1) continue;
    if (view.getUint8(at + 3) !== 4 || at + 8 > end) return null;
    return {
      bufferId: view.getUint32(8),
      reason: view.getUint8(14),
      tableId: view.getUint8(15),
      cookie: view.getBigUint64(16),
      inPort: view.getUint32(at + 4),
      data: message.subarray(data),
    };
  }
  return null;
}

/** The Ethernet type of a packet, behind its VLAN tags; -1 when it has none (802.3, or too short). */
export function etherType(packet: Uint8Array): number {
  for (let at = ETHERNET - 2, tags = 0; at + 2 <= packet.length; at += 4, tags++) {
    const type = ((packet[at] as number) << 8) | (packet[at + 1] as number);
    if (!VLAN_TAGS.has(type) || tags === TAGS) return type < 0x600 ? -1 : type;
  }
  return -1;
}
