// The message header (RFC 4271 §4.1, §6.1): marker, length, type.

import { loadU16, storeU16 } from "../mem/bytes";
import { STATUS } from "./buffers";
import {
  HEADER_BYTES,
  MESSAGE_BYTES_MAX,
  MSG_CISCO_REFRESH,
  MSG_KEEPALIVE,
  MSG_NOTIFICATION,
  MSG_OPEN,
  MSG_ROUTE_REFRESH,
  MSG_UPDATE,
  NOTIFICATION_BYTES_MIN,
  NOTIFY_BAD_LENGTH,
  NOTIFY_BAD_TYPE,
  NOTIFY_NOT_SYNCHRONIZED,
  NOTIFY_REFRESH_LENGTH,
  OPEN_BYTES_MIN,
  ROUTE_REFRESH_BYTES,
  STATUS_DATA,
  STATUS_DATA_BYTES,
  STATUS_NOTIFY,
  UPDATE_BYTES_MIN,
} from "./layout";

/** Notes what a NOTIFICATION must carry; returns -1. `data` may be 0 with no bytes. */
export function reset(notify: u32, data: usize, bytes: u32): i32 {
  store<u32>(STATUS + STATUS_NOTIFY, notify);
  store<u32>(STATUS + STATUS_DATA, <u32>data);
  store<u32>(STATUS + STATUS_DATA_BYTES, bytes);
  return -1;
}

function lengthOk(type: u32, length: u32): bool {
  switch (type) {
    case MSG_OPEN:
      // RFC 8654 §3: an OPEN never grows beyond what every speaker takes.
      return length >= <u32>OPEN_BYTES_MIN && length <= <u32>MESSAGE_BYTES_MAX;
    case MSG_UPDATE:
      return length >= <u32>UPDATE_BYTES_MIN;
    case MSG_NOTIFICATION:
      return length >= <u32>NOTIFICATION_BYTES_MIN;
    case MSG_KEEPALIVE:
      return length == HEADER_BYTES;
    default:
      return true;
  }
}

/**
 * The length of the message at `p` of which `have` bytes are there, 0 when it is not complete, -1 when it is no
 * message: the status then holds the NOTIFICATION. A wrong marker or length is found as early as the header allows.
 * `most` is the longest message of the session: MESSAGE_BYTES_MAX, or MESSAGE_BYTES_EXTENDED (RFC 8654).
 */
export function frame(p: usize, have: u32, most: u32 = MESSAGE_BYTES_MAX): i32 {
  if (have < <u32>HEADER_BYTES) {
    // A stranger that speaks something else is told so at the first wrong byte, not after a time-out.
    for (let i: u32 = 0; i < min<u32>(have, 16); i++) {
      if (load<u8>(p + i) != 0xff) return reset(NOTIFY_NOT_SYNCHRONIZED, 0, 0);
    }
    return 0;
  }
  if (load<u64>(p) != u64.MAX_VALUE || load<u64>(p, 8) != u64.MAX_VALUE) return reset(NOTIFY_NOT_SYNCHRONIZED, 0, 0);
  const length = loadU16(p + 16);
  if (length < <u32>HEADER_BYTES || length > most) return reset(NOTIFY_BAD_LENGTH, p + 16, 2);
  const type = load<u8>(p, 18);
  if (type < <u32>MSG_OPEN || (type > <u32>MSG_ROUTE_REFRESH && type != MSG_CISCO_REFRESH)) {
    return reset(NOTIFY_BAD_TYPE, p + 18, 1);
  }
  if (!lengthOk(type, length)) return reset(NOTIFY_BAD_LENGTH, p + 16, 2);
  if (length > have) return 0;
  const refresh = type == MSG_ROUTE_REFRESH || type == MSG_CISCO_REFRESH;
  // RFC 7313 §5: the whole message goes back, so that it must be there.
  if (refresh && length != ROUTE_REFRESH_BYTES) return reset(NOTIFY_REFRESH_LENGTH, p, length);
  return length;
}

/** Writes a header for a message of `bytes` bytes in all. */
export function writeHeader(p: usize, bytes: u32, type: u32): void {
  store<u64>(p, u64.MAX_VALUE);
  store<u64>(p, u64.MAX_VALUE, 8);
  storeU16(p + 16, bytes);
  store<u8>(p, type, 18);
}
