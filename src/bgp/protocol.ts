// What the control thread and the BGP worker say to one another. All of it survives structured clone.

import type { PeerConfig } from "./config.js";
import type { Statistic } from "./connection.js";
import type { StateName } from "./fsm.js";
import type { NotificationView } from "./notifications.js";
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
  readonly received: { readonly withdrawUpdates: number; readonly withdrawn: number; readonly discarded: number };
  readonly sent: { readonly withdrawUpdates: number; readonly withdrawn: number };
  readonly routes: readonly { readonly family: string; readonly received: number; readonly advertised: number }[];
}

export interface SpeakerFigures {
  readonly peers: readonly PeerFigures[];
  /** `HOST:PORT` that is listened on, null when it is off. */
  readonly listening: string | null;
  /** Connections from addresses of no peer. */
  readonly strangersRefused: number;
  readonly memory: { readonly heldBytes: number; readonly sets: number; readonly totalBytes: number };
}

/** Route changes of a direction on this connection, by the groups that yabgp counts and further families. */
export type Version = Record<string, number>;

export interface RibEntry {
  readonly attr: Record<string, unknown>;
  readonly prefix: string;
}

type OfPeer<P = object> = P & { readonly address: string };

/** The worker's calls. A peer's address is canonical. */
export type BgpMethods = {
  start(params: undefined): Promise<{ readonly listening: string | null; readonly problem: string | null }>;
  addPeer(params: PeerConfig): void;
  removePeer(params: OfPeer): void;
  state(params: OfPeer): PeerState;
  statistic(params: OfPeer): Statistic;
  version(params: OfPeer<{ sent: boolean }>): Version;
  manualStart(params: OfPeer): void;
  /** `reason`: a shutdown communication (RFC 9003). */
  manualStop(params: OfPeer<{ reason: string }>): void;
  refresh(params: OfPeer<{ afi: unknown; safi: unknown; res: unknown }>): void;
  update(params: OfPeer<{ body: UpdateBody }>): void;
  encode(params: OfPeer<{ body: UpdateBody }>): Uint8Array;
  sendBinary(params: OfPeer<{ bytes: Uint8Array }>): void;
  lookup(params: OfPeer<{ sent: boolean; family: string; items: readonly string[] }>): (RibEntry | null)[];
  figures(params: undefined): SpeakerFigures;
  close(params: undefined): Promise<void>;
};

/** A line that the worker's events ask the log to write. */
export interface NoteEvent {
  readonly peer: string;
  readonly text: string;
}
