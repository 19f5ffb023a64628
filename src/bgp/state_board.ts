// The worker's blocks of shared state, one a peer: which peers have something new to write, and when it is written.

import type { PeerConfig } from "./config.js";
import { type PeerNumbers, type PeerTexts, StateWriter } from "./shared_state.js";

/** Tells control of a peer's block (null: the peer is gone) or of texts that have changed. */
export interface BlockEvent {
  readonly address: string;
  readonly block?: SharedArrayBuffer | null;
  readonly texts?: PeerTexts;
  /** With the block of a neighbour that nobody has configured by itself: what it was given. */
  readonly dynamic?: PeerConfig;
}

/** Where a peer's figures come from. */
export interface StateSource {
  numbers(): PeerNumbers;
  texts(): PeerTexts;
}

/** What a peer holds of the board. */
export interface StateEntry {
  /** Something has changed: it is written at the end of this turn of the event loop. Costs next to nothing. */
  touch(): void;
  /** Takes the peer off the board. */
  close(): void;
}

class Entry implements StateEntry {
  readonly writer = new StateWriter();
  readonly address: string;
  readonly source: StateSource;
  dirty = false;
  /** What control knows. */
  texts = "";
  /** The state that the texts were last looked at in: they change with it. */
  fsm = "";
  readonly #board: StateBoard;

  constructor(board: StateBoard, address: string, source: StateSource) {
    this.#board = board;
    this.address = address;
    this.source = source;
  }

  touch(): void {
    if (this.dirty) return;
    this.dirty = true;
    this.#board.due(this);
  }

  close(): void {
    this.#board.remove(this);
  }
}

/** How often peers are looked at that nobody has touched: routes that are taken away bit by bit change figures, too. */
const REFRESH_MS = 50;
/** How many of them each time, in turns: what this costs does not depend on how many peers there are. */
const PEERS_A_TICK = 8;

export class StateBoard {
  readonly #emit: (event: BlockEvent) => void;
  readonly #entries = new Map<string, Entry>();
  #dirty: Entry[] = [];
  /** Whose turn it is. */
  #turn: Iterator<Entry> | null = null;
  #immediate: NodeJS.Immediate | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(emit: (event: BlockEvent) => void) {
    this.#emit = emit;
    this.#timer = setInterval(() => this.#tick(), REFRESH_MS);
    this.#timer.unref();
  }

  /** Puts a peer on the board, in place of the one with its address. `dynamic`: as in BlockEvent. */
  open(address: string, source: StateSource, dynamic?: PeerConfig): StateEntry {
    const entry = new Entry(this, address, source);
    this.#entries.set(address, entry);
    entry.writer.update(source.numbers());
    const texts = source.texts();
    entry.texts = JSON.stringify(texts);
    this.#emit({ address, block: entry.writer.block, texts, ...(dynamic ? { dynamic } : {}) });
    return entry;
  }

  /** Writes a peer anew, with its texts. */
  refresh(address: string): void {
    const entry = this.#entries.get(address);
    if (!entry) return;
    entry.fsm = "";
    this.#write(entry);
  }

  #tick(): void {
    for (let i = 0; i < PEERS_A_TICK; i++) {
      this.#turn ??= this.#entries.values();
      const { value: entry, done } = this.#turn.next();
      if (done) {
        this.#turn = null;
        return;
      }
      entry.fsm = "";
      this.#write(entry);
    }
  }

  /** Writes what has changed in this turn, now: before an answer tells control that it has. */
  flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const entry of dirty) if (this.#entries.get(entry.address) === entry) this.#write(entry);
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#immediate) clearImmediate(this.#immediate);
    this.#entries.clear();
  }

  due(entry: Entry): void {
    this.#dirty.push(entry);
    this.#immediate ??= setImmediate(() => {
      this.#immediate = null;
      this.flush();
    });
  }

  remove(entry: Entry): void {
    if (this.#entries.get(entry.address) !== entry) return;
    this.#entries.delete(entry.address);
    this.#emit({ address: entry.address, block: null });
  }

  #write(entry: Entry): void {
    entry.dirty = false;
    const numbers = entry.source.numbers();
    entry.writer.update(numbers);
    if (numbers.fsm === entry.fsm) return;
    entry.fsm = numbers.fsm;
    const texts = entry.source.texts();
    const text = JSON.stringify(texts);
    if (text === entry.texts) return;
    entry.texts = text;
    this.#emit({ address: entry.address, texts });
  }
}
