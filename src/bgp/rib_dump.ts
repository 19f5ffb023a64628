// The shared tables as what dumps read (rib_source.ts): a batch at a time, other work in between.

import type { RouteEntry } from "../wasm/bgp_types.js";
import { FAMILIES } from "./families.js";
import type { DumpedPeer, DumpedRoute, RibSource } from "./rib_source.js";
import type { Speaker } from "./speaker.js";

const ROUTES_AT_ONCE = 2_000;
const SLOTS_AT_ONCE = 16_384;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export class RibDump implements RibSource {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  peers(): DumpedPeer[] {
    return [...this.#speaker.peers.values()].map((peer) => ({
      address: peer.config.remote_addr,
      as: peer.session.config.remote_as,
      id: peer.session.open?.identifier ?? 0,
    }));
  }

  async *routes(address: string | null): AsyncIterable<readonly DumpedRoute[]> {
    const { tables } = this.#speaker.module;
    const peer = address === null ? null : this.#speaker.peers.get(address);
    if (peer === undefined) return;
    const rib = peer ? peer.routes.ribIn : tables.shared;
    for (const { rib: family } of FAMILIES) {
      for (let cursor = 0; cursor >= 0; ) {
        const options = { all: peer === null, slots: SLOTS_AT_ONCE };
        const { rows, next } = tables.scan(rib, family, cursor, ROUTES_AT_ONCE, options);
        const batch = rows.map((row) => this.#route(family, row)).filter((route) => route !== null);
        if (batch.length > 0) yield batch;
        await turn();
        cursor = next;
      }
    }
  }

  /** Null for a route whose peer has gone. */
  #route(family: number, { set, pathId, source, wire }: RouteEntry): DumpedRoute | null {
    const peer = this.#speaker.peerOfSource(source);
    if (!peer) return null;
    const attributes = this.#speaker.module.tables.attributes(set);
    const received = peer.upSinceEpoch;
    return { peer: peer.config.remote_addr, family, nlri: wire, pathId, attributes, received };
  }
}
