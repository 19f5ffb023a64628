// The small messages that are sent, written to OUTPUT. UPDATEs are emit.ts's business.

import { storeU16 } from "../mem/bytes";
import { OUTPUT } from "./buffers";
import { writeHeader } from "./header";
import { HEADER_BYTES, MESSAGE_BYTES_MAX, MSG_KEEPALIVE, MSG_NOTIFICATION, ROUTE_REFRESH_BYTES } from "./layout";

export function encodeKeepalive(): i32 {
  writeHeader(OUTPUT, HEADER_BYTES, MSG_KEEPALIVE);
  return HEADER_BYTES;
}

/** `data` is cut to what a message holds. */
export function encodeNotification(notify: u32, data: usize, bytes: u32): i32 {
  const fits = min<u32>(bytes, MESSAGE_BYTES_MAX - HEADER_BYTES - 2);
  memory.copy(OUTPUT + HEADER_BYTES + 2, data, fits);
  writeHeader(OUTPUT, HEADER_BYTES + 2 + fits, MSG_NOTIFICATION);
  storeU16(OUTPUT + HEADER_BYTES, notify);
  return HEADER_BYTES + 2 + fits;
}

/** ROUTE-REFRESH (RFC 2918, RFC 7313); `type` 5 or 128. */
export function encodeRefresh(type: u32, afi: u32, subtype: u32, safi: u32): i32 {
  writeHeader(OUTPUT, ROUTE_REFRESH_BYTES, type);
  storeU16(OUTPUT + HEADER_BYTES, afi);
  store<u8>(OUTPUT + HEADER_BYTES, subtype, 2);
  store<u8>(OUTPUT + HEADER_BYTES, safi, 3);
  return ROUTE_REFRESH_BYTES;
}
