// PACKET_OUT (spec §7.3.7; 1.0 §5.3.6): a packet that an operator, or another part of the room, has a switch send.

import { AppError } from "../base/errors.js";
import { CodecError, HEADER_BYTES, MESSAGE, type OpenFlowCodec, VERSION_1_0 } from "../wasm/openflow.js";
import { NO_BUFFER } from "../wasm/openflow_records.js";
import { message, portTo16 } from "./messages.js";
import type { ChangeResult } from "./requests.js";

export interface PacketOut {
  /** Where the packet counts as having come in. */
  readonly inPort: number;
  /** The switch's buffer that has the packet; NO_BUFFER: it is in `data`. */
  readonly bufferId: number;
  /** Action items (wasm/openflow_records.ts). */
  readonly actions: Uint8Array;
  /** The packet from its destination address on. */
  readonly data: Uint8Array;
}

/** What stands before the actions, in either version. */
const HEAD = 16;
const HEAD_1_0 = 8;

function head(inPort: number, bufferId: number, actionBytes: number, version: number): Buffer {
  const old = version === VERSION_1_0;
  const bytes = Buffer.alloc(old ? HEAD_1_0 : HEAD);
  bytes.writeUInt32BE(bufferId, 0);
  if (old) bytes.writeUInt16BE(portTo16(inPort), 4);
  else bytes.writeUInt32BE(inPort, 4);
  bytes.writeUInt16BE(actionBytes, old ? 6 : 8);
  return bytes;
}

/** PACKET_OUT. Throws CodecError when the version has no such action, or when the message is too long. */
export function packPacketOut(
  { inPort, bufferId, actions, data }: PacketOut,
  xid: number,
  codec: OpenFlowCodec,
  version: number,
): Buffer {
  const packed = codec.packActions(actions, version);
  const packet = bufferId === NO_BUFFER ? data : data.subarray(0, 0);
  const body = Buffer.concat([head(inPort, bufferId, packed.length, version), packed, packet]);
  if (HEADER_BYTES + body.length > 0xffff) throw new CodecError(-4);
  return message(MESSAGE.PACKET_OUT, xid, body, version);
}

/** Who sends one message to a switch and waits for the barrier after it: its session. */
interface Changer {
  readonly version: number;
  changeOne(pack: (xid: number) => Uint8Array): Promise<ChangeResult>;
}

/** Has a switch send a packet; resolves after the barrier. Errors: OPENFLOW_REFUSED, OPENFLOW_VALUE, UNAVAILABLE, TIMED_OUT. */
export async function sendPacketOut(session: Changer, codec: OpenFlowCodec, out: PacketOut): Promise<void> {
  const { failures } = await session.changeOne((xid) => packPacketOut(out, xid, codec, session.version));
  if (failures[0]) throw new AppError("OPENFLOW_REFUSED", { text: failures[0].text });
}
