// bgp.wasm: what src/wasm/bgp*.ts may call.

import { LAYOUT_VERSION } from "./layout";

export function layoutVersion(): u32 {
  return LAYOUT_VERSION;
}

export { applyBatch } from "./apply";
export { attributeRow } from "./attribute";
export { endBatch, recordCount } from "./batch";
export { inputBuffer, outputBuffer, stageBuffer, statusBuffer } from "./buffers";
export { outputMessages } from "./emit";
export { encodeKeepalive, encodeNotification, encodeRefresh } from "./encode";
export { beginExport, exportBatch, exportHasMore, forgetWithdrawn } from "./export";
export { setHopCost } from "./hop_cost";
export { importCheck, importTransform } from "./import_check";
export { decodeBatch } from "./ingest";
export { give, heldBytes, idleBytes, take, takeIdle } from "./memory";
export { decodeOpen, encodeOpen, openBuffer } from "./open";
export { originOf } from "./origin";
export {
  createNeighbor,
  freeNeighbor,
  freePolicy,
  loadPolicy,
  policyContext,
  policyKeeps,
  policyRoom,
  policyRun,
} from "./policy";
export {
  clearRib,
  createRib,
  discard,
  dropDiscarded,
  freeRib,
  sharedCount,
  sharedRib,
  startSession,
  tableAccepted,
  tableChanges,
  tableCount,
  trimRib,
} from "./rib";
export {
  roaBegin,
  roaChanged,
  roaCommit,
  roaCount,
  roaCovering,
  roaDrop,
  roaState,
  roaTotal,
} from "./roa";
export { roaSeed } from "./roa_table";
export { roaApply, roaBuffer, roaConsumed, roaRows } from "./rtr";
export { lookup, lookupLongest, matchedLength, scan, scanEnd, scanNext } from "./scan";
export { setCount, setSeed } from "./set";
export { createSource, freeSource, sourceCount, sourceOf, sourceTotal } from "./source";
export { exportRefused, exportTransform } from "./transform";
export { collectSome, endWalk, startFamilyWalker, startWalk, walkerAtEnd, walkPhase, walkSome } from "./walk";
export { endWalker } from "./walker";
