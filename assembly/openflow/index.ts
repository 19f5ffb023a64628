// openflow.wasm: framing and the codecs of what comes in great numbers (flows). Control messages that are rare are read
// by src/openflow/messages.ts. TypeScript copies bytes to INPUT (and one record to SCRATCH), calls, and reads OUTPUT.

import { packActions as packActionItems, unpackActions as unpackActionItems } from "./action";
import { packActions10, unpackActions10 } from "./action_v10";
import {
  ACTION_FORM,
  ACTION_V10,
  FIELD_BYTES,
  FIELD_V10,
  FRAMES,
  INPUT,
  INSTRUCTION_FORM,
  OUTPUT,
  SCRATCH,
  zero,
} from "./arena";
import * as flow from "./flow";
import * as flow10 from "./flow_v10";
import { scan as scanInput, scannedBytes, scanProblem } from "./header";
import { itemsTile } from "./item";
import {
  ERR_ITEM,
  FLOW_COOKIE,
  FLOW_COOKIE_MASK,
  FLOW_HEAD,
  FLOW_SIZE,
  INPUT_BYTES,
  LAYOUT_VERSION,
  OFP_VERSION_10,
  OXM_FIELDS,
  SCRATCH_BYTES,
  V10_AT,
  V10_BYTES,
  V10_ETH_TYPE,
  V10_FIELDS,
  V10_FORM,
  V10_IP_PROTO,
  V10_NONE,
  V10_OXM_BYTES,
  V10_SET,
  V10_SIZE,
  V10_WILDCARD,
} from "./layout";
import { unpackMatch as unpackMatchItems } from "./oxm";

zero(FIELD_BYTES, OXM_FIELDS);
zero(ACTION_FORM, 64);
zero(INSTRUCTION_FORM, 64);
zero(FIELD_V10, V10_FIELDS * V10_SIZE);
memory.fill(ACTION_V10, <u8>V10_NONE, 64);

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

/** Where OpenFlow 1.0 has the field that OXM numbers `code`; `set`: the action that sets it, or V10_NONE. */
export function setFieldV10(code: u32, at: u32, bytes: u32, wildcard: u32, form: u32, oxmBytes: u32, set: u32): void {
  if (<i32>code >= V10_FIELDS) return;
  const entry = FIELD_V10 + code * V10_SIZE;
  store<u8>(entry + V10_AT, <u8>at);
  store<u8>(entry + V10_BYTES, <u8>bytes);
  store<u8>(entry + V10_WILDCARD, <u8>wildcard);
  store<u8>(entry + V10_FORM, <u8>form);
  store<u8>(entry + V10_OXM_BYTES, <u8>oxmBytes);
  store<u8>(entry + V10_SET, <u8>set);
}

/** The dl_type and nw_proto without which 1.0 does not look at a field; 0 = any. */
export function setNeedsV10(code: u32, ethType: u32, ipProto: u32): void {
  if (<i32>code >= V10_FIELDS) return;
  store<u16>(FIELD_V10 + code * V10_SIZE + V10_ETH_TYPE, <u16>ethType);
  store<u8>(FIELD_V10 + code * V10_SIZE + V10_IP_PROTO, <u8>ipProto);
}

