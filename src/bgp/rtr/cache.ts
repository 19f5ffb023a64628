// The driver of one session with a cache: carries out what the state machine (fsm.ts) says, over a socket and timers.

import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { LIMITS } from "../../base/limits.js";
import { type FamilyCounts, ROA_CHUNK_BYTES, ROA_STOP, type RoaTable } from "../../wasm/bgp_roa.js";
import type { RpkiCacheConfig } from "./config.js";
import { type FsmOptions, INITIAL, type Input, nextDeadline, type Output, type State, step } from "./fsm.js";
import { decodePdu, ERROR, ERROR_NAMES, encodeErrorReport, PDU } from "./pdu.js";
import type { CacheFigures } from "./protocol.js";

/** How long a connection that we end may take to read why. */
const LINGER_MS = 1_000;

/** What a stop of the walk over PDUs means: the error that is reported, and its words. */
const FAULTS: Readonly<Record<number, readonly [number, string]>> = {
  [ROA_STOP.corrupt]: [ERROR.corrupt, "a PDU is malformed"],
  [ROA_STOP.unknown]: [ERROR.withdrawalOfUnknown, "a prefix is withdrawn that was not announced"],
  [ROA_STOP.duplicate]: [ERROR.duplicate, "a prefix is announced twice"],
  [ROA_STOP.full]: [ERROR.internal, `more than ${LIMITS.rpkiVrpsPerCache} prefixes`],
  [ROA_STOP.memory]: [ERROR.internal, "no room for its data"],
};

/** Opens a connection; the socket is not connected yet. */
export type DialCache = (config: RpkiCacheConfig) => Socket;

export const dialCache: DialCache = ({ host, port }) => connect({ host, port, noDelay: true });

export interface CacheHost {
  readonly table: RoaTable;
  readonly dial: DialCache;
  /** The caches whose data counts, a bit each, as things stand now. */
  counting(): number;
  changed(counts: FamilyCounts): void;
  note(cache: Cache, text: string): void;
}

export class Cache {
  readonly config: RpkiCacheConfig;
  readonly #id: number;
  readonly #host: CacheHost;
  readonly #options: FsmOptions;
  #state: State = INITIAL;
  #socket: Socket | null = null;
  #rest: Buffer | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** The PDU that is being judged, for the report about it. */
  #judged: Uint8Array = new Uint8Array();
  #updatedAt = 0;
  #connections = 0;
  #reportsSent = 0;
  #reportsReceived = 0;
  #lastError = "";

