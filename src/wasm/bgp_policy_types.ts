// A policy as it is checked and understood, before it becomes a program (bgp_policy_program.ts).

/** Prefixes under one, of some lengths. */
export interface PrefixRange {
  /** 4 or 16 bytes, host bits zero. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** The lengths that match: `length` <= `least` <= `most`. */
  readonly least: number;
  readonly most: number;
}

/** Entries of a community attribute: those whose bits under the mask are the value's. Both have the entry's width. */
export interface Pattern {
  readonly mask: Uint8Array;
  readonly value: Uint8Array;
}

/** A deterministic automaton; state 0 is the first. */
export interface Automaton {
  readonly states: readonly AutomatonState[];
}

export interface AutomatonState {
  /** The whole text matches, whatever follows. */
  readonly match: boolean;
  /** It matches when the text ends here. */
  readonly matchAtEnd: boolean;
  /** Nothing that follows can make it match. */
  readonly dead: boolean;
  /** The next state for each of the 16 symbols: digits, then those of SYMBOL. */
  readonly next: readonly number[];
}

/** All that is given must hold for the path. */
export interface PathTest {
  readonly contains?: readonly number[];
  readonly origin?: readonly number[];
  readonly neighbor?: readonly number[];
  readonly least?: number;
  readonly most?: number;
  readonly automaton?: Automaton;
}

export type CommunityAttribute = "communities" | "extended_communities" | "large_communities";

export type Condition =
  | { readonly kind: "prefix" | "next_hop"; readonly ranges: readonly PrefixRange[] }
  | { readonly kind: "family" | "origin" | "validation"; readonly values: readonly number[] }
  | { readonly kind: "med" | "local_pref"; readonly least: number; readonly most: number }
  | { readonly kind: "path"; readonly tests: readonly PathTest[] }
  | {
      readonly kind: "any" | "all";
      readonly attribute: CommunityAttribute;
      readonly patterns: readonly Pattern[];
    }
  | { readonly kind: "not"; readonly conditions: readonly Condition[] };

export type Edit =
  | { readonly attribute: "origin"; readonly op: "set"; readonly value: number }
  | { readonly attribute: "med" | "local_pref"; readonly op: "set" | "add" | "subtract"; readonly value: number }
  | { readonly attribute: "med" | "local_pref"; readonly op: "remove" }
  | { readonly attribute: "next_hop"; readonly hop: "self" | "peer" | Uint8Array }
  /** AS 0 is the local one. */
  | { readonly attribute: "as_path"; readonly prepend: readonly { readonly as: number; readonly times: number }[] }
  | {
      readonly attribute: CommunityAttribute;
      readonly remove: readonly Pattern[] | "all";
      /** Entries one after another. */
      readonly add: Uint8Array;
    };

export type PolicyAction = "accept" | "reject" | "continue";

export interface PolicyRule {
  readonly conditions: readonly Condition[];
  readonly action: PolicyAction;
  /** At most one an attribute. */
  readonly edits: readonly Edit[];
}

export interface PolicySource {
  readonly fallback: "accept" | "reject";
  readonly rules: readonly PolicyRule[];
}

/** What policies and transformations must know of a session. */
export interface NeighborOptions {
  readonly localAs: number;
  readonly remoteAs: number;
  readonly ibgp: boolean;
  /** Dotted quads as 4 bytes. */
  readonly routerId: Uint8Array;
  readonly clusterId?: Uint8Array;
  readonly role?: "provider" | "rs" | "rs-client" | "customer" | "peer";
  /** How often the local AS may stand in a received path; 0. */
  readonly allowOwnAs?: number;
  /** Addresses of our end and of theirs: 4 or 16 bytes each. */
  readonly local?: readonly Uint8Array[];
  readonly peer?: readonly Uint8Array[];
  /** Our link-local address, when the peer is on the same link. */
  readonly linkLocal?: Uint8Array;
  readonly reflectorClient?: boolean;
  readonly routeServerClient?: boolean;
  readonly nextHopUnchanged?: boolean;
  readonly nextHopSelf?: boolean;
  readonly nextHopSelfAll?: boolean;
  readonly aigp?: boolean;
  readonly enforceFirstAs?: boolean;
  readonly longLivedGr?: boolean;
  readonly extendedNextHop?: boolean;
}

/** A route as policies see it. */
export interface PolicyRoute {
  readonly attributes: Uint8Array;
  /** Index of the family. */
  readonly family: number;
  /** The prefix, when the family has one. */
  readonly prefix?: { readonly bytes: Uint8Array; readonly length: number };
  /** 0 not found, 1 valid, 2 invalid. */
  readonly validation?: number;
}
