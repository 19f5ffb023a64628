// Whole BGP messages in yabgp's JSON: the `msg` of its message files. A message that is malformed gives what could be
// read of it: monitoring shows what came, judging is the decoder's work.

import { bytesText, remoteJson } from "./capabilities.js";
import { errorTexts } from "./notification_texts.js";
import { isMalformed, updateView, type ViewContext } from "./update_view.js";

const HEADER = 19;
const UPDATE = 2;
const MALFORMED = 6;

/** The body of a message: what follows its header of 19 octets. */
export const bodyOf = (message: Buffer) => message.subarray(HEADER);

export interface Capability {
  readonly code: number;
  readonly value: Buffer;
}

/** Capabilities of an OPEN message, its parameters in their extended form or not (RFC 5492 §4, RFC 9072). */
export function openCapabilities(message: Buffer): Capability[] {
  const body = bodyOf(message);
  const extended = body[9] === 255 && body[10] === 255;
  const found: Capability[] = [];
  const size = extended ? 2 : 1;
  for (let at = extended ? 13 : 10; at + 1 + size <= body.length; ) {
    const type = body[at] as number;
    const end = at + 1 + size + body.readUIntBE(at + 1, size);
    for (let inner = at + 1 + size; type === 2 && inner + 2 <= Math.min(end, body.length); ) {
      const next = inner + 2 + (body[inner + 1] as number);
      found.push({ code: body[inner] as number, value: body.subarray(inner + 2, next) });
      inner = next;
    }
    at = end;
  }
  return found;
}

/** An OPEN. `asn` is that of the four-octet AS capability when there is one. Null for one that is too short. */
export function openJson(message: Buffer): Record<string, unknown> | null {
  const body = bodyOf(message);
  if (body.length < 10) return null;
  const found = openCapabilities(message);
  const as4 = found.find(({ code, value }) => code === 65 && value.length === 4);
  const header = {
    version: body[0] as number,
    as: as4 ? as4.value.readUInt32BE(0) : body.readUInt16BE(1),
    holdTime: body.readUInt16BE(3),
    identifier: body.readUInt32BE(5),
  };
  return {
    version: header.version,
    asn: header.as,
    hold_time: header.holdTime,
    bgp_id: body.subarray(5, 9).join("."),
    capabilities: remoteJson({ ...header, capabilities: found }),
  };
}

/** A NOTIFICATION (RFC 4271 §4.5), with yabgp's words for its codes; null where it has none. */
export function notificationJson(message: Buffer): Record<string, unknown> {
  const body = bodyOf(message);
  return { ...errorTexts(body[0] ?? 0, body[1] ?? 0), data: bytesText(body.subarray(2)) };
}

/** A ROUTE-REFRESH (RFC 2918, RFC 7313); null for one that is too short. */
export function refreshJson(message: Buffer): Record<string, unknown> | null {
  const body = bodyOf(message);
  return body.length < 4 ? null : { afi: body.readUInt16BE(0), res: body[2], safi: body[3] };
}

/** What a message is recorded as: yabgp's record type (6: a malformed UPDATE) and its `msg`. */
export function messageRecord(message: Buffer, context: ViewContext): { type: number; msg: unknown } {
  const type = message[HEADER - 1] as number;
  const read = READERS[type];
  if (read) return { type, msg: read(message) };
  if (type !== UPDATE) return { type, msg: { hex: bodyOf(message).toString("hex") } };
  const record = updateView(message, context);
  if (!isMalformed(record)) return { type, msg: record };
  return { type: MALFORMED, msg: { ...record, hex: `b'${record.hex}'` } };
}

/** Message types other than UPDATE. */
const READERS: Readonly<Record<number, (message: Buffer) => unknown>> = {
  1: openJson,
  3: notificationJson,
  4: () => null,
  5: refreshJson,
  128: refreshJson,
};
