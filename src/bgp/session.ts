// The driver of one session: carries out what the state machine (fsm.ts) says, over sockets and timers.

import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { reasonOf } from "../base/errors.js";
import type { BgpModule } from "../wasm/bgp.js";
import { MSG, NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent, OpenMessage, RibSlot } from "../wasm/bgp_types.js";
import { announcedCapabilities, type OpenContext } from "./capabilities.js";
import type { AfiSafi } from "./capability_values.js";
import type { PeerConfig } from "./config.js";
import { Connection } from "./connection.js";
import { type Dial, prepareAccepted } from "./dial.js";
import { Dialer } from "./dialer.js";
import {
  awaitsOpen,
  type FsmOptions,
  INITIAL,
  type Input,
  isConnected,
  isDamped,
  nextDeadline,
  type Output,
  type State,
  step,
} from "./fsm.js";
import { PeerMemory } from "./memory.js";
import { endOfRib, prefixLimitData, REFRESH, readNotification, readRefresh } from "./messages.js";
import { type Negotiated, negotiate } from "./negotiate.js";
import { forGracefulPeer, notificationLine, shutdownData } from "./notifications.js";
import type { DownReason } from "./observer.js";
import { openFault } from "./open_check.js";

export { type Dial, dialTcp } from "./dial.js";
export { notifyText } from "./notifications.js";

/** What all sessions of a speaker share. */
export interface SessionHost {
  readonly module: BgpModule;
  /** Our BGP identifier as a number. */
  readonly routerId: number;
  readonly dial: Dial;
  /** What an OPEN says of a restart of ours; without it, that there was none. */
  restart?(): Pick<OpenContext, "restarting" | "forwarding">;
}

/** What a session tells its peer. */
export interface SessionEvents {
  /** A valid OPEN of the right AS has come. False: the session has been ended by the collision rule. */
  opened(session: Session, open: OpenMessage): boolean;
  up(session: Session): void;
  /** The session has left ESTABLISHED; `session.ended` says why. */
  down(session: Session): void;
  /** UPDATEs have been decoded: they are to be applied, and the batch ended. False without memory. */
  batch(session: Session): boolean;
  /** The peer asks for a family's routes. */
  refresh(session: Session, afi: number, safi: number): void;
  /** The peer begins to send a family's routes anew, and has sent them all (RFC 7313 §4). `family`: its index. */
  refreshBegan?(session: Session, family: number): void;
  refreshEnded?(session: Session, family: number): void;
  /** The connection's queue was full and has room again. */
  drained?(session: Session): void;
  /** State or counters have changed: often, so that it must be cheap. */
  touched?(): void;
  /** The connection has gone, in any state, and not because it was stopped. */
  lost(session: Session): void;
  /** A connection could not be made; null: there was no answer in time. */
  unreachable?(error: NodeJS.ErrnoException | null): void;
  /** A line for the log. */
  note(text: string): void;
}

/** Why a session ended, with the NOTIFICATION's code, 0 when there was none. */
export interface Ended extends DownReason {
  readonly notify: number;
}

const LOST: Ended = { kind: "lost", notification: null, notify: 0 };
/** Our end has given the connection up: TcpConnectionFails, event 18 of RFC 4271 §8.1.4. */
const FAILED: Ended = { ...LOST, event: 18 };

function fsmOptions(config: PeerConfig): FsmOptions {
  return {
    passive: config.passive,
    connectRetryMs: config.connect_retry_time * 1000,
    idleHoldMs: config.idle_hold_time * 1000,
    openMs: config.open_time * 1000,
    delayOpenMs: config.delay_open_time * 1000,
    damping: config.damp_peer_oscillations,
    keepaliveMs: config.keep_alive_time * 1000,
    sendHoldMs: config.send_hold_time * 1000,
    random: Math.random,
  };
}

export class Session {
  readonly #host: SessionHost;
  readonly #rib: RibSlot;
  readonly #events: SessionEvents;
  readonly #options: FsmOptions;
  readonly #memory: PeerMemory;
  #config: PeerConfig;
  #state: State = INITIAL;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  readonly #dialer: Dialer;
  /** The latest connection; kept for its counters after it has gone. */
  connection: Connection | null = null;
  open: OpenMessage | null = null;
  negotiated: Negotiated | null = null;
  /** Whole OPEN messages of the latest connection. */
  openSent: Uint8Array | null = null;
  openReceived: Uint8Array | null = null;
  /** How the latest connection ended, as far as it has. */
  ended: Ended = LOST;

