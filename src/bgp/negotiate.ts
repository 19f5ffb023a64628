// What two OPENs together allow: the only thing that the rest of the speaker asks about capabilities.

import { CAP, MSG } from "../wasm/bgp_numbers.js";
import type { OpenMessage } from "../wasm/bgp_types.js";
import { addPaths } from "./add_path.js";
import {
  type AfiSafi,
  readAddPaths,
  readLongLived,
  readMultiprotocol,
  readNextHops,
  readRestart,
} from "./capability_values.js";
import type { PeerConfig } from "./config.js";
import { type Family, supported } from "./families.js";
import { type Role, theirRole } from "./roles.js";

/** Capabilities that are kept back from a speaker that did not take them: codes, or all of them. */
export type Withheld = ReadonlySet<number> | "all";
export const NOTHING_WITHHELD: Withheld = new Set<number>();

export const withholds = (withheld: Withheld, code: number): boolean => withheld === "all" || withheld.has(code);

/** The peer's graceful restart capability, of the families that both speak. */
export interface PeerRestart {
  readonly restartTime: number;
  /** R: it comes back from a restart. */
  readonly restarting: boolean;
  /** Both ends have set N: routes are kept over a NOTIFICATION, too (RFC 8538). */
  readonly notification: boolean;
  readonly families: readonly { readonly family: number; readonly forwarding: boolean }[];
}

/** What both OPENs together allow. Families are given by their index (families.ts). */
export interface Negotiated {
  readonly families: readonly { readonly afi: number; readonly safi: number; readonly rib: number }[];
  readonly fourOctetAs: boolean;
  /** Families whose prefixes carry path identifiers: what comes, and what is sent (RFC 7911). */
  readonly addPathIn: readonly number[];
  readonly addPathOut: readonly number[];
  /** Messages of up to 65535 bytes, both ways (RFC 8654). */
  readonly extendedMessages: boolean;
  /** IPv4 families whose next hop may be an IPv6 address, both ways (RFC 8950). */
  readonly extendedNextHop: readonly number[];
  /** The message type for a route refresh, 0 when the peer takes none. */
  readonly refreshType: number;
  /** BoRR and EoRR around a refresh, both ways (RFC 7313). */
  readonly enhancedRefresh: boolean;
  /** Null: its routes go with the session (RFC 4724). */
  readonly gracefulRestart: PeerRestart | null;
  /** Families whose routes may be kept for long, in seconds (RFC 9494). Empty without graceful restart. */
  readonly llgr: readonly { readonly family: number; readonly staleTime: number; readonly forwarding: boolean }[];
  /** Ours and the peer's (RFC 9234), null when not announced. */
  readonly role: Role | null;
  readonly theirRole: Role | null;
  readonly holdTime: number;
}

const is =
  (one: AfiSafi) =>
  ({ afi, safi }: AfiSafi): boolean =>
    afi === one.afi && safi === one.safi;

/** All instances of a capability, read; malformed ones count as not sent. */
function received<T>(open: OpenMessage, code: number, read: (value: Buffer) => T | null): T[] {
  return open.capabilities
    .filter((capability) => capability.code === code)
    .map(({ value }) => read(Buffer.from(value)))
    .filter((one): one is Awaited<T> & T => one !== null);
}

/** RFC 7911 §4: each direction needs one end that sends and one that receives. */
function paths(config: PeerConfig, open: OpenMessage, families: readonly Family[], ours: number): number[] {
  const theirs = received(open, CAP.addPath, readAddPaths).flat();
  const mine = addPaths(config.add_path);
  return families
    .filter((family) => {
      const we = mine.find(({ family: own }) => is(own)(family))?.mode ?? 0;
      const they = theirs.find(is(family))?.mode ?? 0;
      return we <= 3 && they <= 3 && (we & ours) !== 0 && (they & (3 - ours)) !== 0;
    })
    .map(({ rib }) => rib);
}