export function setActionV10(code: u32, type: u32): void {
  store<u8>(ACTION_V10 + (code & 63), <u8>type);
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

/** True when the `n` bytes at SCRATCH are one whole record. */
function scratchIsSound(n: usize): bool {
  return <i32>n <= SCRATCH_BYTES && recordIsSound(SCRATCH, SCRATCH + n);
}

/**
 * Packs the records in the `n` bytes at INPUT as FLOW_MODs with transaction ids `xid`, `xid + 1`, … to OUTPUT.
 * Returns the bytes written. A message is never longer than its record, so OUTPUT cannot overflow.
 */
export function packFlowMods(n: usize, xid: u32, version: u32): i32 {
  if (<i32>n > INPUT_BYTES) return ERR_ITEM;
  const end = INPUT + n;
  let record = INPUT;
  let out = OUTPUT;
  while (record < end) {
    if (!recordIsSound(record, end)) return ERR_ITEM;
    const old = version == OFP_VERSION_10;
    const length = old ? flow10.packFlowMod10(record, xid++, out) : flow.packFlowMod(record, xid++, out);
    if (length < 0) return length;
    out += length;
    record += load<u32>(record + FLOW_SIZE);
  }
  return <i32>(out - OUTPUT);
}

/** Packs the record at SCRATCH as the multipart request for the flows that it covers. */
export function packFlowQuery(n: usize, xid: u32, version: u32): i32 {
  if (!scratchIsSound(n)) return ERR_ITEM;
  if (version == OFP_VERSION_10) return flow10.packFlowQuery10(SCRATCH, xid, OUTPUT);
  return flow.packFlowQuery(SCRATCH, xid, OUTPUT);
}

/** Packs the record at SCRATCH as an entry of a flow statistics reply. */
export function packFlowStats(n: usize, version: u32): i32 {
  if (!scratchIsSound(n)) return ERR_ITEM;
  if (version == OFP_VERSION_10) return flow10.packFlowStats10(SCRATCH, OUTPUT);
  return flow.packFlowStats(SCRATCH, OUTPUT);
}

/** Packs the record at SCRATCH as a FLOW_REMOVED. */
export function packFlowRemoved(n: usize, xid: u32, version: u32): i32 {
  if (!scratchIsSound(n)) return ERR_ITEM;
  if (version == OFP_VERSION_10) return flow10.packFlowRemoved10(SCRATCH, xid, OUTPUT);
  return flow.packFlowRemoved(SCRATCH, xid, OUTPUT);
}

/** Reads the FLOW_MOD at INPUT + `at`, in the version that it says. */
export function unpackFlowMod(at: usize, n: usize): i32 {
  if (load<u8>(INPUT + at) == OFP_VERSION_10) return flow10.unpackFlowMod10(INPUT + at, n, OUTPUT);
  return flow.unpackFlowMod(INPUT + at, n, OUTPUT);
}

/** Reads the FLOW_REMOVED at INPUT + `at`, in the version that it says. */
export function unpackFlowRemoved(at: usize, n: usize): i32 {
  if (load<u8>(INPUT + at) == OFP_VERSION_10) return flow10.unpackFlowRemoved10(INPUT + at, n, OUTPUT);
  return flow.unpackFlowRemoved(INPUT + at, n, OUTPUT);
}

/**
 * Reads the flow statistics entries in the `n` bytes at INPUT + `at` (at most one message's) into records at OUTPUT.
 * 1.0: only those with the cookie of the (sound) record at SCRATCH, which a 1.3 switch has looked at itself.
 */
export function unpackFlowStats(at: usize, n: usize, version: u32): i32 {
  const p = INPUT + at;
  if (version != OFP_VERSION_10) return flow.unpackFlowStats(p, p + n, OUTPUT);
  const mask = load<u64>(SCRATCH + FLOW_COOKIE_MASK);
  return flow10.unpackFlowStats10(p, p + n, OUTPUT, load<u64>(SCRATCH + FLOW_COOKIE), mask);
}

/** Counts the entries in the `n` bytes at INPUT + `at` that are the flow of the (sound) record at SCRATCH. */
export function countFlows(at: usize, n: usize, strict: bool, version: u32): i32 {
  const p = INPUT + at;
  if (version == OFP_VERSION_10) return flow10.countFlows10(p, p + n, SCRATCH, strict);
  return flow.countFlows(p, p + n, SCRATCH, strict);
}

/** Packs the action items in the `n` bytes at INPUT (a bucket's, a PACKET_OUT's) to OUTPUT. */
export function packActions(n: usize, version: u32): i32 {
  if (<i32>n > SCRATCH_BYTES || !itemsTile(INPUT, INPUT + n)) return ERR_ITEM;
  const old = version == OFP_VERSION_10;
  const end = old ? packActions10(INPUT, INPUT + n, OUTPUT) : packActionItems(INPUT, INPUT + n, OUTPUT);
  return end < 0 ? end : end - <i32>OUTPUT;
}

/** Reads the `n` bytes of actions at INPUT + `at` into items at OUTPUT. */
export function unpackActions(at: usize, n: usize, version: u32): i32 {
  const p = INPUT + at;
  const old = version == OFP_VERSION_10;
  const end = old ? unpackActions10(p, p + n, 0, OUTPUT) : unpackActionItems(p, p + n, OUTPUT);
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
