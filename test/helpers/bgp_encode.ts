// UPDATEs for tests that have their prefixes as bytes, one behind the other.

import type { Family } from "../../src/bgp/families.js";
import { FAMILIES } from "../../src/bgp/families.js";
import { announceMessages, withdrawMessages } from "../../src/bgp/update_encode.js";
import { MESSAGE_BYTES_MAX } from "../../src/wasm/bgp_numbers.js";

function cut(nlri: Uint8Array): Buffer[] {
  const items: Buffer[] = [];
  for (let at = 0; at < nlri.length; ) {
    const end = at + 1 + (((nlri[at] as number) + 7) >> 3);
    items.push(Buffer.from(nlri.subarray(at, end)));
    at = end;
  }
  return items;
}

/** The UPDATEs that announce `nlri` (length octet and bytes, one prefix after another), in MP_REACH_NLRI with a `hop`. */
export function encodeAnnounce(
  family: number,
  attributes: Uint8Array,
  hop: Uint8Array | null,
  nlri: Uint8Array,
): Buffer {
  const row = FAMILIES[family] as Family;
  return announceMessages(row, Buffer.from(attributes), hop && Buffer.from(hop), cut(nlri), MESSAGE_BYTES_MAX);
}

/** The UPDATEs that withdraw `nlri`. */
export function encodeWithdraw(family: number, nlri: Uint8Array): Buffer {
  return withdrawMessages(FAMILIES[family] as Family, cut(nlri), MESSAGE_BYTES_MAX);
}