function restart(config: PeerConfig, open: OpenMessage, families: readonly Family[]): PeerRestart | null {
  // RFC 4724 §3: of several instances only the last one counts.
  const sent = received(open, CAP.gracefulRestart, readRestart).at(-1);
  if (!sent || config.graceful_restart === false) return null;
  return {
    restartTime: sent.restartTime,
    restarting: sent.restarting,
    notification: sent.notification,
    families: families.flatMap((family) => {
      const entry = sent.families.find(is(family));
      return entry ? [{ family: family.rib, forwarding: entry.forwarding }] : [];
    }),
  };
}

function longLived(config: PeerConfig, open: OpenMessage, families: readonly Family[]): Negotiated["llgr"] {
  if (config.llgr_stale_time === 0) return [];
  const sent = received(open, CAP.longLivedGr, readLongLived).at(-1) ?? [];
  return families.flatMap((family) => {
    const entry = sent.find(is(family));
    if (!entry) return [];
    // RFC 9494 §4.2: the configured time is an upper bound on what the peer asks for.
    const staleTime = Math.min(entry.staleTime, config.llgr_stale_time);
    return [{ family: family.rib, staleTime, forwarding: entry.forwarding }];
  });
}

/** The families that both have announced; without any multiprotocol capability it is IPv4 unicast (RFC 4760 §8). */
function common(config: PeerConfig, open: OpenMessage, withheld: Withheld): Family[] {
  const plain = [{ afi: 1, safi: 1 }];
  const offered = received(open, CAP.multiprotocol, readMultiprotocol);
  const theirs = open.capabilities.some(({ code }) => code === CAP.multiprotocol) ? offered : plain;
  const ours = supported(config.afi_safi);
  const said = withholds(withheld, CAP.multiprotocol) ? ours.filter(is({ afi: 1, safi: 1 })) : ours;
  return said.filter((family) => theirs.some(is(family)));
}

/** What our configuration and the peer's OPEN allow. `withheld`: what our OPEN left out on purpose. */
export function negotiate(config: PeerConfig, open: OpenMessage, withheld: Withheld = NOTHING_WITHHELD): Negotiated {
  const has = (code: number) => open.capabilities.some((capability) => capability.code === code);
  const ours = (code: number, on: boolean) => on && !withholds(withheld, code);
  const families = common(config, open, withheld);
  const wide = open.capabilities.some(({ code, value }) => code === CAP.fourOctetAs && value.length === 4);
  const addPath = ours(CAP.addPath, true);
  const graceful = ours(CAP.gracefulRestart, true) ? restart(config, open, families) : null;
  const hops = received(open, CAP.extendedNextHop, readNextHops).flat();
  return {
    families,
    fourOctetAs: wide && ours(CAP.fourOctetAs, announcesFourOctetAs(config)),
    addPathIn: addPath ? paths(config, open, families, 1) : [],
    addPathOut: addPath ? paths(config, open, families, 2) : [],
    extendedMessages: has(CAP.extendedMessage) && ours(CAP.extendedMessage, config.extended_messages),
    extendedNextHop: families
      .filter((family) => ours(CAP.extendedNextHop, config.ext_nexthop.includes(family.name)))
      .filter((family) => hops.some((hop) => is(family)(hop) && hop.nextHopAfi === 2))
      .map(({ rib }) => rib),
    refreshType: has(CAP.routeRefresh) ? MSG.routeRefresh : has(CAP.ciscoRefresh) ? MSG.ciscoRefresh : 0,
    enhancedRefresh: has(CAP.enhancedRefresh) && ours(CAP.enhancedRefresh, config.enhanced_route_refresh),
    gracefulRestart: graceful,
    llgr: graceful && ours(CAP.longLivedGr, true) ? longLived(config, open, families) : [],
    role: ours(CAP.role, true) && config.role !== "" ? config.role : null,
    theirRole: theirRole(open),
    holdTime: Math.min(config.hold_time, open.holdTime),
  };
}

/** An AS number above 65535 cannot go without. */
export function announcesFourOctetAs(config: PeerConfig): boolean {
  return config.four_bytes_as || config.local_as > 0xffff;
}
