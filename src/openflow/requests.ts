// The transaction table of one switch: which change, barrier or multipart request an answer belongs to, and by when it is due.
// A change of any number of flows is one entry; its messages have consecutive transaction ids.

import { AppError } from "../base/errors.js";

/** What became of a change once the switch had passed the barrier. */
export interface ChangeResult {
  /** The switch's first error for each message that it refused, by the message's place in the change. */
  readonly failures: readonly { readonly index: number; readonly text: string }[];
}

interface Change {
  readonly firstXid: number;
  readonly count: number;
  readonly barrierXid: number;
  /** Of all its messages: a change gathers those of many callers, and each must learn of its own. */
  readonly failures: Map<number, string>;
  readonly due: number;
  resolve(result: ChangeResult): void;
  reject(error: AppError): void;
}

/** Receives the parts of a multipart answer. Frame numbers are those of the codec's current scan. */
export interface Multipart {
  readonly type: number;
  due: number;
  /** When the whole answer is due, however its parts come. */
  readonly end: number;
  /** Called for each part; may throw CodecError (the switch spoke wrongly) or AppError (the answer is too much for us). */
  part(frame: number): void;
  done(): void;
  failed(error: AppError): void;
}

/** A request that one message answers. */
export interface Question {
  /** The answer's message type. */
  readonly reply: number;
  readonly due: number;
  /** Called with a view of the answer: copy what you keep. */
  done(frame: Uint8Array): void;
  failed(error: AppError): void;
}

export class Requests {
  #xid = 1;
  #changes: Change[] = [];
  readonly #multiparts = new Map<number, Multipart>();
  readonly #questions = new Map<number, Question>();
  #inFlight = 0;

  /** The first of `count` consecutive transaction ids. 0 is never given: unsolicited messages have it. */
  take(count: number): number {
    if (this.#xid + count > 0xffffffff) this.#xid = 1;
    const first = this.#xid;
    this.#xid += count;
    return first;
  }

  /** Messages of changes that wait for a barrier. */
  get changesInFlight(): number {
    return this.#inFlight;
  }
  /** Requests that wait for an answer of their own. */
  get queriesInFlight(): number {
    return this.#multiparts.size + this.#questions.size;
  }

  addChange(change: Omit<Change, "failures">): void {
    this.#changes.push({ ...change, failures: new Map() });
    this.#inFlight += change.count;
  }

  addMultipart(xid: number, multipart: Multipart): void {
    this.#multiparts.set(xid, multipart);
  }

  multipart(xid: number): Multipart | undefined {
    return this.#multiparts.get(xid);
  }

  endMultipart(xid: number): void {
    this.#multiparts.delete(xid);
  }

  addQuestion(xid: number, question: Question): void {
    this.#questions.set(xid, question);
  }

  /** Hands a message of `type` to the question that it answers; answers to nothing are dropped. */
  answer(xid: number, type: number, frame: Uint8Array): void {
    const question = this.#questions.get(xid);
    if (question?.reply !== type) return;
    this.#questions.delete(xid);
    question.done(frame);
  }

  /** Books the switch's error on the request that caused it; false when there is none. */
  fail(xid: number, text: string): boolean {
    const query = this.#multiparts.get(xid) ?? this.#questions.get(xid);
    if (query) {
      this.#multiparts.delete(xid);
      this.#questions.delete(xid);
      query.failed(new AppError("OPENFLOW_REFUSED", { text }));
      return true;
    }
    for (const change of this.#changes) {
      const index = xid - change.firstXid;
      if (index >= 0 && index < change.count) {
        if (!change.failures.has(index)) change.failures.set(index, text);
        return true;
      }
    }
    return false;
  }

  /** The switch has passed a barrier: all changes under it are final. */
  barrier(xid: number): void {
    const passed = this.#changes.filter((change) => change.barrierXid === xid);
    if (passed.length === 0) return;
    this.#changes = this.#changes.filter((change) => change.barrierXid !== xid);
    for (const change of passed) {
      this.#inFlight -= change.count;
      change.resolve({ failures: [...change.failures].map(([index, text]) => ({ index, text })) });
    }
  }

  /** Gives up what is overdue at `now` (monotonic ms). */
  expire(now: number, seconds: number): void {
    const late = this.#changes.filter((change) => change.due <= now);
    if (late.length > 0) this.#changes = this.#changes.filter((change) => change.due > now);
    for (const change of late) {
      this.#inFlight -= change.count;
      change.reject(new AppError("TIMED_OUT", { what: "the switch", seconds }));
    }
    for (const queries of [this.#multiparts, this.#questions]) {
      for (const [xid, query] of queries) {
        if (query.due > now) continue;
        queries.delete(xid);
        query.failed(new AppError("TIMED_OUT", { what: "the switch", seconds }));
      }
    }
  }

  /** The switch is gone. */
  failAll(error: AppError): void {
    const changes = this.#changes;
    const queries = [...this.#multiparts.values(), ...this.#questions.values()];
    this.#changes = [];
    this.#multiparts.clear();
    this.#questions.clear();
    this.#inFlight = 0;
    for (const change of changes) change.reject(error);
    for (const query of queries) query.failed(error);
  }
}
