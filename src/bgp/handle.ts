// What surfaces may ask of the BGP room.

import type { BgpPolicyRecord } from "../store/tables.js";
import type { PeerConfig } from "./config.js";
import type { Statistic } from "./connection.js";
import type { EventFilter, EventSink } from "./event_hub.js";
import type { SnapshotResult } from "./feeds.js";
import type { PeerState, RibEntry, RoomFigures, RoutePage, RouteQuery, Version } from "./protocol.js";
import type { Validation, ValidationQuery } from "./rtr/protocol.js";
import type { UpdateBody } from "./update_json.js";

export interface PeerView extends PeerConfig {
  /** "file": from the configuration file, which alone may change it. "dynamic": made by one of its ranges. */
  readonly source: "file" | "store" | "dynamic";
}

export interface PolicyView extends BgpPolicyRecord {
  readonly source: "file" | "store";
  /** Peers that name it. */
  readonly used: { readonly import: readonly string[]; readonly export: readonly string[] };
  /** How often each rule has matched since the policy was loaded; null while no peer has named it. */
  readonly hits: readonly number[] | null;
  readonly failed: number;
}

export interface BgpHandle {
  /** Where peers can connect to, null when nothing is listened on. */
  readonly listening: string | null;
  peers(): PeerView[];
  /** Errors of all that take an address: BGP_PEER_UNKNOWN. */
  peer(address: string): PeerView;
  /** Adds a peer. Errors: BODY_INVALID, BGP_PEER_EXISTS, OVERLOADED. */
  addPeer(body: unknown): Promise<PeerView>;
  /** Replaces a peer's configuration, or makes it (PUT); with `merge` changes some of it (PATCH). Errors: BODY_INVALID, BGP_PEER_FIXED. */
  setPeer(address: string, body: unknown, merge: boolean): Promise<{ peer: PeerView; created: boolean }>;
  /** Errors: BGP_PEER_FIXED. */
  removePeer(address: string): Promise<void>;
  /** These three answer at once when the peer's figures are in shared memory, as they are but for the first moments. */
  state(address: string): PeerState | Promise<PeerState>;
  statistic(address: string): Statistic | Promise<Statistic>;
  version(address: string, sent: boolean): Version | Promise<Version>;
  manualStart(address: string): Promise<void>;
  /** `reason`: a text for the peer (RFC 9003). */
  manualStop(address: string, reason?: string): Promise<void>;
  /** Ends the session with Cease/4; it comes up again by itself. Errors: BGP_PEER_STATE when it was stopped. */
  manualReset(address: string, reason: string): Promise<void>;
  refresh(address: string, body: { afi?: unknown; safi?: unknown; res?: unknown }): Promise<void>;
  update(address: string, body: UpdateBody): Promise<void>;
  /** The messages that `update` would send. */
  encode(address: string, body: UpdateBody): Promise<Uint8Array>;
  /** `force`: whatever the bytes are. */
  sendBinary(address: string, bytes: Uint8Array, force: boolean): Promise<void>;
  lookup(
    address: string,
    query: { sent: boolean; family: string; items: readonly unknown[] },
  ): Promise<(RibEntry | null)[]>;
  /** A page of routes. Errors: BGP_PEER_UNKNOWN, BODY_INVALID for a cursor that is none. */
  routes(query: RouteQuery): Promise<RoutePage>;
  /** Hands events to `sink` until the returned function is called. */
  listen(filter: EventFilter, sink: EventSink): () => void;
  /** Policies of the file and of the store, with how they fare. */
  policies(): Promise<PolicyView[]>;
  /** Errors: BGP_POLICY_UNKNOWN. */
  policy(name: string): Promise<PolicyView>;
  /** Makes or replaces a policy; peers that name it are judged anew. Errors: BODY_INVALID, BGP_POLICY_FIXED. */
  setPolicy(name: string, body: unknown): Promise<{ policy: PolicyView; created: boolean }>;
  /** Errors: BGP_POLICY_UNKNOWN, BGP_POLICY_FIXED, BGP_POLICY_USED. */
  removePolicy(name: string): Promise<void>;
  /** What an origin would be (RFC 6811). Errors: BODY_INVALID. */
  validate(query: ValidationQuery): Promise<Validation>;
  /** Writes an MRT snapshot. Errors: UNAVAILABLE. */
  snapshot(): Promise<SnapshotResult>;
  figures(): Promise<RoomFigures>;
  health(): { readonly status: "up" | "off" | "failed"; readonly detail: string };
  close(): Promise<void>;
}
