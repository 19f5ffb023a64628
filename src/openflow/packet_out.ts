// PACKET_OUT (spec §7.3.7): a packet that an operator, or another part of the room, has a switch send.

import { AppError } from "../base/errors.js";
import { CodecError, MESSAGE, type OpenFlowCodec, VERSION_1_0 } from "../wasm/openflow.js";
import { NO_BUFFER } from "../wasm/openflow_records.js";
import { message } from "./messages.js";
import { packPacketOut10 } from "./packet_out_v10.js";
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

const HEAD = 16;

/** PACKET_OUT. Throws CodecError. */
export function packPacketOut(
  { inPort, bufferId, actions, data }: PacketOut,
  xid: number,
  codec: OpenFlowCodec,
): Buffer {
  const packed = codec.packActions(actions);
  const packet = bufferId === NO_BUFFER ? data : data.subarray(0, 0);
  if (8 + HEAD + packed.length + packet.length > 0xffff) throw new CodecError(-4);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(bufferId, 0);
  head.writeUInt32BE(inPort, 4);
  head.writeUInt16BE(packed.length, 8);
  return message(MESSAGE.PACKET_OUT, xid, Buffer.concat([head, packed, packet]));
}

/** Who sends one message to a switch and waits for the barrier after it: its session. */
interface Changer {
  readonly version: number;
  changeOne(pack: (xid: number) => Uint8Array): Promise<ChangeResult>;
}

/** Has a switch send a packet; resolves after the barrier. Errors: OPENFLOW_REFUSED, OPENFLOW_VALUE, UNAVAILABLE, TIMED_OUT. */
export async function sendPacketOut(session: Changer, codec: OpenFlowCodec, out: PacketOut): Promise<void> {
  const { failures } = await session.changeOne((xid) =>
    session.version === VERSION_1_0 ? packPacketOut10(out, xid, codec) : packPacketOut(out, xid, codec),
  );
  if (failures[0]) throw new AppError("OPENFLOW_REFUSED", { text: failures[0].text });
}
