// Sessions and routes for observers, made of nothing.

import type { ObservedPeer } from "../../src/bgp/observer.js";
import type { DumpedPeer, DumpedRoute, RibSource } from "../../src/bgp/rib_source.js";
import { MANDATORY, open, update } from "./bgp_raw.js";

/** A session with 192.0.2.1, AS 65001; we are 192.0.2.9, AS 65009. */
export function observedPeer(given: Partial<ObservedPeer> = {}): ObservedPeer {
  return {
    address: "192.0.2.1",
    remoteAs: 65_001,
    localAs: 65_009,
    localAddress: "192.0.2.9",
    localPort: 33_333,
    remotePort: 179,
    remoteId: 0x0a000001,
    ibgp: false,
    fourOctetAs: true,
    addPathIn: [],
    addPathOut: [],
    openSent: open(65_009, { id: 0x0a000009 }),
    openReceived: open(65_001, { id: 0x0a000001 }),
    ...given,
  };
}

/** An UPDATE that announces 10.1.N.0/24. */
export const announce = (n: number) => update({ attributes: MANDATORY, nlri: [24, 10, 1, n] });

/** An UPDATE that announces 2001:db8:N::/48 with next hop 2001:db8::1. */
export function announce6(n: number): Buffer {
  const hop = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const reach = [0x80, 14, 28, 0, 2, 1, 16, ...hop, 0, 48, 0x20, 1, 0xd, 0xb8, n >> 8, n & 255];
  return update({ attributes: [...reach, ...MANDATORY.slice(0, -7)] });
}

export const HOP6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/** Attribute sets as a RIB keeps them: of an IPv4 route, and of an IPv6 one. */
export const SET4 = Buffer.from(MANDATORY);
export const SET6 = Buffer.from([0x80, 14, 20, 0, 2, 1, 16, ...HOP6, ...MANDATORY.slice(0, -7)]);

/** A route of 192.0.2.1 to 10.1.N.0/24. */
export function route(n: number, given: Partial<DumpedRoute> = {}): DumpedRoute {
  const nlri = Buffer.of(24, 10, 1, n);
  return { peer: "192.0.2.1", family: 0, nlri, pathId: 0, attributes: SET4, received: 1_000 + n, ...given };
}

/** A RIB that holds these routes. `pause` is awaited before each batch. */
export function ribOf(
  routes: readonly DumpedRoute[],
  options: { peers?: readonly DumpedPeer[]; batch?: number; pause?: () => Promise<void> } = {},
): RibSource {
  const { peers = [{ address: "192.0.2.1", as: 65_001, id: 0x0a000001 }], batch = 100, pause } = options;
  return {
    peers: () => peers,
    async *routes(peer) {
      const some = peer === null ? routes : routes.filter((one) => one.peer === peer);
      for (let at = 0; at < some.length; at += batch) {
        await pause?.();
        yield some.slice(at, at + batch);
      }
    },
  };
}
