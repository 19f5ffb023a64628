// openflow.wasm: framing and the codecs of what comes in great numbers (flows). Control messages that are rare are read
// by src/openflow/messages.ts. TypeScript copies bytes to INPUT (and one record to SCRATCH), calls, and reads OUTPUT.

import { packActions as packActionItems, unpackActions as unpackActionItems } from "./action";
import { ACTION_FORM, FIELD_BYTES, FRAMES, INPUT, INSTRUCTION_FORM, OUTPUT, SCRATCH, zero } from "./arena";
import * as flow from "./flow";
import { scan as scanInput, scannedBytes, scanProblem } from "./header";
import { itemsTile } from "./item";
import { ERR_ITEM, FLOW_HEAD, FLOW_SIZE, INPUT_BYTES, LAYOUT_VERSION, OXM_FIELDS, SCRATCH_BYTES } from "./layout";
import { unpackMatch as unpackMatchItems } from "./oxm";

zero(FIELD_BYTES, OXM_FIELDS);
zero(ACTION_FORM, 64);
zero(INSTRUCTION_FORM, 64);

export function layoutVersion(): u32 {
  return LAYOUT_VERSION;
}

export function inputPointer(): usize {
  return INPUT;
}

export function outputPointer(): usize {
  return OUTPUT;
}

export function scratchPointer(): usize {
  return SCRATCH;
}

export function framesPointer(): usize {
  return FRAMES;
}

export function setField(code: u32, bytes: u32): void {
  store<u8>(FIELD_BYTES + (code & 127), <u8>bytes);
}

export function setAction(code: u32, form: u32): void {
  store<u8>(ACTION_FORM + (code & 63), <u8>form);
}

export function setInstruction(code: u32, form: u32): void {
  store<u8>(INSTRUCTION_FORM + (code & 63), <u8>form);
}

export { scanInput as scan, scannedBytes, scanProblem };

/** True when a whole record lies between `record` and `end`. */
function recordIsSound(record: usize, end: usize): bool {
  if (record + FLOW_HEAD > end) return false;
  const size: usize = load<u32>(record + FLOW_SIZE);
  return <i32>size >= FLOW_HEAD && size <= end - record && itemsTile(record + FLOW_HEAD, record + size);
}

/**
 * Packs the records in the `n` bytes at INPUT as FLOW_MODs with transaction ids `xid`, `xid + 1`, … to OUTPUT.
 * Returns the bytes written. A message is never longer than its record, so OUTPUT cannot overflow.
 */
export function packFlowMods(n: usize, xid: u32): i32 {
  if (<i32>n > INPUT_BYTES) return ERR_ITEM;
  const end = INPUT + n;
  let record = INPUT;
  let out = OUTPUT;
  while (record < end) {
    if (!recordIsSound(record, end)) return ERR_ITEM;
    const length = flow.packFlowMod(record, xid++, out);
    if (length < 0) return length;
    out += length;
    record += load<u32>(record + FLOW_SIZE);
  }
  return <i32>(out - OUTPUT);
}

/** Packs the record at SCRATCH as the multipart request for the flows that it covers. */
export function packFlowQuery(n: usize, xid: u32): i32 {
  return <i32>n <= SCRATCH_BYTES && recordIsSound(SCRATCH, SCRATCH + n)
    ? flow.packFlowQuery(SCRATCH, xid, OUTPUT)
    : ERR_ITEM;
}

/** Packs the record at SCRATCH as an entry of a flow statistics reply. */
export function packFlowStats(n: usize): i32 {
  return <i32>n <= SCRATCH_BYTES && recordIsSound(SCRATCH, SCRATCH + n)
    ? flow.packFlowStats(SCRATCH, OUTPUT)
    : ERR_ITEM;
}

/** Packs the record at SCRATCH as a FLOW_REMOVED. */
export function packFlowRemoved(n: usize, xid: u32): i32 {
  return <i32>n <= SCRATCH_BYTES && recordIsSound(SCRATCH, SCRATCH + n)
    ? flow.packFlowRemoved(SCRATCH, xid, OUTPUT)
    : ERR_ITEM;
}

/** Reads the FLOW_MOD at INPUT + `at`. */
export function unpackFlowMod(at: usize, n: usize): i32 {
  return flow.unpackFlowMod(INPUT + at, n, OUTPUT);
}

/** Reads the FLOW_REMOVED at INPUT + `at`. */
export function unpackFlowRemoved(at: usize, n: usize): i32 {
  return flow.unpackFlowRemoved(INPUT + at, n, OUTPUT);
}

/** Reads the flow statistics entries in the `n` bytes at INPUT + `at` (at most one message's) into records at OUTPUT. */
export function unpackFlowStats(at: usize, n: usize): i32 {
  return flow.unpackFlowStats(INPUT + at, INPUT + at + n, OUTPUT);
}

/** Counts the entries in the `n` bytes at INPUT + `at` that are the flow of the (sound) record at SCRATCH. */
export function countFlows(at: usize, n: usize, strict: bool): i32 {
  return flow.countFlows(INPUT + at, INPUT + at + n, SCRATCH, strict);
}

/** Packs the action items in the `n` bytes at INPUT (a bucket's, a PACKET_OUT's) to OUTPUT. */
export function packActions(n: usize): i32 {
  if (<i32>n > SCRATCH_BYTES || !itemsTile(INPUT, INPUT + n)) return ERR_ITEM;
  const end = packActionItems(INPUT, INPUT + n, OUTPUT);
  return end < 0 ? end : end - <i32>OUTPUT;
}

/** Reads the `n` bytes of actions at INPUT + `at` into items at OUTPUT. */
export function unpackActions(at: usize, n: usize): i32 {
  const end = unpackActionItems(INPUT + at, INPUT + at + n, OUTPUT);
  return end < 0 ? end : end - <i32>OUTPUT;
}

/** Reads the match in the `n` bytes at INPUT + `at` (a PACKET_IN's) into items at OUTPUT. */
export function unpackMatch(at: usize, n: usize): i32 {
  const end = unpackMatchItems(INPUT + at, INPUT + at + n, OUTPUT);
  return end < 0 ? end : end - <i32>OUTPUT;
}

export {
  learnClear,
  learnConfigure,
  learnCount,
  learnForgetPort,
  learnShownPointer,
  learnWalk,
  learnWalkPointer,
  learnWatch,
} from "./learn";
