// The observer that tells monitoring stations what sessions say (RFC 7854): all stations the same, encoded once.

import type { DownReason, ObservedPeer, Observer } from "../observer.js";
import type { StationConfig } from "./config.js";
import { peerHead, routeMonitoring } from "./messages.js";
import { Station, type StationCounters, type StationHost } from "./station.js";

export class BmpSender implements Observer {
  readonly #peers = new Map<string, { peer: ObservedPeer; head: Buffer; dumpHead: Buffer; since: number }>();
  readonly #stations: readonly Station[];
  readonly #host: StationHost;

  /** Dials all stations. */
  constructor(stations: readonly StationConfig[], host: StationHost) {
    this.#host = host;
    this.#stations = stations.map((station) => new Station(station, host, this.#peers));
  }

  get wantsMessages(): boolean {
    return this.#stations.some((station) => station.connected);
  }

  get counters(): readonly StationCounters[] {
    return this.#stations.map((station) => station.counters);
  }

  messages(peer: ObservedPeer, sent: boolean, bytes: Uint8Array): void {
    const up = this.#peers.get(peer.address);
    if (sent || !up || !this.wantsMessages) return;
    const wrapped = routeMonitoring(up.head, this.#host.now(), bytes);
    if (wrapped.length === 0) return;
    for (const station of this.#stations) station.tell(wrapped);
  }

  up(peer: ObservedPeer): void {
    const heads = { head: peerHead(peer, peer.fourOctetAs), dumpHead: peerHead(peer, true) };
    const up = { peer, ...heads, since: this.#host.now() };
    this.#peers.set(peer.address, up);
    for (const station of this.#stations) station.up(up);
  }

  down(peer: ObservedPeer, reason: DownReason): void {
    const up = this.#peers.get(peer.address);
    this.#peers.delete(peer.address);
    if (up) for (const station of this.#stations) station.down(up, reason);
  }

  async close(): Promise<void> {
    await Promise.all(this.#stations.map((station) => station.close()));
  }
}