  constructor(
    host: SessionHost,
    config: PeerConfig,
    rib: RibSlot,
    events: SessionEvents,
    memory: PeerMemory = new PeerMemory(),
  ) {
    this.#host = host;
    this.#config = config;
    this.#rib = rib;
    this.#events = events;
    this.#memory = memory;
    this.#options = fsmOptions(config);
    this.#dialer = this.#newDialer(host.dial);
  }

  /** The peer's configuration; of a dynamic neighbour with the AS that its OPEN has told. */
  get config(): PeerConfig {
    return this.#config;
  }

  get state(): State {
    return this.#state;
  }

  /** True when there is a connection, so that a further one is a collision. */
  get connected(): boolean {
    return isConnected(this.#state);
  }

  /** True while the peer has failed so often that its own connections are refused. */
  get damped(): boolean {
    return isDamped(this.#state, this.#options, performance.now());
  }

  input(input: Input): void {
    const connected = this.connected;
    const [next, outputs] = step(this.#state, input, performance.now(), this.#options);
    this.#state = next;
    for (const output of outputs) this.#act(output);
    this.#arm();
    this.#events.touched?.();
    if (connected && next.name === "IDLE" && !next.stopped) this.#events.lost(this);
  }

  /** Takes a connection that the peer has opened. */
  accept(socket: Socket): void {
    try {
      prepareAccepted(socket, this.#config);
    } catch (error) {
      this.#events.note(`its connection cannot be taken: ${reasonOf(error)}`);
      socket.destroy();
      return;
    }
    this.#adopt(socket, false);
    this.input({ kind: "accepted" });
  }

  /** Ends until "start". `text`: a shutdown communication (RFC 9003). */
  stop(notify: number, text = ""): void {
    this.input({ kind: "stop", notify, data: shutdownData(text) });
  }

  /** Ends with 6/4 and comes up again by itself. `text`: as of stop(). */
  reset(text: string): void {
    this.input({ kind: "reset", data: shutdownData(text) });
  }

  /** Ends with a NOTIFICATION; a new try comes after `idleMs`, Infinity: after "start" only. */
  end(notify: number, options: { idleMs: number; text?: string; data?: Uint8Array }): void {
    const data = options.data ?? shutdownData(options.text ?? "");
    this.input({ kind: "end", content: { notify, data }, idleMs: options.idleMs });
  }

  /** Ends because the peer has announced more prefixes of a family than it may (RFC 4486 §4). */
  tooManyPrefixes({ afi, safi }: AfiSafi): void {
    const { max_prefix, max_prefix_restart } = this.#config;
    const idleMs = max_prefix_restart === 0 ? Number.POSITIVE_INFINITY : max_prefix_restart * 1000;
    this.end(NOTIFY.prefixes, { idleMs, data: prefixLimitData(afi, safi, max_prefix) });
  }

  /** Ends without a word of it to the peer's other session, and for good. */
  dispose(notify: number, text = ""): void {
    this.stop(notify, text);
    clearTimeout(this.#timer);
  }

  /**
   * Asks for a family's routes (`subtype` REFRESH.ask), or brackets those that are sent anew (begin, end; RFC 7313 §4).
   * False when the session has not negotiated it.
   */
  sendRefresh({ afi, safi }: AfiSafi, subtype: number): boolean {
    const { connection, negotiated } = this;
    if (!connection || !negotiated || this.#state.name !== "ESTABLISHED") return false;
    if (subtype === REFRESH.ask ? negotiated.refreshType === 0 : !negotiated.enhancedRefresh) return false;
    const type = subtype === REFRESH.ask ? negotiated.refreshType : MSG.routeRefresh;
    connection.send(type, this.#host.module.encodeRefresh(type, afi, subtype, safi));
    return true;
  }

  /** Tells the peer that it has all of a family's routes (RFC 4724 §2). */
  sendEndOfRib(family: AfiSafi): void {
    if (this.#state.name === "ESTABLISHED") this.connection?.send(MSG.update, endOfRib(family));
  }

  #act(output: Output): void {
    switch (output.kind) {
      case "connect":
        this.#dialer.connect(this.#config);
        break;
      case "abortConnect":
        if (this.#dialer.drop() && output.late) this.#events.unreachable?.(null);
        break;
      case "close":
        this.#dialer.drop();
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
    const restart = this.#host.restart?.() ?? { restarting: false, forwarding: [] };
    const capabilities = announcedCapabilities(this.#config, { ...restart, withheld: this.#memory.withheld });
    const message = this.#host.module.encodeOpen(local_as, hold_time, this.#host.routerId, capabilities);
    this.openSent = message;
    this.connection?.send(MSG.open, message);
  }

  #sendNotification(content: NotificationContent): void {
    const keepsRoutes = this.negotiated?.gracefulRestart?.notification === true;
    const sent = keepsRoutes ? forGracefulPeer(content) : content;
    this.#events.note(`sends NOTIFICATION ${notificationLine(this.#memory.sent(sent))}`);
    const message = this.#host.module.encodeNotification(sent);
    const kind = content.notify === NOTIFY.deconfigured ? "deconfigured" : "local";
    this.ended = { kind, notification: message, notify: sent.notify };
    this.connection?.send(MSG.notification, message);
  }

  #newDialer(dial: Dial): Dialer {
    return new Dialer(dial, {
      connected: (socket) => {
        this.#adopt(socket, true);
        this.input({ kind: "connected" });
      },
      failed: (error) => {
        this.#events.unreachable?.(error);
        this.input({ kind: "connectFailed" });
      },
      note: (text) => this.#events.note(text),
    });
  }

  #adopt(socket: Socket, outgoing: boolean): void {
    this.negotiated = null;
    this.openSent = null;
    this.openReceived = null;
    this.ended = LOST;
    const connection = new Connection(socket, outgoing, this.#host.module, this.#rib, {
      message: (type, message) => this.#message(type, message),
      updates: () => this.input({ kind: "update" }),
      malformed: (update) => this.#memory.malformed(update),
      batch: () => this.#events.batch(this),
      error: (content) => this.input({ kind: "error", content }),
      closed: (failed) => {
        if (failed) this.ended = FAILED;
        this.input({ kind: "closed" });
      },
      drained: () => this.#events.drained?.(this),
      counted: () => this.#events.touched?.(),
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
        this.#notified(message);
        break;
      case MSG.update:
        this.input({ kind: "update" });
        break;
      default:
        this.input({ kind: "update" });
        if (this.#state.name === "ESTABLISHED") this.#refreshMessage(message);
    }
  }

  #notified(message: Buffer): void {
    const content = readNotification(message);
    const view = this.#memory.received(content, this.#state.name === "OPENSENT" || this.#state.name === "OPENCONFIRM");
    this.#events.note(`gets NOTIFICATION ${notificationLine(view)}`);
    this.ended = { kind: "remote", notification: message, notify: content.notify };
    this.input({ kind: "notification" });
  }

  /** RFC 7313 §5: a subtype that is unknown, or was not negotiated, is ignored. */
  #refreshMessage(message: Buffer): void {
    const { afi, safi, subtype } = readRefresh(message);
    if (subtype === REFRESH.ask) this.#events.refresh(this, afi, safi);
    const family = this.negotiated?.families.find((row) => row.afi === afi && row.safi === safi);
    if (!family || !this.negotiated?.enhancedRefresh) return;
    if (subtype === REFRESH.begin) this.#events.refreshBegan?.(this, family.rib);
    if (subtype === REFRESH.end) this.#events.refreshEnded?.(this, family.rib);
  }

  #openMessage(message: Buffer): void {
    const expected = awaitsOpen(this.#state);
    const open = expected ? this.#host.module.decodeOpen(message) : undefined;
    if (!open) {
      // Undecodable, or a second OPEN, which the state machine answers.
      if (open === null) this.input({ kind: "error", content: this.#host.module.notification() });
      else this.input({ kind: "open", holdTime: 0 });
      return;
    }
    const negotiated = negotiate(this.#config, open, this.#memory.withheld);
    const fault = openFault(this.#config, open, negotiated, this.#host.routerId, this.#memory.accepts);
    if (fault) {
      this.#events.note(fault.text);
      this.input({ kind: "error", content: fault.content });
      return;
    }
    // A dynamic neighbour is from now on what it has said to be.
    if (this.#memory.accepts) this.#config = { ...this.#config, remote_as: open.as };
    this.open = open;
    this.openReceived = message;
    this.negotiated = negotiated;
    if (!this.#events.opened(this, open)) return;
    this.input({ kind: "open", holdTime: negotiated.holdTime });
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
          this.input({ kind: "tick", progressAt: this.connection?.progressAt ?? Number.POSITIVE_INFINITY });
        },
        Math.max(at - performance.now(), 0) + 1,
      );
    }
  }
}
