// The driver of one session: carries out what the state machine (fsm.ts) says, over sockets and timers.

import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { reasonOf } from "../base/errors.js";
import { connectWithMd5 } from "../system/tcp_md5.js";
import type { BgpModule } from "../wasm/bgp.js";
import { MSG, NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent, OpenMessage, RibSlot } from "../wasm/bgp_types.js";
import { announcedCapabilities, type Negotiated, negotiate } from "./capabilities.js";
import type { PeerConfig } from "./config.js";
import { Connection } from "./connection.js";
import {
  type FsmOptions,
  INITIAL,
  type Input,
  nextDeadline,
  type Output,
  type State,
  type StateName,
  step,
} from "./fsm.js";

/** Opens a connection; the socket is not connected yet. May throw when the kernel refuses one. */
export type Dial = (config: PeerConfig) => Socket;

export const dialTcp: Dial = (config) => {
  const { remote_addr: host, port, local_addr, md5: key } = config;
  const target = { host, port, ...(local_addr === "" ? {} : { localAddress: local_addr }) };
  return key === "" ? connect(target) : connectWithMd5({ ...target, key });
};

/** What all sessions of a speaker share. */
export interface SessionHost {
  readonly module: BgpModule;
  /** Our BGP identifier as a number. */
  readonly routerId: number;
  readonly dial: Dial;
}

/** What a session tells its peer. */
export interface SessionEvents {
  /** A valid OPEN of the right AS has come. False: the session has been ended by the collision rule. */
  opened(session: Session, open: OpenMessage): boolean;
  up(session: Session): void;
  down(session: Session): void;
  refresh(session: Session, afi: number, safi: number): void;
  /** The connection has gone, in any state, and not because it was stopped. */
  lost(session: Session): void;
  /** A line for the log. */
  note(text: string): void;
}

/** A NOTIFICATION as text: "6/2". */
export const notifyText = (code: number) => `${code >> 8}/${code & 255}`;

const CONNECTED: ReadonlySet<StateName> = new Set<StateName>(["OPENSENT", "OPENCONFIRM", "ESTABLISHED"]);

export class Session {
  readonly #host: SessionHost;
  readonly #config: PeerConfig;
  readonly #rib: RibSlot;
  readonly #events: SessionEvents;
  readonly #options: FsmOptions;
  #state: State = INITIAL;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #dialing: Socket | null = null;
  /** The latest connection; kept for its counters after it has gone. */
  connection: Connection | null = null;
  open: OpenMessage | null = null;
  negotiated: Negotiated | null = null;

