// Who watches sessions: monitoring (BMP), dumps (MRT), the message log and the event stream. An observer lives in the
// worker's thread and is told of whole batches of messages, never of one UPDATE at a time.

export interface ObservedPeer {
  readonly address: string;
  readonly remoteAs: number;
  readonly localAs: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remotePort: number;
  /** The peer's BGP identifier as a number. */
  readonly remoteId: number;
  readonly ibgp: boolean;
  readonly fourOctetAs: boolean;
  /** Indices of the families whose prefixes carry path identifiers: what comes, and what is sent (RFC 7911). */
  readonly addPathIn: readonly number[];
  readonly addPathOut: readonly number[];
  /** Whole OPEN messages. */
  readonly openSent: Uint8Array;
  readonly openReceived: Uint8Array;
}

export interface DownReason {
  /** Who ended the session: we with a NOTIFICATION, the peer with one, nobody (the connection was lost), or the operator who removed the peer. */
  readonly kind: "local" | "remote" | "lost" | "deconfigured";
  /** The whole NOTIFICATION message, null when there was none. */
  readonly notification: Uint8Array | null;
  /** Of an end without one: the event of RFC 4271 §8.1 that it was for our end; not there when the peer closed the connection. */
  readonly event?: number;
}

export interface Observer {
  /** True while it wants messages: they are copied only for those that do. */
  readonly wantsMessages: boolean;
  /**
   * Whole BGP messages one after another, as they went over the wire; several UPDATEs may come in one call. The bytes
   * are valid during the call only.
   */
  messages(peer: ObservedPeer, sent: boolean, bytes: Uint8Array): void;
  up(peer: ObservedPeer): void;
  down(peer: ObservedPeer, reason: DownReason): void;
  /** A connection with a peer could not be made; `error` null: there was no answer in time. */
  unreachable?(address: string, error: NodeJS.ErrnoException | null): void;
  close(): Promise<void> | void;
}
