// Sub-TLVs of the tunnel encapsulation attribute (RFC 9012 §2): type of one octet, length of one octet for types below
// 128 and of two from there on. What has no form of its own, or says more than its form can, is {"hex": digits}.

import { bad, u16 } from "./attribute_values.js";

export interface TlvForm {
  /** RangeError when the value is too short. */
  decode(value: Buffer): unknown;
  /** Throws ValueError. */
  encode(json: unknown): Buffer;
}

/** The sub-TLVs of a value. RangeError when they do not fill it. */
export function* tlvs(bytes: Buffer): Generator<{ type: number; value: Buffer }> {
  for (let at = 0; at < bytes.length; ) {
    const type = bytes.readUInt8(at);
    const length = type < 128 ? bytes.readUInt8(at + 1) : bytes.readUInt16BE(at + 1);
    at += type < 128 ? 2 : 3;
    if (at + length > bytes.length) throw new RangeError("a sub-TLV is cut off");
    yield { type, value: bytes.subarray(at, at + length) };
    at += length;
  }
}

/** JSON that `form` encodes to exactly this value, otherwise hex digits. */
export function shownTlv(value: Buffer, form: TlvForm | undefined): unknown {
  try {
    const json = form?.decode(value);
    if (json !== undefined && form?.encode(json).equals(value)) return json;
  } catch {
    // it is shown by its bytes
  }
  return { hex: value.toString("hex") };
}

/** The sub-TLV that a JSON value stands for. Throws ValueError. */
export function readTlv(type: number, json: unknown, form: TlvForm | undefined): Buffer {
  const value = hexOf(json) ?? form?.encode(json) ?? bad(json, '{"hex": digits}');
  if (value.length > (type < 128 ? 255 : 0xffff)) return bad(`a value of ${value.length} octets`, "what a TLV holds");
  const length = type < 128 ? Uint8Array.of(value.length) : u16(value.length);
  return Buffer.concat([Uint8Array.of(type), length, value]);
}

function hexOf(json: unknown): Buffer | null {
  if (typeof json !== "object" || json === null || !("hex" in json)) return null;
  const { hex } = json;
  if (typeof hex !== "string" || !/^([0-9a-f]{2})*$/i.test(hex)) return bad(hex, "hex digits, two an octet");
  return Buffer.from(hex, "hex");
}