  constructor(host: SessionHost, config: PeerConfig, rib: RibSlot, events: SessionEvents) {
    this.#host = host;
    this.#config = config;
    this.#rib = rib;
    this.#events = events;
    this.#options = {
      passive: config.passive,
      connectRetryMs: config.connect_retry_time * 1000,
      idleHoldMs: config.idle_hold_time * 1000,
      openMs: config.open_time * 1000,
    };
  }

  get state(): State {
    return this.#state;
  }

  input(input: Input): void {
    const connected = CONNECTED.has(this.#state.name);
    const [next, outputs] = step(this.#state, input, performance.now(), this.#options);
    this.#state = next;
    for (const output of outputs) this.#act(output);
    this.#arm();
    if (connected && next.name === "IDLE" && !next.stopped) this.#events.lost(this);
  }

  /** Takes a connection that the peer has opened. */
  accept(socket: Socket): void {
    this.#adopt(socket, false);
    this.input({ kind: "accepted" });
  }

  /** Ends without a word of it to the peer's other session, and for good. */
  dispose(notify: number): void {
    this.input({ kind: "stop", notify });
    clearTimeout(this.#timer);
  }

  #act(output: Output): void {
    switch (output.kind) {
      case "connect":
        this.#connect();
        break;
      case "abortConnect":
        this.#dropDial();
        break;
      case "close":
        this.#dropDial();
        this.connection?.close();
        break;
      case "sendOpen":
        this.#sendOpen();
        break;
      case "sendKeepalive":
        this.connection?.send(MSG.keepalive, this.#host.module.encodeKeepalive());
        break;
      case "sendNotification":
        this.#sendNotification(output.content);
        break;
      case "up":
        if (this.connection) this.connection.established = true;
        this.#events.up(this);
        break;
      case "down":
        if (this.connection) this.connection.established = false;
        this.#events.down(this);
        break;
    }
  }

  #sendOpen(): void {
    const { hold_time, local_as } = this.#config;
    const capabilities = announcedCapabilities(this.#config);
    const message = this.#host.module.encodeOpen(local_as, hold_time, this.#host.routerId, capabilities);
    this.connection?.send(MSG.open, message);
  }

  #sendNotification(content: NotificationContent): void {
    this.#events.note(`sends NOTIFICATION ${notifyText(content.notify)}`);
    this.connection?.send(MSG.notification, this.#host.module.encodeNotification(content));
  }

  #connect(): void {
    let socket: Socket;
    try {
      socket = this.#host.dial(this.#config);
    } catch (error) {
      this.#events.note(`cannot be dialled: ${reasonOf(error)}`);
      this.input({ kind: "connectFailed" });
      return;
    }
    this.#dialing = socket;
    socket.on("error", () => undefined);
    socket.once("connect", () => {
      if (this.#dialing !== socket) return;
      this.#dialing = null;
      this.#adopt(socket, true);
      this.input({ kind: "connected" });
    });
    socket.once("close", () => {
      if (this.#dialing !== socket) return;
      this.#dialing = null;
      this.input({ kind: "connectFailed" });
    });
  }

  #dropDial(): void {
    const socket = this.#dialing;
    this.#dialing = null;
    socket?.destroy();
  }

  #adopt(socket: Socket, outgoing: boolean): void {
    this.negotiated = null;
    const connection = new Connection(socket, outgoing, this.#host.module, this.#rib, {
      message: (type, message) => this.#message(type, message),
      updates: () => this.input({ kind: "update" }),
      error: (content) => this.input({ kind: "error", content }),
      closed: () => this.input({ kind: "closed" }),
    });
    this.connection = connection;
  }

  #message(type: number, message: Buffer): void {
    switch (type) {
      case MSG.open:
        this.#openMessage(message);
        break;
      case MSG.keepalive:
        this.input({ kind: "keepalive" });
        break;
      case MSG.notification:
        this.#events.note(`gets NOTIFICATION ${notifyText(message.readUInt16BE(19))}`);
        this.input({ kind: "notification" });
        break;
      case MSG.update:
        this.input({ kind: "update" });
        break;
      default:
        this.input({ kind: "update" });
        // RFC 7313 §4: subtypes other than 0 belong to a capability that we do not announce.
        if (this.#state.name === "ESTABLISHED" && message[21] === 0) {
          this.#events.refresh(this, message.readUInt16BE(19), message[22] as number);
        }
    }
  }

  #openMessage(message: Buffer): void {
    const open = this.#state.name === "OPENSENT" ? this.#host.module.decodeOpen(message) : undefined;
    if (!open) {
      // Undecodable, or a second OPEN, which the state machine answers.
      if (open === null) this.input({ kind: "error", content: this.#host.module.notification() });
      else this.input({ kind: "open", holdTime: 0 });
      return;
    }
    const refusal = this.#refusal(open);
    if (refusal !== null) {
      this.input({ kind: "error", content: { notify: refusal, data: new Uint8Array() } });
      return;
    }
    this.open = open;
    this.negotiated = negotiate(this.#config, open);
    if (!this.#events.opened(this, open)) return;
    this.input({ kind: "open", holdTime: this.negotiated.holdTime });
  }

  /** Why the sender of a valid OPEN is not our peer, as NOTIFICATION code. */
  #refusal(open: OpenMessage): number | null {
    if (open.as !== this.#config.remote_as) {
      this.#events.note(`is AS ${open.as}, not ${this.#config.remote_as}`);
      return NOTIFY.peerAs;
    }
    // RFC 6286 §2.2: inside one AS two speakers with the same identifier cannot be told apart.
    const twin = open.identifier === this.#host.routerId && open.as === this.#config.local_as;
    return twin ? NOTIFY.identifier : null;
  }

  /** One timer for all deadlines. A later deadline does not move it: it fires early once and is set again. */
  #arm(): void {
    const at = nextDeadline(this.#state);
    if (at === Number.POSITIVE_INFINITY) {
      clearTimeout(this.#timer);
      this.#timerAt = at;
    } else if (at < this.#timerAt) {
      clearTimeout(this.#timer);
      this.#timerAt = at;
      this.#timer = setTimeout(
        () => {
          this.#timerAt = Number.POSITIVE_INFINITY;
          this.input({ kind: "tick" });
        },
        Math.max(at - performance.now(), 0) + 1,
      );
    }
  }
}
