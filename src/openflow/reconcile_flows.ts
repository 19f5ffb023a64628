// The flows of a reconciliation. Tables may be large: flows stay records in the pieces in which the switch listed them, and
// an index says where each stands; what is kept passes by in slices of the store.

import {
  asDeleted,
  collectFlowUses,
  cookieOwner,
  isTransient,
  recordBytes,
  sameHead,
  sameInstructions,
  setCommand,
} from "../wasm/flow_identity.js";
import { VERSION_1_0 } from "../wasm/openflow.js";
import { ANY, NO_BUFFER, RecordReader, RecordWriter } from "../wasm/openflow_records.js";
import { decodeFlow, flowKey } from "./desired_record.js";
import { printMatchItem } from "./match_fields.js";
import { isRefusal, noteFailure, type Reconciliation, Turns } from "./reconcile_progress.js";

/** Flows of this controller itself (the table-miss flow, discovery) have this in the upper 16 bits of their cookies. */
export const OWN_COOKIE_OWNER = 0xffff;
/** OFPFC_MODIFY_STRICT (spec §7.3.4.1) */
const MODIFY_STRICT = 2;
/** FLOW_MODs of one call. */
const BATCH = 2_000;
const BATCH_BYTES = 1 << 20;
/** Items between two looks at the clock. */
const STRIDE = 64;
const DESCRIPTION_CHARS = 400;
const OFFSETS = 2 ** 32;

type Deed = "added" | "modified" | "deleted";

/** Where each flow of a switch stands: by its key as latin1 text, the piece's number times 2^32, plus the offset in it. */
type Index = Map<string, number>;

/** The groups and meters that kept flows use. */
export interface Uses {
  readonly groups: Set<number>;
  readonly meters: Set<number>;
}

/** Changes on their way to the switch. */
class Batch {
  readonly #run: Reconciliation;
  readonly #writer = new RecordWriter(64 << 10);
  #deeds: Deed[] = [];

  constructor(run: Reconciliation) {
    this.#run = run;
  }

  /** Adds a change; null, or what to wait for before the next. */
  add(record: Buffer, deed: Deed): Promise<void> | null {
    this.#writer.append(record, 1);
    this.#deeds.push(deed);
    return this.#deeds.length >= BATCH || this.#writer.length >= BATCH_BYTES ? this.flush() : null;
  }

  /** Sends what there is, waits for the barrier, and books what became of it. */
  async flush(): Promise<void> {
    const deeds = this.#deeds;
    if (deeds.length === 0) return;
    this.#deeds = [];
    const records = this.#writer.take();
    await this.#send(Buffer.from(records.buffer, records.byteOffset, records.byteLength), deeds);
  }

  async #send(records: Buffer, deeds: readonly Deed[]): Promise<void> {
    const { dpid, worker } = this.#run;
    try {
      const call = { dpid, records, count: deeds.length, existing: false };
      const { failures } = await worker.call("changeFlows", call);
      this.#book(records, deeds, new Map(failures.map(({ index, text }) => [index, text])));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (deeds.length === 1) {
        this.#book(records, deeds, new Map([[0, error.message]]));
        return;
      }
      // One that cannot be said in the switch's version spoils all that go with it: it is looked for.
      const half = deeds.length >>> 1;
      let at = 0;
      for (let i = 0; i < half; i++) at += recordBytes(records, at);
      await this.#send(Buffer.from(records.subarray(0, at)), deeds.slice(0, half));
      await this.#send(Buffer.from(records.subarray(at)), deeds.slice(half));
    }
  }

  #book(records: Buffer, deeds: readonly Deed[], failed: ReadonlyMap<number, string>): void {
    const { progress } = this.#run;
    const reader = new RecordReader(records);
    for (const [index, deed] of deeds.entries()) {
      reader.next();
      const text = failed.get(index);
      if (text === undefined) progress.flows[deed]++;
      else noteFailure(progress, "flows", describeFlow(reader), text);
    }
  }
}

