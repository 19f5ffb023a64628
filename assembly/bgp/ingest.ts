// From received bytes to records, a batch at a time: UPDATEs are decoded until something else comes, the bytes end or
// the batch is full. apply.ts brings a batch into tables.

import { hasRoom, recordCount } from "./batch";
import { STATUS } from "./buffers";
import { frame } from "./header";
import {
  HEADER_BYTES,
  MESSAGE_BYTES_EXTENDED,
  MESSAGE_BYTES_MAX,
  MSG_UPDATE,
  STATUS_CONSUMED,
  STATUS_FAULT,
  STATUS_FAULT_BYTES,
  STATUS_FAULT_CODE,
  STATUS_FAULT_VERDICT,
  STATUS_FAULTS,
  STATUS_MESSAGE,
  STATUS_MESSAGE_BYTES,
  STATUS_MESSAGES,
  STATUS_RECORDS,
  STATUS_TYPE,
  STOP_MESSAGE,
  STOP_NEED_MORE,
  STOP_RECORDS_FULL,
  STOP_RESET,
  VERDICT_OK,
  VERDICT_RESET,
} from "./layout";
import { RIB_FLAG_EXTENDED_MESSAGES, RIB_FLAGS } from "./rib_layout";
import { decodeUpdate, updateFaultCode, updateVerdict } from "./update";

/** Notes in the status what was wrong with an UPDATE (RFC 7606 §8), if anything was. */
function noteFault(message: usize, bytes: u32, decoded: i32): void {
  const verdict: u32 = decoded < 0 ? VERDICT_RESET : updateVerdict();
  if (verdict == VERDICT_OK) return;
  store<u32>(STATUS, load<u32>(STATUS, STATUS_FAULTS) + 1, STATUS_FAULTS);
  store<u32>(STATUS, <u32>message, STATUS_FAULT);
  store<u32>(STATUS, bytes, STATUS_FAULT_BYTES);
  store<u32>(STATUS, verdict, STATUS_FAULT_VERDICT);
  store<u32>(STATUS, updateFaultCode(), STATUS_FAULT_CODE);
}

/**
 * Decodes the messages in the `bytes` bytes at `p` into the batch. Returns why it stopped; the status holds how many
 * bytes were used up, how many UPDATEs and records they gave, and for STOP_MESSAGE the message, which is not used up.
 * With `updates` false it stops at UPDATEs too: a session that is not established takes none.
 */
export function decodeBatch(rib: usize, p: usize, bytes: u32, updates: bool): i32 {
  const start = p;
  const end = p + bytes;
  let messages: u32 = 0;
  store<u32>(STATUS, 0, STATUS_FAULTS);
  const extended = (load<u32>(rib, RIB_FLAGS) & RIB_FLAG_EXTENDED_MESSAGES) != 0;
  const most: u32 = extended ? MESSAGE_BYTES_EXTENDED : MESSAGE_BYTES_MAX;
  let stop: i32 = STOP_NEED_MORE;
  while (p < end) {
    const length = frame(p, <u32>(end - p), most);
    if (length <= 0) {
      if (length < 0) stop = STOP_RESET;
      break;
    }
    const type = load<u8>(p, 18);
    if (type != MSG_UPDATE || !updates) {
      store<u32>(STATUS, type, STATUS_TYPE);
      store<u32>(STATUS, <u32>p, STATUS_MESSAGE);
      store<u32>(STATUS, length, STATUS_MESSAGE_BYTES);
      stop = STOP_MESSAGE;
      break;
    }
    // A message has fewer NLRI than bytes.
    if (!hasRoom(length)) {
      stop = STOP_RECORDS_FULL;
      break;
    }
    messages++;
    const decoded = decodeUpdate(rib, p + HEADER_BYTES, length - HEADER_BYTES);
    noteFault(p, length, decoded);
    if (decoded < 0) {
      stop = STOP_RESET;
      break;
    }
    p += length;
  }
  store<u32>(STATUS, <u32>(p - start), STATUS_CONSUMED);
  store<u32>(STATUS, recordCount(), STATUS_RECORDS);
  store<u32>(STATUS, messages, STATUS_MESSAGES);
  return stop;
}
