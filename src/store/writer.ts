// The writer thread: commits batches one after another, so that a slow disk never holds up the control thread.
// A batch is one LMDB transaction; its answer is sent after LMDB has synced it.

import { parentPort, workerData } from "node:worker_threads";
import { LIMITS } from "../base/limits.js";
import { unpackOps } from "./codec.js";
import { type Env, openEnv } from "./env.js";

export interface WriterData {
  readonly dir: string;
}

export type WriterAnswer =
  | { readonly type: "ready" }
  | { readonly type: "committed" }
  | { readonly type: "failed"; readonly reason: string; readonly full: boolean; readonly code: number }
  | { readonly type: "closed" };

/** A batch, or the end. */
export type WriterOrder = ArrayBuffer | "close";

/** Thrown inside a transaction when the store has reached its bound; LMDB itself would grow until the disk is full. */
class Full extends Error {}

interface Stats {
  readonly lastPageNumber: number;
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function overBound(env: Env): boolean {
  const { lastPageNumber, pageSize } = env.root.getStats() as Stats;
  if (lastPageNumber * pageSize < LIMITS.storeBytes) return false;
  // The file never shrinks: what counts then is the pages in use.
  let pages = 0;
  for (const table of env.tables) {
    const stats = table.getStats() as Stats;
    pages += stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
  }
  return pages * pageSize >= LIMITS.storeBytes;
}

function commit(env: Env, batch: ArrayBuffer): void {
  const full = overBound(env);
  env.root.transactionSync(() => {
    for (const { table, key, value } of unpackOps(batch)) {
      const db = env.tables[table];
      if (!db) throw new Error(`no table ${table}`);
      if (!value) db.removeSync(key);
      else if (full) throw new Full();
      else db.putSync(key, value);
    }
  });
}

if (parentPort && workerData) {
  const port = parentPort;
  const env = openEnv((workerData as WriterData).dir);
  const answer = (message: WriterAnswer) => port.postMessage(message);
  port.on("message", async (order: WriterOrder) => {
    if (order === "close") {
      await env.root.close();
      answer({ type: "closed" });
      port.close();
      return;
    }
    try {
      commit(env, order);
      answer({ type: "committed" });
    } catch (error) {
      const { message, code } = error as Error & { code?: unknown };
      const number = typeof code === "number" ? code : 0;
      answer({ type: "failed", reason: message, full: error instanceof Full, code: number });
    }
  });
  answer({ type: "ready" });
}
