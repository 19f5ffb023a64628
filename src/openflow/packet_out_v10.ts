// PACKET_OUT of OpenFlow 1.0 (its spec §5.3.6). Ports are those of 1.3: 32 bits.

import { CodecError, MESSAGE, type OpenFlowCodec, VERSION_1_0 } from "../wasm/openflow.js";
import { NO_BUFFER } from "../wasm/openflow_records.js";
import { message, portTo16 } from "./messages.js";

/** The fields of a PACKET_OUT, as packet_out.ts has them. */
interface PacketOut10 {
  readonly inPort: number;
  readonly bufferId: number;
  readonly actions: Uint8Array;
  readonly data: Uint8Array;
}

const HEAD = 8;

/** PACKET_OUT. Throws CodecError when 1.0 has no such action, or when the message is too long. */
export function packPacketOut10(
  { inPort, bufferId, actions, data }: PacketOut10,
  xid: number,
  codec: OpenFlowCodec,
): Buffer {
  const packed = codec.packActions(actions, VERSION_1_0);
  const packet = bufferId === NO_BUFFER ? data : data.subarray(0, 0);
  if (8 + HEAD + packed.length + packet.length > 0xffff) throw new CodecError(-4);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(bufferId, 0);
  head.writeUInt16BE(portTo16(inPort), 4);
  head.writeUInt16BE(packed.length, 6);
  return message(MESSAGE.PACKET_OUT, xid, Buffer.concat([head, packed, packet]), VERSION_1_0);
}
