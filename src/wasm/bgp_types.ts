// What goes in and out of the typed view of bgp.wasm.

import type { NeighborHandle, PolicyHandle } from "./bgp_policy.js";

/** A RIB's place in the module's memory: one direction of one peer. */
export type RibSlot = number & { readonly rib: unique symbol };
/** An interned attribute set. Valid while a table refers to it: read its bytes before the next call that decodes. */
export type SetHandle = number & { readonly set: unique symbol };

export interface SessionOptions {
  readonly fourOctetAs: boolean;
  readonly ibgp: boolean;
  /** Messages of up to 65535 bytes (RFC 8654). */
  readonly extendedMessages?: boolean;
  /** Family indices that both sides have announced. */
  readonly families: readonly number[];
  /** Families whose NLRI carry path identifiers (RFC 7911). */
  readonly addPath?: readonly number[];
}

/** Whom routes in the shared tables come from. */
export type SourceSlot = number & { readonly source: unique symbol };

export interface SourceOptions {
  readonly ibgp: boolean;
  /** A client of ours as a route reflector. */
  readonly client: boolean;
  /** The peer's BGP identifier as a number. */
  readonly routerId: number;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
}

/** What one peer gets of the shared tables. */
export type ExportSlot = number & { readonly export: unique symbol };

export interface ExportOptions {
  readonly ibgp: boolean;
  readonly client: boolean;
  readonly fourOctetAs: boolean;
  readonly families: readonly number[];
  readonly addPath: readonly number[];
  readonly messageBytesMax: number;
  /** Whose routes do not go back. */
  readonly source: SourceSlot;
  /** What policy and the protocol's rules must know of the peer. */
  readonly neighbor: NeighborHandle;
  readonly policy: PolicyHandle | null;
  /** The policy looks at more than attributes. */
  readonly policyPerRoute: boolean;
}

/** One route of a table. */
export interface RouteEntry {
  readonly set: SetHandle;
  /** The attributes after the import policy; the same set when it changes none. */
  readonly post: SetHandle;
  readonly pathId: number;
  /** The index of its source, 0 in a RIB without one. */
  readonly source: number;
  readonly best: boolean;
  readonly eligible: boolean;
  readonly stale: boolean;
  readonly rejected: boolean;
  /** The NLRI as on the wire, without path identifier. */
  readonly wire: Buffer;
}

export interface OpenMessage {
  readonly version: number;
  readonly as: number;
  readonly holdTime: number;
  /** The BGP identifier as a number. */
  readonly identifier: number;
  readonly capabilities: readonly { readonly code: number; readonly value: Uint8Array }[];
}

/** What must be sent before a connection is closed: code << 8 | subcode, and data. */
export interface NotificationContent {
  readonly notify: number;
  readonly data: Uint8Array;
}

/** An UPDATE that RFC 7606 speaks of. */
export interface MalformedUpdate {
  /** How many there were in one piece of input, this one being the last. */
  readonly count: number;
  readonly verdict: "attribute-discard" | "treat-as-withdraw" | "session-reset";
  /** The attribute that earned the verdict, 0 when it was none. */
  readonly attribute: number;
  /** Bytes of the whole message, and the first 4096 of them. */
  readonly length: number;
  readonly message: Uint8Array;
}

export interface RibCounters {
  readonly updates: number;
  readonly withdrawUpdates: number;
  readonly announced: number;
  readonly withdrawn: number;
  readonly treatedAsWithdraw: number;
  readonly attributesDiscarded: number;
  readonly familiesIgnored: number;
  /** Paths of a prefix above the bound. */
  readonly pathsRefused: number;
}
