// Desired state in the store: what switches have taken is put there, in the order in which they took it. What means many
// flows at once (non-strict commands, the end of a group or meter) walks a switch's flows, a slice a transaction.

import type { Engine, Transaction } from "../store/engine.js";
import type { OpenFlowReconciliationRecord } from "../store/tables.js";
import {
  cookieCovered,
  inTable,
  isTransient,
  matchCovers,
  outputsCovered,
  recordBytes,
  recordCommand,
  recordPriority,
  recordTable,
  usesGroup,
  usesMeter,
  withInstructions,
} from "../wasm/flow_identity.js";
import {
  decodeFlow,
  encodeFlow,
  encodeGroup,
  encodeMeter,
  flowKey,
  KEY_HEAD,
  KIND_NAMES,
  type KindName,
  keyPrefix,
  numberKey,
  valueOfFlow,
} from "./desired_record.js";
import type { Group } from "./groups.js";
import type { Meter } from "./meters.js";

const TABLE = "openflow_desired";
const RUNS = "openflow_reconciliations";
/** Flow changes of one transaction's body, and kept things that are looked at in one go: some milliseconds' worth. */
const SLICE = 500;
/** Kept things that a walk looks at in one transaction: the disk's sync costs more than they do. */
const WALK = 2_000;
/** OFPFC_* (spec §7.3.4.1) */
const FLOW_COMMAND = { ADD: 0, MODIFY: 1, MODIFY_STRICT: 2, DELETE: 3, DELETE_STRICT: 4 } as const;
/** OFPTT_ALL */
const ALL_TABLES = 255;
/** OFPGC_DELETE and OFPMC_DELETE */
const DELETE = 2;

export type Counts = Readonly<Record<KindName, number>>;

/** One slice of what is kept. Keys are without the switch and the kind. */
export interface Slice {
  readonly entries: readonly { readonly key: Buffer; readonly value: Uint8Array }[];
  /** Where the next slice begins; null: there is none. */
  readonly next: Buffer | null;
}

/** What becomes of one kept thing: null = it goes, undefined = it stays as it is. */
type Verdict = Uint8Array | null | undefined;

export class DesiredStore {
  readonly #store: Engine;
  /** Walks under way, by switch: what is to be kept after one waits for it. */
  readonly #tails = new Map<string, Promise<void>>();

  constructor(store: Engine) {
    this.#store = store;
  }

