// Dynamic neighbours: ranges whose addresses may connect without being configured one by one. The speaker asks which
// range takes a stranger, makes a peer of it, and gives it back when its session has ended.

import { type Prefix, parseAddress, parsePrefix } from "../base/ip.js";
import type { BgpPeerRecord } from "../store/tables.js";
import { withoutZone } from "./addresses.js";

/** One `[[bgp.dynamic]]`. */
export interface DynamicConfig {
  readonly prefix: string;
  /** AS numbers that may connect; null for any. */
  readonly remoteAs: readonly number[] | null;
  readonly maxPeers: number;
  /** What its peers have, but for remote_addr and remote_as. */
  readonly template: BgpPeerRecord;
}

interface Range {
  readonly config: DynamicConfig;
  readonly prefix: Prefix;
  readonly peers: Set<string>;
}

/** What a connection from an address of no peer stands for. */
export type Admission =
  /** A new peer, that counts until release(). Its remote_as is 0 as long as its OPEN has not told it. */
  | { readonly kind: "peer"; readonly config: BgpPeerRecord; accepts(as: number): boolean }
  /** The range has as many peers as it may. */
  | { readonly kind: "full"; readonly prefix: string; readonly limit: number }
  | { readonly kind: "stranger" };

function covers({ bytes, length }: Prefix, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== address[i]) return false;
  const bits = length & 7;
  return bits === 0 || ((bytes[whole] as number) ^ (address[whole] as number)) >> (8 - bits) === 0;
}

export class DynamicNeighbours {
  readonly #ranges: Range[];

  constructor(configs: readonly DynamicConfig[]) {
    this.#ranges = configs
      .map((config) => ({ config, prefix: parsePrefix(config.prefix) as Prefix, peers: new Set<string>() }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The ranges with a key, for the listening socket. */
  get signed(): { readonly prefix: Prefix; readonly key: string }[] {
    return this.#ranges
      .filter(({ config }) => config.template.md5 !== "")
      .map(({ prefix, config }) => ({ prefix, key: config.template.md5 }));
  }

  /** True when a range asks for GTSM, which the listening socket must be ready for. */
  get ttlSecurity(): boolean {
    return this.#ranges.some(({ config }) => config.template.ttl_security > 0);
  }

  /** Peers that there are now. */
  get count(): number {
    return this.#ranges.reduce((sum, { peers }) => sum + peers.size, 0);
  }

  /** The longest range that covers an address (as peerAddress() writes it) takes it, counted once. */
  admit(address: string): Admission {
    const bytes = parseAddress(withoutZone(address));
    const range = bytes && this.#ranges.find(({ prefix }) => covers(prefix, bytes));
    if (!range) return { kind: "stranger" };
    const { template, prefix, maxPeers, remoteAs } = range.config;
    if (!range.peers.has(address) && range.peers.size >= maxPeers) return { kind: "full", prefix, limit: maxPeers };
    range.peers.add(address);
    const known = remoteAs?.length === 1 ? (remoteAs[0] as number) : 0;
    return {
      kind: "peer",
      config: { ...template, remote_addr: address, remote_as: known, passive: true },
      accepts: (as) => as !== 0 && (remoteAs === null || remoteAs.includes(as)),
    };
  }

  /** The peer is gone: its place is free. */
  release(address: string): void {
    for (const { peers } of this.#ranges) peers.delete(address);
  }
}
