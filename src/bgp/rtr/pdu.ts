// PDUs of the RPKI-to-Router protocol (RFC 8210 §5; version 0: RFC 6810 §5), but for the prefixes, which Wasm walks over.

/** Protocol versions, the newest first. */
export const VERSION_MAX = 1;

export const PDU = {
  serialNotify: 0,
  serialQuery: 1,
  resetQuery: 2,
  cacheResponse: 3,
  ipv4Prefix: 4,
  ipv6Prefix: 6,
  endOfData: 7,
  cacheReset: 8,
  routerKey: 9,
  errorReport: 10,
} as const;

/** Error codes (RFC 8210 §12). */
export const ERROR = {
  corrupt: 0,
  internal: 1,
  noData: 2,
  invalidRequest: 3,
  unsupportedVersion: 4,
  unsupportedType: 5,
  withdrawalOfUnknown: 6,
  duplicate: 7,
  unexpectedVersion: 8,
} as const;

export const ERROR_NAMES: readonly string[] = [
  "corrupt data",
  "internal error",
  "no data available",
  "invalid request",
  "unsupported protocol version",
  "unsupported PDU type",
  "withdrawal of unknown record",
  "duplicate announcement received",
  "unexpected protocol version",
];

/** Seconds (RFC 8210 §6). */
export interface Intervals {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

export const DEFAULT_INTERVALS: Intervals = { refresh: 3_600, retry: 600, expire: 7_200 };

export type Pdu =
  | { readonly kind: "serialNotify"; readonly version: number; readonly session: number; readonly serial: number }
  | { readonly kind: "cacheResponse"; readonly version: number; readonly session: number }
  | {
      readonly kind: "endOfData";
      readonly version: number;
      readonly session: number;
      readonly serial: number;
      /** Version 0 has none. */
      readonly intervals: Intervals | null;
    }
  | { readonly kind: "cacheReset"; readonly version: number }
  | { readonly kind: "errorReport"; readonly version: number; readonly code: number; readonly text: string }
  /** Prefixes and router keys: fine only within a response, where Wasm takes them. */
  | { readonly kind: "payload"; readonly version: number };

/** What is wrong with a PDU: the code of the report that is due. */
export interface PduFault {
  readonly kind: "fault";
  readonly version: number;
  readonly code: number;
}

const ERROR_BYTES_MIN = 16;
const TEXT_BYTES_MAX = 200;

/** RFC 8210 §6: each value has bounds, and data must not expire before it is asked for anew. */
function intervalsAt(pdu: Buffer): Intervals {
  const within = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);
  const refresh = within(pdu.readUInt32BE(12), 1, 86_400);
  const retry = within(pdu.readUInt32BE(16), 1, 7_200);
  const expire = Math.max(within(pdu.readUInt32BE(20), 600, 172_800), refresh + 1, retry + 1);
  return { refresh, retry, expire };
}

function errorReport(pdu: Buffer, version: number): Pdu | null {
  if (pdu.length < ERROR_BYTES_MIN) return null;
  const textAt = 12 + pdu.readUInt32BE(8);
  if (textAt + 4 > pdu.length) return null;
  const textBytes = pdu.readUInt32BE(textAt);
  if (textAt + 4 + textBytes !== pdu.length) return null;
  const text = pdu.toString("utf8", textAt + 4, Math.min(pdu.length, textAt + 4 + TEXT_BYTES_MAX));
  // Somebody else's words go to a log: one line, no control characters.
  return { kind: "errorReport", version, code: pdu.readUInt16BE(2), text: text.replace(/[^\x20-\x7e]/g, "?") };
}

/** Length of a PDU of each type that has a fixed one; End of Data is longer in version 1. */
function lengthOf(type: number, version: number): number | null {
  if (type === PDU.endOfData) return version === 0 ? 12 : 24;
  return type === PDU.serialNotify ? 12 : type === PDU.cacheResponse || type === PDU.cacheReset ? 8 : null;
}

/** Reads one whole PDU that a cache has sent, of at least 8 bytes. */
export function decodePdu(pdu: Buffer): Pdu | PduFault {
  const version = pdu[0] as number;
  const type = pdu[1] as number;
  const session = pdu.readUInt16BE(2);
  const fault = (code: number): PduFault => ({ kind: "fault", version, code });
  const corrupt = fault(ERROR.corrupt);
  if (type === PDU.errorReport) return errorReport(pdu, version) ?? corrupt;
  if (version > VERSION_MAX) return fault(ERROR.unsupportedVersion);
  const length = lengthOf(type, version);
  if (length !== null && pdu.length !== length) return corrupt;
  switch (type) {
    case PDU.serialNotify:
      return { kind: "serialNotify", version, session, serial: pdu.readUInt32BE(8) };
    case PDU.cacheResponse:
      return { kind: "cacheResponse", version, session };
    case PDU.endOfData: {
      const intervals = version === 0 ? null : intervalsAt(pdu);
      return { kind: "endOfData", version, session, serial: pdu.readUInt32BE(8), intervals };
    }
    case PDU.cacheReset:
      return { kind: "cacheReset", version };
    case PDU.ipv4Prefix:
    case PDU.ipv6Prefix:
      return { kind: "payload", version };
    case PDU.routerKey:
      return version > 0 ? { kind: "payload", version } : fault(ERROR.unsupportedType);
    case PDU.serialQuery:
    case PDU.resetQuery:
      return fault(ERROR.invalidRequest);
    default:
      return fault(ERROR.unsupportedType);
  }
}

function head(version: number, type: number, session: number, bytes: number): Buffer {
  const pdu = Buffer.alloc(bytes);
  pdu[0] = version;
  pdu[1] = type;
  pdu.writeUInt16BE(session, 2);
  pdu.writeUInt32BE(bytes, 4);
  return pdu;
}

/** Asks for all data (§5.4). */
export function encodeResetQuery(version: number): Buffer {
  return head(version, PDU.resetQuery, 0, 8);
}

/** Asks for what has changed since a serial (§5.3). */
export function encodeSerialQuery(version: number, session: number, serial: number): Buffer {
  const pdu = head(version, PDU.serialQuery, session, 12);
  pdu.writeUInt32BE(serial, 8);
  return pdu;
}

/** Says what is wrong with a PDU (§5.11), of which up to 64 bytes are sent back. */
export function encodeErrorReport(version: number, code: number, pdu: Uint8Array, text: string): Buffer {
  const copy = pdu.subarray(0, 64);
  const words = Buffer.from(text, "utf8");
  const report = head(version, PDU.errorReport, code, ERROR_BYTES_MIN + copy.length + words.length);
  report.writeUInt32BE(copy.length, 8);
  report.set(copy, 12);
  report.writeUInt32BE(words.length, 12 + copy.length);
  report.set(words, 16 + copy.length);
  return report;
}