  /**
   * Keeps what a switch made of flow changes (spec §6.4): `took` says which of the records it took. Resolves once that is
   * durable. Errors: STORE_FULL and the engine's others.
   */
  flows(dpid: string, records: Uint8Array, took: (index: number) => boolean): Promise<void> {
    const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
    const parts: (number | number[])[] = [];
    let many: number[] = [];
    let index = 0;
    for (let at = 0; at < bytes.length; at += recordBytes(bytes, at)) {
      if (!took(index++)) continue;
      if (meansMany(bytes, at)) parts.push(at);
      else {
        if (many.length % SLICE === 0) {
          many = [];
          parts.push(many);
        }
        many.push(at);
      }
      if (typeof parts.at(-1) === "number") many = [];
    }
    const write = (part: number | number[]): Promise<void> =>
      typeof part === "number" ? this.#many(dpid, bytes, part) : this.#exact(dpid, bytes, part);
    if (parts.every((part) => typeof part !== "number")) {
      return this.#inOrder(dpid, false, async () => void (await Promise.all(parts.map(write))));
    }
    return this.#inOrder(dpid, true, async () => {
      for (const part of parts) await write(part);
    });
  }

  /** Keeps what a switch made of a group change. A group that is deleted takes the flows that use it along (spec §6.5). */
  group(dpid: string, command: number, group: Group): Promise<void> {
    const value = command === DELETE ? null : encodeGroup(group);
    return this.#numbered(dpid, "groups", group.id, value, usesGroup);
  }

  /** Keeps what a switch made of a meter change. A meter that is deleted takes the flows that use it along (spec §5.7). */
  meter(dpid: string, command: number, meter: Meter): Promise<void> {
    const value = command === DELETE ? null : encodeMeter(meter);
    return this.#numbered(dpid, "meters", meter.id, value, usesMeter);
  }

  /** The kept things of a kind from `from` (a slice's `next`, or null: the first) on, in the order of their keys. */
  slice(dpid: string, kind: KindName, from: Buffer | null): Slice {
    const prefix = keyPrefix(dpid, kind);
    const found = this.#store.list(TABLE, { from: from ?? prefix, limit: SLICE });
    const own = found.filter(({ key }) => hasPrefix(key, prefix));
    return {
      entries: own.map(({ key, value }) => ({ key: (key as Buffer).subarray(KEY_HEAD), value })),
      next: own.length === SLICE ? after(own.at(-1)?.key as Buffer) : null,
    };
  }

  /** How many are kept of a switch. Takes turns with others. */
  async counts(dpid: string): Promise<Counts> {
    const counts = { meters: 0, groups: 0, flows: 0 };
    for (const kind of KIND_NAMES) {
      for (let from: Buffer | null = null; ; await new Promise((resolve) => setImmediate(resolve))) {
        const { entries, next }: Slice = this.slice(dpid, kind, from);
        counts[kind] += entries.length;
        from = next;
        if (!from) break;
      }
    }
    return counts;
  }

  /** True when something is kept of a switch. */
  has(dpid: string): boolean {
    const prefix = keyPrefix(dpid, "meters").subarray(0, KEY_HEAD - 1);
    const [first] = this.#store.list(TABLE, { from: prefix, limit: 1 });
    return first !== undefined && hasPrefix(first.key, prefix);
  }

  /** Forgets all that is kept of a switch, its last reconciliation too. */
  forget(dpid: string): Promise<void> {
    return this.#inOrder(dpid, true, async () => {
      for (const kind of KIND_NAMES) await this.#walk(keyPrefix(dpid, kind), () => null);
      await this.#store.write((tx) => void tx.remove(RUNS, dpid));
    });
  }

  /** The last reconciliation of a switch that something was kept of. */
  run(dpid: string): OpenFlowReconciliationRecord | undefined {
    return this.#store.get(RUNS, dpid);
  }

  keepRun(dpid: string, run: OpenFlowReconciliationRecord): Promise<void> {
    return this.#store.write((tx) => tx.put(RUNS, dpid, run));
  }

  /** Changes of one exact flow each. */
  #exact(dpid: string, bytes: Buffer, records: readonly number[]): Promise<void> {
    const prefix = keyPrefix(dpid, "flows");
    return this.#store.write((tx) => {
      for (const at of records) applyExact(tx, prefix, bytes, at);
    });
  }

  /** A change that may mean many flows. */
  #many(dpid: string, bytes: Buffer, at: number): Promise<void> {
    const command = recordCommand(bytes, at);
    const strict = command === FLOW_COMMAND.DELETE_STRICT || command === FLOW_COMMAND.MODIFY_STRICT;
    const table = recordTable(bytes, at);
    const identity = flowKey(bytes, at);
    const priority = recordPriority(bytes, at);
    const prefix = keyPrefix(dpid, "flows");
    const walked = table === ALL_TABLES ? prefix : Buffer.concat([prefix, Buffer.from([table])]);
    return this.#walk(walked, (key, value) => {
      const kept = decodeFlow(value);
      const same = strict
        ? recordPriority(kept, 0) === priority &&
          inTable(identity, key[KEY_HEAD] as number).equals(key.subarray(KEY_HEAD))
        : matchCovers(bytes, at, kept, 0);
      if (!same || !cookieCovered(bytes, at, kept, 0)) return undefined;
      if (command === FLOW_COMMAND.MODIFY) return valueOfFlow(withInstructions(kept, bytes, at));
      return outputsCovered(bytes, at, kept, 0) ? null : undefined;
    });
  }

  #numbered(
    dpid: string,
    kind: "groups" | "meters",
    id: number,
    value: Buffer | null,
    uses: (bytes: Buffer, at: number, id: number) => boolean,
  ): Promise<void> {
    const key = Buffer.concat([keyPrefix(dpid, kind), numberKey(id)]);
    if (value) return this.#inOrder(dpid, false, () => this.#store.write((tx) => tx.put(TABLE, key, value)));
    return this.#inOrder(dpid, true, async () => {
      await this.#store.write((tx) => void tx.remove(TABLE, key));
      await this.#walk(keyPrefix(dpid, "flows"), (_key, kept) => (uses(decodeFlow(kept), 0, id) ? null : undefined));
    });
  }

  /** Looks at all records whose keys begin with `prefix`, a slice a transaction. */
  async #walk(prefix: Buffer, look: (key: Buffer, value: Uint8Array) => Verdict): Promise<void> {
    for (let from: Buffer | null = prefix; from; ) {
      const start: Buffer = from;
      from = await this.#store.write((tx) => {
        const found = tx.list(TABLE, { from: start, limit: WALK });
        for (const { key, value } of found) {
          if (!hasPrefix(key, prefix)) return null;
          const verdict = look(key as Buffer, value);
          if (verdict === null) tx.remove(TABLE, key);
          else if (verdict) tx.put(TABLE, key, verdict);
        }
        return found.length < WALK ? null : after(found.at(-1)?.key as Buffer);
      });
    }
  }

  /**
   * Runs `work` after the walks of this switch. Transactions alone run in the order in which they are written, so that only
   * walks (`long`), which are several, hold others up.
   */
  #inOrder(dpid: string, long: boolean, work: () => Promise<void>): Promise<void> {
    const tail = this.#tails.get(dpid);
    if (!tail && !long) return work();
    const done = tail ? tail.then(work) : work();
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(dpid) === settled) this.#tails.delete(dpid);
      });
    this.#tails.set(dpid, settled);
    return done;
  }
}

function hasPrefix(key: unknown, prefix: Buffer): boolean {
  return key instanceof Uint8Array && prefix.equals(key.subarray(0, prefix.length));
}

/** The least key after `key`. */
function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)]);
}

/** True when a change is not about the one flow that its table, priority and match name. */
function meansMany(bytes: Buffer, at: number): boolean {
  const command = recordCommand(bytes, at);
  if (command === FLOW_COMMAND.MODIFY || command === FLOW_COMMAND.DELETE) return true;
  return command === FLOW_COMMAND.DELETE_STRICT && recordTable(bytes, at) === ALL_TABLES;
}

function applyExact(tx: Transaction, prefix: Buffer, bytes: Buffer, at: number): void {
  const key = flowKey(bytes, at, prefix);
  const command = recordCommand(bytes, at);
  if (command === FLOW_COMMAND.ADD) {
    // A flow that ends by itself is not kept; but it has taken the place of the one that was there.
    if (isTransient(bytes, at)) tx.remove(TABLE, key);
    else tx.put(TABLE, key, encodeFlow(bytes, at));
    return;
  }
  const value = tx.get(TABLE, key);
  if (!value) return;
  const kept = decodeFlow(value);
  if (!cookieCovered(bytes, at, kept, 0)) return;
  if (command === FLOW_COMMAND.MODIFY_STRICT) tx.put(TABLE, key, valueOfFlow(withInstructions(kept, bytes, at)));
  else if (outputsCovered(bytes, at, kept, 0)) tx.remove(TABLE, key);
}
