// OPEN and its capabilities (RFC 4271 §4.2, RFC 5492, RFC 6793, RFC 9072), both ways.

import { loadU16, loadU32, storeU16, storeU32 } from "../mem/bytes";
import { OUTPUT } from "./buffers";
import { reset, writeHeader } from "./header";
import {
  AS_TRANS,
  CAP_FOUR_OCTET_AS,
  ERR_TOO_LONG,
  HEADER_BYTES,
  MESSAGE_BYTES_MAX,
  MSG_OPEN,
  NOTIFY_HOLD_TIME,
  NOTIFY_IDENTIFIER,
  NOTIFY_OPEN,
  NOTIFY_PARAMETER,
  NOTIFY_VERSION,
  OPEN_AS,
  OPEN_CAPABILITIES_MAX,
  OPEN_COUNT,
  OPEN_HOLD_TIME,
  OPEN_IDENTIFIER,
  OPEN_ROW_BYTES,
  OPEN_ROWS,
  OPEN_VERSION,
} from "./layout";

const PARAMETER_CAPABILITIES: u32 = 2;
/**
 * As the first parameter's type: lengths are two octets wide. The one-octet length before it is 255 from most senders,
 * and must not be looked at, but for 0, which says that nothing follows (RFC 9072 §2).
 */
const PARAMETERS_EXTENDED: u32 = 255;
const decoded: usize = memory.data(OPEN_ROWS + OPEN_CAPABILITIES_MAX * OPEN_ROW_BYTES);
/** The version that an unsupported one is answered with. */
const supportedVersion: usize = memory.data<u8>([0, 4]);

export function openBuffer(): usize {
  return decoded;
}

/** Notes a parameter's capabilities; false when one is cut short. More than fit are left out. */
function readCapabilities(p: usize, end: usize): bool {
  while (p < end) {
    if (p + 2 > end) return false;
    const code = <u32>load<u8>(p);
    const bytes = <u32>load<u8>(p, 1);
    if (p + 2 + bytes > end) return false;
    const count = load<u32>(decoded, OPEN_COUNT);
    if (count < <u32>OPEN_CAPABILITIES_MAX) {
      const row = decoded + OPEN_ROWS + <usize>count * OPEN_ROW_BYTES;
      store<u16>(row, code);
      store<u16>(row, bytes, 2);
      store<u32>(row, <u32>(p + 2), 4);
      store<u32>(decoded, count + 1, OPEN_COUNT);
    }
    if (code == CAP_FOUR_OCTET_AS && bytes == 4) store<u32>(decoded, loadU32(p + 2), OPEN_AS);
    p += 2 + bytes;
  }
  return true;
}

/**
 * Decodes the whole message at `p` (frame() has accepted it). Returns 0, or -1 with the NOTIFICATION in the status.
 * Whether the AS is the one expected is for the session to say.
 */
export function decodeOpen(p: usize, bytes: u32): i32 {
  const end = p + bytes;
  p += HEADER_BYTES;
  store<u32>(decoded, 0, OPEN_COUNT);
  store<u16>(decoded, load<u8>(p), OPEN_VERSION);
  if (load<u8>(p) != 4) return reset(NOTIFY_VERSION, supportedVersion, 2);
  store<u32>(decoded, loadU16(p + 1), OPEN_AS);
  const hold = loadU16(p + 3);
  store<u16>(decoded, <u16>hold, OPEN_HOLD_TIME);
  store<u32>(decoded, load<u32>(p, 5), OPEN_IDENTIFIER);
  let wide = false;
  let left = <u32>load<u8>(p, 9);
  p += 10;
  if (left != 0 && p + 3 <= end && load<u8>(p) == PARAMETERS_EXTENDED) {
    wide = true;
    left = loadU16(p + 1);
    p += 3;
  }
  if (p + left != end) return reset(NOTIFY_OPEN, 0, 0);
  const head: usize = wide ? 3 : 2;
  while (p < end) {
    if (p + head > end) return reset(NOTIFY_OPEN, 0, 0);
    const type = <u32>load<u8>(p);
    const length = wide ? loadU16(p + 1) : <u32>load<u8>(p, 1);
    if (p + head + length > end) return reset(NOTIFY_OPEN, 0, 0);
    if (type != PARAMETER_CAPABILITIES) return reset(NOTIFY_PARAMETER, 0, 0);
    if (!readCapabilities(p + head, p + head + length)) return reset(NOTIFY_OPEN, 0, 0);
    p += head + length;
  }
  if (hold == 1 || hold == 2) return reset(NOTIFY_HOLD_TIME, 0, 0);
  // RFC 6286 §2.2: any identifier but zero.
  if (load<u32>(decoded, OPEN_IDENTIFIER) == 0) return reset(NOTIFY_IDENTIFIER, 0, 0);
  return 0;
}

/**
 * Writes an OPEN to OUTPUT; `capabilities` are {code, length, value} one after another, each goes into a parameter of
 * its own, as old speakers expect. Returns its length, or ERR_TOO_LONG.
 */
export function encodeOpen(as: u32, hold: u32, identifier: u32, capabilities: usize, bytes: u32): i32 {
  let count: u32 = 0;
  for (let p = capabilities; p < capabilities + bytes; p += 2 + <usize>load<u8>(p, 1)) count++;
  const wide = bytes + 2 * count > 254;
  const parameters = bytes + (wide ? 3 : 2) * count;
  const total = HEADER_BYTES + 10 + parameters + (wide ? 3 : 0);
  if (total > MESSAGE_BYTES_MAX) return ERR_TOO_LONG;
  writeHeader(OUTPUT, total, MSG_OPEN);
  let out = OUTPUT + HEADER_BYTES;
  store<u8>(out, 4);
  storeU16(out + 1, as > 0xffff ? AS_TRANS : as);
  storeU16(out + 3, hold);
  storeU32(out + 5, identifier);
  store<u8>(out, wide ? PARAMETERS_EXTENDED : parameters, 9);
  out += 10;
  if (wide) {
    store<u8>(out, PARAMETERS_EXTENDED);
    storeU16(out + 1, parameters);
    out += 3;
  }
  let p = capabilities;
  while (p < capabilities + bytes) {
    const length = 2 + <u32>load<u8>(p, 1);
    store<u8>(out, PARAMETER_CAPABILITIES);
    if (wide) storeU16(out + 1, length);
    else store<u8>(out, length, 1);
    out += wide ? 3 : 2;
    memory.copy(out, p, length);
    out += length;
    p += length;
  }
  return total;
}