  constructor(id: number, config: RpkiCacheConfig, host: CacheHost) {
    this.#id = id;
    this.config = config;
    this.#host = host;
    const { refresh, retry, expire } = config;
    this.#options = {
      refresh,
      retry,
      expire,
      answerMs: LIMITS.rpkiAnswerMs,
      responseMs: LIMITS.rpkiResponseMs,
    };
  }

  /** The cache's data counts, if its preference lets it. */
  get hasData(): boolean {
    return this.#state.data;
  }

  start(): void {
    this.#input({ kind: "start" });
  }

  /** Ends the session; the cache's data goes. */
  stop(): void {
    this.#input({ kind: "stop" });
    clearTimeout(this.#timer);
  }

  figures(used: boolean): CacheFigures {
    const { name, version, spoken, session, serial, data, intervals } = this.#state;
    const { host, port, preference } = this.config;
    return {
      host,
      port,
      preference,
      state: name,
      version: spoken ? version : null,
      session: data ? session : null,
      serial: data ? serial : null,
      data,
      used,
      updated: this.#updatedAt,
      intervals,
      vrps: this.#host.table.counts(this.#id),
      connections: this.#connections,
      reportsSent: this.#reportsSent,
      reportsReceived: this.#reportsReceived,
      lastError: this.#lastError,
    };
  }

  #input(input: Input): void {
    const before = this.#state;
    const [next, outputs] = step(before, input, performance.now(), this.#options);
    this.#state = next;
    for (const output of outputs) this.#act(output);
    if (nextDeadline(next) !== nextDeadline(before)) this.#arm();
  }

  /** One timer for all deadlines; one that comes early sets itself again. */
  #arm(): void {
    clearTimeout(this.#timer);
    const at = nextDeadline(this.#state);
    if (at === Number.POSITIVE_INFINITY) return;
    const wait = Math.max(Math.ceil(at - performance.now()), 0);
    this.#timer = setTimeout(() => {
      this.#input({ kind: "tick" });
      this.#arm();
    }, wait);
  }

  #act(output: Output): void {
    const { table } = this.#host;
    switch (output.kind) {
      case "connect":
        this.#connect();
        break;
      case "close":
        this.#close();
        break;
      case "send":
        this.#socket?.write(output.bytes);
        break;
      case "report":
        this.#reportsSent++;
        this.#socket?.write(encodeErrorReport(this.#state.version, output.code, this.#judged, output.text));
        break;
      case "begin":
        table.begin(this.#id, output.delta);
        break;
      case "commit":
        this.#updatedAt = Math.floor(Date.now() / 1000);
        this.#host.changed(table.commit(this.#id, this.#host.counting()));
        break;
      case "drop":
        this.#host.changed(table.drop(this.#id, output.all, this.#host.counting()));
        break;
      case "note":
        this.#lastError = output.text;
        this.#host.note(this, output.text);
        break;
    }
  }

  #connect(): void {
    const socket = this.#host.dial(this.config);
    this.#socket = socket;
    this.#rest = null;
    const ours = () => this.#socket === socket;
    socket.on("error", (error) => {
      if (ours()) this.#lastError = error.message;
    });
    socket.on("connect", () => {
      this.#connections++;
      if (ours()) this.#input({ kind: "connected" });
    });
    socket.on("data", (chunk: Buffer) => {
      if (ours()) this.#take(socket, chunk);
    });
    const gone = () => {
      if (!ours()) return;
      this.#socket = null;
      socket.destroy();
      this.#input({ kind: "closed" });
    };
    socket.on("end", gone);
    socket.on("close", gone);
  }

  /** Closes once what was sent has gone out. */
  #close(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#rest = null;
    if (!socket) return;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(timer));
    socket.resume();
  }

  #take(socket: Socket, chunk: Buffer): void {
    for (let from = 0; from < chunk.length; from += ROA_CHUNK_BYTES) {
      if (this.#socket !== socket) return;
      this.#host.table.feed(this.#rest, chunk.subarray(from, from + ROA_CHUNK_BYTES));
      this.#rest = null;
      this.#work(socket);
    }
  }

  #work(socket: Socket): void {
    const { table } = this.#host;
    // Nothing that a step does here uses the table's input: changes are told of later (client.ts).
    while (this.#socket === socket) {
      const receiving = this.#state.name === "RECEIVE";
      const stop = table.next(this.#id, this.#state.version, receiving, LIMITS.rpkiVrpsPerCache);
      if (stop === ROA_STOP.more) {
        this.#rest = table.rest();
        if (receiving) this.#input({ kind: "progress" });
        return;
      }
      const pdu = table.pdu();
      this.#judged = pdu;
      if (stop === ROA_STOP.pdu) {
        table.skip(pdu.length);
        this.#judge(pdu);
      } else {
        const [code, text] = FAULTS[stop] ?? [ERROR.internal, "a fault without a name"];
        this.#input({ kind: "fault", code, text, silent: pdu[1] === PDU.errorReport });
      }
    }
  }

  #judge(bytes: Buffer): void {
    const pdu = decodePdu(bytes);
    if (pdu.kind === "fault") {
      const text = ERROR_NAMES[pdu.code] ?? "";
      this.#input({ kind: "fault", code: pdu.code, text, silent: bytes[1] === PDU.errorReport });
      return;
    }
    if (pdu.kind === "errorReport") this.#reportsReceived++;
    this.#input({ kind: "pdu", pdu });
  }
}
