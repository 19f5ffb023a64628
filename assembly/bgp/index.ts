// bgp.wasm: what src/wasm/bgp.ts may call.

import { LAYOUT_VERSION } from "./layout";

export function layoutVersion(): u32 {
  return LAYOUT_VERSION;
}

export { attributeRow } from "./attribute";
export { inputBuffer, outputBuffer, recordBuffer, stageBuffer, statusBuffer } from "./buffers";
export { encodeAnnounce, encodeKeepalive, encodeNotification, encodeRefresh, encodeWithdraw } from "./encode";
export { applyBatch, decodeBatch, dropBatch, ingest } from "./ingest";
export { heldBytes } from "./memory";
export { decodeOpen, encodeOpen, openBuffer } from "./open";
export { originOf } from "./origin";
export { clearRib, createRib, freeRib, startSession } from "./rib";
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
export { lookup, lookupLongest, matchedLength, scan, scanEnd, scanNext, tableChanges, tableCount } from "./scan";
export { setCount, setSeed } from "./set";
