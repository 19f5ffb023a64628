// What the control thread and the BGP worker say to one another. All of it survives structured clone.

import type { PeerConfig } from "./config.js";
import type { Statistic } from "./connection.js";
import type { EventInterest } from "./events.js";
import type { FeedFigures, SnapshotResult } from "./feeds.js";
import type { FibFigures } from "./fib/installer.js";
import type { StateName } from "./fsm.js";
import type { MalformedView } from "./memory.js";
import type { NotificationView } from "./notifications.js";
import type { Policy } from "./policy/policy.js";
import type { RpkiFigures, Validation, ValidationQuery } from "./rtr/protocol.js";
import type { UpdateBody } from "./update_json.js";

export interface PeerState {
  readonly fsm: StateName;
  readonly remote_addr: string;
  readonly remote_as: number;
  readonly local_addr: string;
  readonly local_as: number;
  /** Seconds in ESTABLISHED, 0 otherwise. */
  readonly uptime: number;
  /** The last NOTIFICATION, whoever sent it; null when there was none. */
  readonly last_notification: NotificationView | null;
  /** The last UPDATE that was not taken as it came; null when there was none. */
  readonly last_malformed: MalformedView | null;
  readonly capability: { readonly local: Record<string, unknown>; readonly remote: Record<string, unknown> };
}

export interface PeerFigures {
  readonly address: string;
  readonly fsm: StateName;
  readonly stopped: boolean;
  readonly remoteAs: number;
  readonly localAs: number;
  readonly uptimeSeconds: number;
  readonly flops: number;
  readonly queuedBytes: number;
  readonly statistic: Statistic;
  readonly received: {
    readonly withdrawUpdates: number;
    readonly withdrawn: number;
    readonly discarded: number;
    readonly malformed: number;
  };
  readonly sent: { readonly withdrawUpdates: number; readonly withdrawn: number };
  readonly routes: readonly FamilyFigures[];
  /** The peer's BGP identifier as a dotted quad, "0.0.0.0" before its first OPEN. */
  readonly remoteId?: string;
  /** Seconds since the session came up or went down, null when it has done neither. */
  readonly changedSeconds?: number | null;
  /** Of the connection, 0 while there is none. */
  readonly localPort?: number;
  readonly remotePort?: number;
  /** As negotiated, in seconds; 0 while the session is down. */
  readonly holdSeconds?: number;
  readonly keepaliveSeconds?: number;
}

export interface FamilyFigures {
  readonly family: string;
  readonly received: number;
  /** Those of `received` that rules of the protocol and the import policy let through. */
  readonly accepted: number;
  readonly advertised: number;
}

export interface SpeakerFigures {
  readonly peers: readonly PeerFigures[];
  /** `HOST:PORT` that is listened on, null when it is off. */
  readonly listening: string | null;
  /** Connections from addresses of no peer. */
  readonly strangersRefused: number;
  readonly memory: { readonly heldBytes: number; readonly sets: number; readonly totalBytes: number };
}

/** Figures of the whole room. */
export interface RoomFigures extends SpeakerFigures {
  readonly rpki: RpkiFigures;
  /** Null: routes do not go into the kernel. */
  readonly fib: FibFigures | null;
  readonly feeds: FeedFigures;
}

/** How a policy fares since it was loaded. */
export interface PolicyFigures {
  readonly name: string;
  /** How often each rule has matched, in their order. */
  readonly hits: readonly number[];
  /** Routes that were rejected because their attributes could not be written. */
  readonly failed: number;
}

/** Route changes of a direction on this connection: by the groups that yabgp counts, and by each further family. */
export type Version = Record<"ipv4" | "ipv6" | "flowspec" | "mpls_vpn" | "sr_policy", number> & Record<string, number>;

/** A page of routes. `in` and `out` are a peer's Adj-RIBs, `best` the Loc-RIB, `all` every route of every peer. */
export interface RouteQuery {
  readonly view: "in" | "out" | "best" | "all";
  /** The peer of `in` and `out`; for the other views a filter. */
  readonly address?: string;
  readonly family: string;
  readonly prefix?: string;
  /** With `prefix`: what it covers, too. */
  readonly longer?: boolean;
  /** "" for the first page. */
  readonly cursor: string;
  readonly limit: number;
}

export interface RouteRow {
  readonly nlri: unknown;
  readonly path_id?: number;
  /** The peer that it came from (or, for `out`, goes to), "" for our own. */
  readonly peer: string;
  readonly attr: Record<string, unknown>;
  readonly best: boolean;
  readonly eligible: boolean;
  readonly stale: boolean;
  readonly origin_validation?: "valid" | "invalid" | "not-found";
  /** Epoch seconds, 0 when it is not known. */
  readonly received: number;
}

/** `cursor` null: that was the last page. A page may have fewer rows than were asked for, even none. */
export interface RoutePage {
  readonly routes: RouteRow[];
  readonly cursor: string | null;
}

export interface RibEntry {
  readonly attr: Record<string, unknown>;
  /** In families of prefixes. */
  readonly prefix?: string;
  /** In all others. */
  readonly nlri?: unknown;
}

type OfPeer<P = object> = P & { readonly address: string };

/** The worker's calls. A peer's address is canonical. */
export type BgpMethods = {
  start(params: undefined): Promise<{ readonly listening: string | null; readonly problem: string | null }>;
  /** After a start, before its peers are added: waits for their routes (RFC 4724 §4.1). */
  deferSelection(params: readonly PeerConfig[]): void;
  /** In place of the one with its address. False when the session has gone on, with the new options. */
  addPeer(params: PeerConfig): boolean;
  removePeer(params: OfPeer): void;
  state(params: OfPeer): PeerState;
  statistic(params: OfPeer): Statistic;
  version(params: OfPeer<{ sent: boolean }>): Version;
  manualStart(params: OfPeer): void;
  /** `reason`: a shutdown communication (RFC 9003). */
  manualStop(params: OfPeer<{ reason: string }>): void;
  manualReset(params: OfPeer<{ reason: string }>): void;
  refresh(params: OfPeer<{ afi: unknown; safi: unknown; res: unknown }>): void;
  update(params: OfPeer<{ body: UpdateBody }>): void;
  encode(params: OfPeer<{ body: UpdateBody }>): Uint8Array;
  /** With `force` the bytes go out whatever they are. */
  sendBinary(params: OfPeer<{ bytes: Uint8Array; force: boolean }>): void;
  lookup(params: OfPeer<{ sent: boolean; family: string; items: readonly unknown[] }>): (RibEntry | null)[];
  /** Bounded work a call. */
  routes(params: RouteQuery): RoutePage;
  /** What control wants to be told of as "events"; null nothing. */
  subscribe(params: EventInterest | null): void;
  /** Control has taken so many events: more may follow. */
  eventsTaken(params: number): void;
  /** Puts a policy in place of the one with its name, or takes it away (null); peers that name it are judged anew. */
  setPolicy(params: { readonly name: string; readonly policy: Policy | null }): void;
  policies(params: undefined): PolicyFigures[];
  validate(params: ValidationQuery): Validation;
  /** Writes a snapshot of all Adj-RIBs-In. */
  snapshot(params: undefined): Promise<SnapshotResult>;
  figures(params: undefined): RoomFigures;
  close(params: undefined): Promise<void>;
};

/** A line that the worker's events ask the log to write. */
export interface NoteEvent {
  readonly peer: string;
  readonly text: string;
}
