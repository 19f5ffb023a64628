// PACKET_IN and PACKET_OUT of OpenFlow 1.0 (its spec §5.4.1, §5.3.6). Ports are those of 1.3: 32 bits.

import { CodecError, MESSAGE, type OpenFlowCodec, VERSION_1_0 } from "../wasm/openflow.js";
import { message, portTo16, portTo32 } from "./messages.js";

export interface PacketIn10 {
  readonly bufferId: number;
  /** Length of the packet as the switch had it; `data` may be less. */
  readonly totalLength: number;
  readonly inPort: number;
  /** OFPR_*: 0 = no match, 1 = an action. */
  readonly reason: number;
  /** The packet from its destination address on: a view of the message. */
  readonly data: Uint8Array;
}

const PACKET_IN = 18;

/** Reads a PACKET_IN whose length scan() has checked. */
export function readPacketIn10(frame: Uint8Array): PacketIn10 {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  return {
    bufferId: bytes.readUInt32BE(8),
    totalLength: bytes.readUInt16BE(12),
    inPort: portTo32(bytes.readUInt16BE(14)),
    reason: bytes[16] as number,
    data: frame.subarray(PACKET_IN),
  };
}

/**
 * PACKET_OUT: `actions` are items of a RecordWriter, `data` is left out when the switch has the packet in a buffer.
 * Throws CodecError when 1.0 has no such action, or when the message is too long.
 */
export function packetOut10(
  codec: OpenFlowCodec,
  xid: number,
  bufferId: number,
  inPort: number,
  actions: Uint8Array,
  data: Uint8Array,
): Buffer {
  const packed = codec.packActions(actions, VERSION_1_0);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(bufferId, 0);
  head.writeUInt16BE(portTo16(inPort), 4);
  head.writeUInt16BE(packed.length, 6);
  const body = Buffer.concat([head, packed, data]);
  if (body.length + 8 > 0xffff) throw new CodecError(-4);
  return message(MESSAGE.PACKET_OUT, xid, body, VERSION_1_0);
}
