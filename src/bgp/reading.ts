// Routes for readers: of one peer, of what it gets, the best ones, or all. A call does a bounded piece of work, and a
// cursor says where the next one goes on.

import { AppError } from "../base/errors.js";
import { formatAddress, type Prefix, parseAddress, parsePrefix } from "../base/ip.js";
import type { BgpModule } from "../wasm/bgp.js";
import { ORIGIN_NONE } from "../wasm/bgp_roa.js";
import type { RibSlot, RouteEntry } from "../wasm/bgp_types.js";
import { routeContext } from "./attribute_context.js";
import { ValueError } from "./attribute_values.js";
import { attributesJson } from "./attributes.js";
import { type Family, familyByName } from "./families.js";
import type { Peer } from "./peer.js";
import type { RibEntry, RoutePage, RouteQuery, RouteRow } from "./protocol.js";

/** Slots of a table that one call looks at. */
const SLOTS = 50_000;

const SAFI_LABELLED = 4;
const SAFI_VPN = 128;

/** What readers ask of the speaker. */
export interface ReadingHost {
  readonly module: BgpModule;
  /** Errors: BGP_PEER_UNKNOWN. */
  peer(address: string): Peer;
  /** The peer whose routes have a source's index; null for none that is there. */
  peerOfSource(index: number): Peer | null;
  /** What comes from all peers. */
  ribsIn(): readonly RibSlot[];
}

const isPrefixFamily = ({ safi }: Family) => safi === 1 || safi === 2;

/** Errors: BGP_LOOKUP for a name that is no family's. */
function familyNamed(name: string): Family {
  const family = familyByName(name);
  if (!family) throw new AppError("BGP_LOOKUP", { reason: `afi_safi ${name}` });
  return family;
}

/**
 * Routes of a peer's RIB, null where there is none: by exact prefix or by longest match for an address; in families of
 * other NLRI by these. Errors: BGP_LOOKUP, BGP_POST_DATA.
 */
export function lookup(
  module: BgpModule,
  peer: Peer,
  sent: boolean,
  familyName: string,
  items: readonly unknown[],
): (RibEntry | null)[] {
  const family = familyNamed(familyName);
  const width = family.afi === 2 ? 16 : 4;
  const { exporter, ribIn } = peer.routes;
  const ribs = sent ? [exporter.fixed, exporter.out] : [ribIn];
  if (!isPrefixFamily(family)) {
    const keys = items.map((item) => nlriKey(family, item));
    return keys.map((key) => ofNlri(module, ribs, family, key));
  }
  return items.map((item) => {
    if (typeof item !== "string") {
      throw new AppError("BGP_POST_DATA", { reason: `${familyName} is looked up by prefixes and addresses` });
    }
    const prefix = parsePrefix(item);
    if (prefix?.bytes.length === width) return exact(module, ribs, family, prefix);
    const key = parseAddress(item);
    return key?.length === width ? covering(module, ribs, family, key, item) : null;
  });
}

/** The words for labelled prefixes: "10.0.0.0/8", and "65001:1:10.0.0.0/8" with a route distinguisher (RFC 4364 §4.2). */
function labelledItem({ safi }: Family, item: string): unknown {
  const [, rd, prefix] = /^([^:]+:[^:]+):(.+)$/.exec(item) ?? [];
  if (safi === SAFI_LABELLED) return { prefix: item };
  return safi === SAFI_VPN && rd !== undefined ? { rd, prefix } : item;
}

/** The NLRI that an item means, as a withdrawal has it. Errors: BGP_LOOKUP. */
function nlriKey(family: Family, item: unknown): Buffer {
  try {
    return family.nlri.encode(typeof item === "string" ? labelledItem(family, item) : item, true);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new AppError("BGP_LOOKUP", { reason: `${JSON.stringify(item)} in ${family.name}: ${error.message}` });
  }
}

function ofNlri({ tables }: BgpModule, ribs: readonly RibSlot[], family: Family, key: Uint8Array): RibEntry | null {
  for (const rib of ribs) {
    const [route] = tables.findNlri(rib, family.rib, key);
    if (route) return jsonOf(family, tables.attributes(route.set), route.wire);
  }
  return null;
}

/** A route and its attributes: what their values hang on stands in both. */
function jsonOf(family: Family, attributes: Buffer, wire: Buffer): { nlri: unknown; attr: Record<string, unknown> } {
  const context = routeContext(attributes, family.afi, wire);
  return { nlri: family.nlri.decode(wire, false, context), attr: attributesJson(attributes, context) };
}

function exact({ tables }: BgpModule, ribs: readonly RibSlot[], family: Family, prefix: Prefix): RibEntry | null {
  for (const rib of ribs) {
    const [route] = tables.find(rib, family.rib, prefix.bytes, prefix.length);
    if (!route) continue;
    return {
      attr: attributesJson(tables.attributes(route.set)),
      prefix: `${formatAddress(prefix.bytes)}/${prefix.length}`,
    };
  }
  return null;
}

function covering(
  { tables }: BgpModule,
  ribs: readonly RibSlot[],
  family: Family,
  key: Uint8Array,
  item: string,
): RibEntry | null {
  let best: { length: number; attributes: Buffer } | null = null;
  for (const rib of ribs) {
    const found = tables.lookupLongest(rib, family.rib, key);
    if (found && (!best || found.length > best.length)) best = found;
  }
  if (!best) return null;
  const prefix = parsePrefix(`${item}/${best.length}`)?.bytes ?? key;
  return { attr: attributesJson(best.attributes), prefix: `${formatAddress(prefix)}/${best.length}` };
}

