// Meters (spec §7.3.4.4, §7.3.5.11 to §7.3.5.13), built and read byte by byte, since they are few.

import { AppError } from "../base/errors.js";
import { CodecError, MESSAGE, VERSION_1_3 } from "../wasm/openflow.js";
import { MULTIPART, message } from "./messages.js";
import type { Session } from "./session.js";

export interface Band {
  /** A code of BAND_TYPES. */
  readonly type: number;
  readonly rate: number;
  readonly burst: number;
  /** dscp_remark: the drop precedence level; experimenter: its id. */
  readonly argument: number;
}

export interface Meter {
  readonly id: number;
  /** Bits of METER_FLAGS. */
  readonly flags: number;
  readonly bands: readonly Band[];
}

export const METER_FLAGS = ["kbps", "pktps", "burst", "stats"] as const;
export const BAND_TYPES: Readonly<Record<string, number>> = { drop: 1, dscp_remark: 2, experimenter: 0xffff };
export const METER_COMMAND = { ADD: 0, MODIFY: 1, DELETE: 2 } as const;
/** OFPM_ALL */
const ALL_METERS = 0xffffffff;
const BAND_BYTES = 16;
const DSCP_REMARK = 2;

/** METER_MOD. Throws CodecError. */
export function packMeterMod(command: number, meter: Meter, xid: number, version: number = VERSION_1_3): Buffer {
  const body = Buffer.alloc(8 + meter.bands.length * BAND_BYTES);
  if (body.length + 8 > 0xffff) throw new CodecError(-4);
  body.writeUInt16BE(command, 0);
  body.writeUInt16BE(meter.flags, 2);
  body.writeUInt32BE(meter.id, 4);
  for (const [i, band] of meter.bands.entries()) {
    const at = 8 + i * BAND_BYTES;
    body.writeUInt16BE(band.type, at);
    body.writeUInt16BE(BAND_BYTES, at + 2);
    body.writeUInt32BE(band.rate, at + 4);
    body.writeUInt32BE(band.burst, at + 8);
    if (band.type === DSCP_REMARK) body[at + 12] = band.argument;
    else body.writeUInt32BE(band.argument, at + 12);
  }
  return message(MESSAGE.METER_MOD, xid, body, version);
}

/** The entries of a METER_CONFIG reply. Throws CodecError. */
export function unpackMeterConfigs(body: Buffer): Meter[] {
  const meters: Meter[] = [];
  for (let at = 0; at < body.length; ) {
    const length = at + 8 <= body.length ? body.readUInt16BE(at) : 0;
    const end = at + length;
    if (length < 8 || end > body.length) throw new CodecError(-1);
    const bands: Band[] = [];
    for (let p = at + 8; p < end; ) {
      const size = p + BAND_BYTES <= end ? body.readUInt16BE(p + 2) : 0;
      if (size < BAND_BYTES || p + size > end) throw new CodecError(-1);
      const type = body.readUInt16BE(p);
      bands.push({
        type,
        rate: body.readUInt32BE(p + 4),
        burst: body.readUInt32BE(p + 8),
        argument: type === DSCP_REMARK ? (body[p + 12] as number) : body.readUInt32BE(p + 12),
      });
      p += size;
    }
    meters.push({ flags: body.readUInt16BE(at + 2), id: body.readUInt32BE(at + 4), bands });
    at = end;
  }
  return meters;
}

/** All meters of a switch. Errors: OPENFLOW_REFUSED, UNAVAILABLE. */
export async function meterConfigs(session: Session): Promise<Meter[]> {
  const request = Buffer.alloc(8);
  request.writeUInt32BE(ALL_METERS);
  const body = await session.collect(MULTIPART.METER_CONFIG, request);
  try {
    return unpackMeterConfigs(body);
  } catch (error) {
    throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: (error as Error).message });
  }
}

/** Adds, modifies or deletes a meter and waits for the barrier. Errors: METER_NOT_FOUND, OPENFLOW_REFUSED. */
export async function changeMeter(session: Session, command: number, meter: Meter): Promise<void> {
  // A switch takes the deletion of a meter that it does not have without a word (spec §6.5).
  if (command === METER_COMMAND.DELETE && !(await meterConfigs(session)).some(({ id }) => id === meter.id)) {
    throw new AppError("METER_NOT_FOUND", { id: meter.id });
  }
  const { failures } = await session.changeOne((xid) => packMeterMod(command, meter, xid, session.version));
  const failure = failures[0];
  if (!failure) return;
  if (command === METER_COMMAND.MODIFY && failure.text.includes("METER_MOD_FAILED/UNKNOWN_METER,")) {
    throw new AppError("METER_NOT_FOUND", { id: meter.id });
  }
  throw new AppError("OPENFLOW_REFUSED", { text: failure.text });
}

export interface MeterFeatures {
  readonly maxMeters: number;
  /** Bits by band type. */
  readonly bandTypes: number;
  readonly capabilities: number;
  readonly maxBands: number;
  readonly maxColor: number;
}

/** The body of a METER_FEATURES reply, or null when it is too short. */
export function readMeterFeatures(body: Uint8Array): MeterFeatures | null {
  if (body.length < 16) return null;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return {
    maxMeters: bytes.readUInt32BE(0),
    bandTypes: bytes.readUInt32BE(4),
    capabilities: bytes.readUInt32BE(8),
    maxBands: bytes[12] as number,
    maxColor: bytes[13] as number,
  };
}
