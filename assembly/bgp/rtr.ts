// PDUs of a cache (RFC 8210 §5): a walk over whole ones that brings prefixes into the table and stops at all others.

import { loadU16, loadU32 } from "../mem/bytes";
import {
  AFI_IPV4,
  AFI_IPV6,
  ROA_INPUT_BYTES,
  ROA_PDU_BYTES_MAX,
  ROA_ROW_BYTES,
  ROA_ROWS_MAX,
  ROA_STOP_CORRUPT,
  ROA_STOP_DUPLICATE,
  ROA_STOP_FULL,
  ROA_STOP_MEMORY,
  ROA_STOP_MORE,
  ROA_STOP_PDU,
  ROA_STOP_UNKNOWN,
  SLACK_BYTES,
} from "./layout";
import { take } from "./memory";
import { roaAdd, roaCount, roaRemove } from "./roa";

const HEADER: u32 = 8;
const IPV4_PREFIX: u32 = 4;
const IPV6_PREFIX: u32 = 6;
const ROUTER_KEY: u32 = 9;
const IPV4_BYTES: u32 = 20;
const IPV6_BYTES: u32 = 32;
/** Header, key identifier, AS; the key itself has any length (RFC 8210 §5.10). */
const ROUTER_KEY_BYTES_MIN: u32 = 32;

let input: usize = 0;
let rows: usize = 0;
let consumed: u32 = 0;

/** Where PDUs are put before roaApply(), ROA_INPUT_BYTES; and, 16 bytes, the prefix of a lookup. */
export function roaBuffer(): usize {
  if (input == 0) input = take(ROA_INPUT_BYTES + SLACK_BYTES);
  return input;
}

/** Where roaCovering() may write. */
export function roaRows(): usize {
  if (rows == 0) rows = take(ROA_ROWS_MAX * ROA_ROW_BYTES);
  return rows;
}

/** Bytes that the last roaApply() has used up; a PDU that stopped it starts there. */
export function roaConsumed(): u32 {
  return consumed;
}

/** Brings one prefix PDU into the coming data of a cache; 0, or why not. */
function applyPrefix(cache: u32, p: usize, afi: u32, limit: u32): i32 {
  const most: u32 = afi == AFI_IPV4 ? 32 : 128;
  const bits: u32 = load<u8>(p, 9);
  const maxBits: u32 = load<u8>(p, 10);
  if (bits > maxBits || maxBits > most) return ROA_STOP_CORRUPT;
  const asn = loadU32(p + (afi == AFI_IPV4 ? 16 : 28));
  if ((load<u8>(p, 8) & 1) == 0) {
    const removed = roaRemove(cache, afi, p + 12, bits, maxBits, asn);
    if (removed < 0) return ROA_STOP_MEMORY;
    return removed == 1 ? 0 : ROA_STOP_UNKNOWN;
  }
  if (roaCount(cache, true, AFI_IPV4) + roaCount(cache, true, AFI_IPV6) >= limit) return ROA_STOP_FULL;
  const added = roaAdd(cache, afi, p + 12, bits, maxBits, asn);
  if (added < 0) return ROA_STOP_MEMORY;
  return added == 1 ? 0 : ROA_STOP_DUPLICATE;
}

/**
 * Walks over the PDUs at `p`. With `apply`, prefix PDUs of that protocol version go into the coming data of the cache,
 * `limit` of them at most, and router keys are passed over. Returns why it stopped; roaConsumed() says where.
 */
export function roaApply(cache: u32, version: u32, p: usize, bytes: u32, apply: bool, limit: u32): i32 {
  let at: u32 = 0;
  let stop: i32 = ROA_STOP_MORE;
  while (bytes - at >= HEADER) {
    const pdu = p + at;
    const length = loadU32(pdu + 4);
    if (length < HEADER || length > <u32>ROA_PDU_BYTES_MAX) {
      stop = ROA_STOP_CORRUPT;
      break;
    }
    if (length > bytes - at) break;
    const type = loadU16(pdu) & 255;
    const ours = apply && load<u8>(pdu) == version;
    if (ours && (type == IPV4_PREFIX || type == IPV6_PREFIX)) {
      const afi = type == IPV4_PREFIX ? AFI_IPV4 : AFI_IPV6;
      stop =
        length == (type == IPV4_PREFIX ? IPV4_BYTES : IPV6_BYTES)
          ? applyPrefix(cache, pdu, afi, limit)
          : ROA_STOP_CORRUPT;
      if (stop != 0) break;
    } else if (ours && type == ROUTER_KEY && version > 0) {
      if (length < ROUTER_KEY_BYTES_MIN) {
        stop = ROA_STOP_CORRUPT;
        break;
      }
    } else {
      stop = ROA_STOP_PDU;
      break;
    }
    at += length;
  }
  consumed = at;
  return stop;
}