/** `family` rows that are all alike but for the path id: {"prefix", "path_id"} and the like are made by the surface. */
interface View {
  readonly ribs: readonly RibSlot[];
  readonly all: boolean;
  readonly bestOnly: boolean;
  /** Only routes of this peer. */
  readonly only: Peer | null;
  /** Of `out`: whom the routes go to. */
  readonly to: Peer | null;
}

function viewOf(host: ReadingHost, query: RouteQuery): View {
  const peer = query.address === undefined ? null : host.peer(query.address);
  if (query.view === "out" && peer) {
    const { fixed, out } = peer.routes.exporter;
    return { ribs: [fixed, out], all: false, bestOnly: false, only: null, to: peer };
  }
  if (query.view === "in" && peer) {
    return { ribs: [peer.routes.ribIn], all: false, bestOnly: false, only: peer, to: null };
  }
  const { shared } = host.module.tables;
  return { ribs: [shared], all: true, bestOnly: query.view === "best", only: peer, to: null };
}

/** Errors: BGP_PEER_UNKNOWN, BGP_LOOKUP. */
export function routes(host: ReadingHost, query: RouteQuery): RoutePage {
  const family = familyNamed(query.family);
  const view = viewOf(host, query);
  const prefix = query.prefix === undefined ? null : parsePrefix(query.prefix);
  const width = family.afi === 2 ? 16 : 4;
  const address = query.prefix === undefined || prefix ? null : parseAddress(query.prefix);
  const wanted = prefix?.bytes ?? address;
  if (query.prefix !== undefined && (!isPrefixFamily(family) || wanted?.length !== width)) {
    throw new AppError("BGP_LOOKUP", { reason: `prefix ${query.prefix} in ${query.family}` });
  }
  const page: RouteRow[] = [];
  const add = (entries: readonly RouteEntry[]) => {
    for (const entry of entries) {
      const row = rowOf(host, family, view, entry);
      if (row) page.push(row);
    }
  };
  if (address || (prefix && !query.longer)) {
    const { tables } = host.module;
    for (const rib of view.ribs) {
      const found = prefix
        ? tables.find(rib, family.rib, prefix.bytes, prefix.length, view.all)
        : tables.findLongest(rib, family.rib, address as Uint8Array, view.all);
      add(view.bestOnly ? found.filter(({ best }) => best) : found);
    }
    return { routes: page, cursor: null };
  }
  // Not only for speed: routes of a peer that is lost stay in the table for a moment, and are nobody's.
  const { tables } = host.module;
  const ribs = view.all ? host.ribsIn() : view.ribs;
  if (ribs.every((one) => tables.count(one, family.rib) === 0)) return { routes: page, cursor: null };
  // Cursor: which of the view's RIBs, and the slot in its table.
  let [index, slot] = query.cursor === "" ? [0, 0] : (query.cursor.split(":").map(Number) as [number, number]);
  const rib = view.ribs[index];
  if (rib === undefined) return { routes: page, cursor: null };
  const within = prefix ? { prefix: prefix.bytes, length: prefix.length } : undefined;
  const options = { all: view.all, bestOnly: view.bestOnly, slots: SLOTS, ...(within ? { within } : {}) };
  const { rows, next } = host.module.tables.scan(rib, family.rib, slot, query.limit, options);
  add(rows);
  slot = next;
  if (slot < 0) [index, slot] = [index + 1, 0];
  return { routes: page, cursor: index < view.ribs.length ? `${index}:${slot}` : null };
}

function rowOf(host: ReadingHost, family: Family, view: View, entry: RouteEntry): RouteRow | null {
  const from = view.to ?? host.peerOfSource(entry.source);
  if (view.only && from !== view.only) return null;
  const shown = view.all ? entry.post : entry.set;
  const attributes = host.module.tables.attributes(shown);
  const validation = isPrefixFamily(family) ? validationOf(host.module, family, entry, attributes, from) : undefined;
  const { nlri, attr } = jsonOf(family, attributes, entry.wire);
  return {
    nlri,
    ...(entry.pathId === 0 ? {} : { path_id: entry.pathId }),
    peer: from?.config.remote_addr ?? "",
    attr,
    best: entry.best,
    eligible: entry.eligible,
    stale: entry.stale,
    ...(validation ? { origin_validation: validation } : {}),
    received: from?.upSinceEpoch ?? 0,
  };
}

/** RFC 6811; undefined while no cache has told anything. */
function validationOf(
  module: BgpModule,
  family: Family,
  { wire }: RouteEntry,
  attributes: Buffer,
  peer: Peer | null,
): RouteRow["origin_validation"] {
  const table = module.roaTable();
  const totals = table.totals();
  if (totals.ipv4 + totals.ipv6 === 0) return undefined;
  const prefix = Buffer.alloc(family.afi === 2 ? 16 : 4);
  wire.copy(prefix, 0, 1);
  const origin = table.originOf(attributes, peer?.config.local_as ?? ORIGIN_NONE);
  return table.state(prefix, wire[0] as number, origin);
}
