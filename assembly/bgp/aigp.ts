// The accumulated IGP metric (AIGP, RFC 7311): where a set has it, what it comes to, and how it grows on its way.

import { loadU16 } from "../mem/bytes";
import { beginValue, endValue, valueAt, valueBytes } from "./attribute_index";
import { hopCost } from "./hop_cost";
import { ATTR_AIGP, FLAG_EXTENDED_LENGTH, FLAG_OPTIONAL } from "./layout";
import { SET_BYTES, SET_LENGTH } from "./rib_layout";

/** The TLV that is the metric: type, length of all of it, and eight octets (RFC 7311 §3). */
const TLV_METRIC: u32 = 1;
const TLV_METRIC_BYTES: u32 = 11;

/** True when an attribute's value is made of whole TLVs, and those of the metric have its length (RFC 7311 §3.2). */
export function aigpIsSound(p: usize, end: usize): bool {
  while (p < end) {
    const bytes: u32 = end - p < 3 ? 0 : loadU16(p + 1);
    if (bytes < 3 || bytes > <u32>(end - p)) return false;
    if (<u32>load<u8>(p) == TLV_METRIC && bytes != TLV_METRIC_BYTES) return false;
    p += bytes;
  }
  return true;
}

/** Where the metric's eight octets stand in an attribute's value: in its first such TLV. 0: it has none. */
export function metricIn(p: usize, end: usize): usize {
  while (p + TLV_METRIC_BYTES <= end) {
    const bytes = loadU16(p + 1);
    if (<u32>load<u8>(p) == TLV_METRIC) return bytes == TLV_METRIC_BYTES ? p + 3 : 0;
    if (bytes < 3) return 0;
    p += bytes;
  }
  return 0;
}

/** RFC 7311 §3.4: more than the greatest metric is the greatest metric. */
function raised(metric: u64, by: u32): u64 {
  const sum = metric + by;
  return sum < metric ? u64.MAX_VALUE : sum;
}

/** What the decision compares of a set with a metric (RFC 7311 §4.1): that, and the cost of the next hop. */
export function aigpCost(set: usize): u64 {
  let p = set + SET_BYTES;
  const end = p + load<u32>(set, SET_LENGTH);
  while (p + 3 <= end) {
    const long = (load<u8>(p) & FLAG_EXTENDED_LENGTH) != 0;
    const code = load<u8>(p, 1);
    const bytes = long ? loadU16(p + 2) : <u32>load<u8>(p, 2);
    p += long ? 4 : 3;
    if (code == ATTR_AIGP) {
      const metric = metricIn(p, p + bytes);
      if (metric != 0) return raised(bswap<u64>(load<u64>(metric)), hopCost(set));
    }
    p += bytes;
  }
  return u64.MAX_VALUE;
}

/** The attribute at `start` with a metric that is higher by `cost`, into the list that is being written. */
export function writeRaised(start: usize, cost: u32): void {
  const bytes = valueBytes(start);
  const value = beginValue(bytes);
  if (value == 0) return;
  memory.copy(value, valueAt(start), bytes);
  const metric = metricIn(value, value + bytes);
  if (metric != 0) store<u64>(metric, bswap<u64>(raised(bswap<u64>(load<u64>(metric)), cost)));
  endValue(FLAG_OPTIONAL, ATTR_AIGP, bytes);
}