/** Makes a switch's flows what is kept; returns which groups and meters those use. Errors: as `reconcile`. */
export async function reconcileFlows(run: Reconciliation): Promise<Uses> {
  const { dpid, worker, progress } = run;
  const pieces = (await worker.flows(dpid, allFlows())).map((piece) =>
    Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength),
  );
  const turns = new Turns();
  const index = await indexFlows(pieces, turns);
  progress.flows.present = index.size;
  const batch = new Batch(run);
  const uses = await compareKept(run, pieces, index, batch, turns);
  await judgeForeign(run, pieces, index, batch, turns);
  await batch.flush();
  return uses;
}

async function indexFlows(pieces: readonly Buffer[], turns: Turns): Promise<Index> {
  const index: Index = new Map();
  let seen = 0;
  for (const [i, piece] of pieces.entries()) {
    for (let at = 0; at < piece.length; at += recordBytes(piece, at)) {
      index.set(flowKey(piece, at).toString("latin1"), i * OFFSETS + at);
      if (++seen % STRIDE === 0) await turns.next();
    }
  }
  return index;
}

/** Adds what is missing and mends what has changed. What is kept is taken out of the index. */
async function compareKept(
  { dpid, worker, kept, progress }: Reconciliation,
  pieces: readonly Buffer[],
  index: Index,
  batch: Batch,
  turns: Turns,
): Promise<Uses> {
  const uses: Uses = { groups: new Set(), meters: new Set() };
  const withFlags = worker.version(dpid) !== VERSION_1_0;
  let seen = 0;
  for (let from: Buffer | null = null, first = true; first || from; first = false) {
    const { entries, next } = kept.slice(dpid, "flows", from);
    for (const { key, value } of entries) {
      const name = key.toString("latin1");
      const place = index.get(name);
      const record = decodeFlow(value);
      collectFlowUses(record, 0, uses.groups, uses.meters);
      progress.flows.kept++;
      index.delete(name);
      const change = place === undefined ? "added" : mending(record, pieces, place, withFlags);
      if (change) await batch.add(record, change);
      if (++seen % STRIDE === 0) await turns.next();
    }
    from = next;
  }
  return uses;
}

/** Makes a kept record the change that mends the flow at `place`; null when that is equal. */
function mending(record: Buffer, pieces: readonly Buffer[], place: number, withFlags: boolean): Deed | null {
  const piece = pieces[Math.floor(place / OFFSETS)] as Buffer;
  const at = place % OFFSETS;
  // Cookie, timeouts and flags change only by adding the flow anew.
  if (!sameHead(record, 0, piece, at, withFlags)) return "modified";
  if (sameInstructions(record, 0, piece, at)) return null;
  setCommand(record, 0, MODIFY_STRICT);
  return "modified";
}

/** Counts what is left in the index; deletes it when that is wanted. */
async function judgeForeign(
  { deleteForeign, progress }: Reconciliation,
  pieces: readonly Buffer[],
  index: Index,
  batch: Batch,
  turns: Turns,
): Promise<void> {
  let seen = 0;
  for (const place of index.values()) {
    if (++seen % STRIDE === 0) await turns.next();
    const piece = pieces[Math.floor(place / OFFSETS)] as Buffer;
    const at = place % OFFSETS;
    if (cookieOwner(piece, at) === OWN_COOKIE_OWNER) continue;
    progress.flows.foreign++;
    // A flow that ends by itself was never meant to be kept.
    if (deleteForeign && !isTransient(piece, at)) await batch.add(asDeleted(piece, at), "deleted");
  }
}

/** `flow table_id 0, priority 5, match [{"in_port":1}]` */
function describeFlow(reader: RecordReader): string {
  const match: string[] = [];
  while (reader.nextItem() && reader.kind === "match") match.push(printMatchItem(reader));
  const text = `flow table_id ${reader.table}, priority ${reader.priority}, match [${match.join(",")}]`;
  return text.slice(0, DESCRIPTION_CHARS);
}

/** The record that asks for all flows of a switch. */
export function allFlows(): Uint8Array {
  const writer = new RecordWriter(128);
  writer.begin({
    table: 255,
    command: 0,
    priority: 0,
    idleTimeout: 0,
    hardTimeout: 0,
    flags: 0,
    cookie: 0n,
    cookieMask: 0n,
    bufferId: NO_BUFFER,
    outPort: ANY,
    outGroup: ANY,
  });
  writer.end();
  return writer.take();
}
