// Routes for readers: of one peer, of what it gets, the best ones, or all. A call does a bounded piece of work, and a
// cursor says where the next one goes on.

import { AppError } from "../base/errors.js";
import { formatAddress, type Prefix, parseAddress, parsePrefix } from "../base/ip.js";
import type { BgpModule } from "../wasm/bgp.js";
import type { RibSlot, RouteEntry, SetHandle } from "../wasm/bgp_types.js";
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

/** What is looked at. */
interface View {
  readonly ribs: readonly RibSlot[];
  /** Everybody's routes; else those of the RIB. */
  readonly all: boolean;
  readonly bestOnly: boolean;
  /** Attributes after import policy. */
  readonly post: boolean;
  /** Of `out`: whom the routes go to. */
  readonly to: Peer | null;
}

function viewOf(host: ReadingHost, query: RouteQuery): View {
  const peer = query.address === undefined ? null : host.peer(query.address);
  if (query.view === "out" && peer) {
    const { fixed, out } = peer.routes.exporter;
    return { ribs: [fixed, out], all: false, post: false, bestOnly: false, to: peer };
  }
  if (query.view === "in" && peer) {
    return { ribs: [peer.routes.ribIn], all: false, post: false, bestOnly: false, to: null };
  }
  const { shared } = host.module.tables;
  // Wasm looks for the peer's routes by itself: a page takes what there is of them, not what there is of all.
  const ribs = [peer ? peer.routes.ribIn : shared];
  return { ribs, all: peer === null, post: true, bestOnly: query.view === "best", to: null };
}

/** What the query's prefix asks for: exactly it, the longest one that covers an address, or all that lies in it. */
type Wanted =
  | { readonly kind: "all" }
  | { readonly kind: "exact"; readonly prefix: Prefix }
  | { readonly kind: "longer"; readonly prefix: Prefix }
  | { readonly kind: "longest"; readonly address: Uint8Array };

/** Errors: BGP_LOOKUP for what is no prefix or address of the family. */
function wanted(family: Family, { prefix: text, longer = false, family: name }: RouteQuery): Wanted {
  if (text === undefined) return { kind: "all" };
  const width = family.afi === 2 ? 16 : 4;
  const prefix = parsePrefix(text);
  const address = prefix ? null : parseAddress(text);
  if (!isPrefixFamily(family) || (prefix?.bytes ?? address)?.length !== width || (address && longer)) {
    throw new AppError("BGP_LOOKUP", { reason: `prefix ${text} in ${name}` });
  }
  if (prefix) return { kind: longer ? "longer" : "exact", prefix };
  return { kind: "longest", address: address as Uint8Array };
}

/** Which of the view's RIBs, and the slot in its table. Errors: BODY_INVALID. */
function position(cursor: string): [number, number] {
  if (cursor === "") return [0, 0];
  const match = /^(\d):(\d{1,10})$/.exec(cursor);
  if (!match) throw new AppError("BODY_INVALID", { path: "cursor", reason: "it is none that an answer gave" });
  return [Number(match[1]), Number(match[2])];
}

function findExact(
  { module }: ReadingHost,
  family: Family,
  { ribs, all }: View,
  { bytes, length }: Prefix,
): RouteEntry[] {
  return ribs.flatMap((rib) => module.tables.find(rib, family.rib, bytes, length, all));
}

/** The routes of the longest prefix that covers an address, whichever of the RIBs has it. */
function findLongest({ module }: ReadingHost, family: Family, { ribs, all }: View, address: Uint8Array): RouteEntry[] {
  const found = ribs.map((rib) => module.tables.findLongest(rib, family.rib, address, all));
  const bits = (rows: readonly RouteEntry[]) => rows[0]?.wire[0] ?? -1;
  const most = Math.max(...found.map(bits));
  return found.filter((rows) => bits(rows) === most).flat();
}

/** Errors: BGP_PEER_UNKNOWN, BGP_LOOKUP, BODY_INVALID for a cursor that is none. */
export function routes(host: ReadingHost, query: RouteQuery): RoutePage {
  const family = familyNamed(query.family);
  const view = viewOf(host, query);
  const what = wanted(family, query);
  const [index, slot] = position(query.cursor);
  const { tables } = host.module;
  const render = new Rendering(host, family, view);
  if (what.kind === "exact" || what.kind === "longest") {
    const found =
      what.kind === "exact"
        ? findExact(host, family, view, what.prefix)
        : findLongest(host, family, view, what.address);
    return { routes: render.rows(view.bestOnly ? found.filter(({ best }) => best) : found), cursor: null };
  }
  // Not only for speed: routes of a peer that is lost stay in the table for a moment, and are nobody's.
  const ribs = view.all ? host.ribsIn() : view.ribs;
  if (ribs.every((one) => tables.count(one, family.rib) === 0)) return { routes: [], cursor: null };
  const rib = view.ribs[index];
  if (rib === undefined) return { routes: [], cursor: null };
  const within = what.kind === "longer" ? { prefix: what.prefix.bytes, length: what.prefix.length } : undefined;
  const options = { all: view.all, bestOnly: view.bestOnly, slots: SLOTS, ...(within ? { within } : {}) };
  const { rows, next } = tables.scan(rib, family.rib, slot, query.limit, options);
  const page = render.rows(rows);
  if (next >= 0) return { routes: page, cursor: `${index}:${next}` };
  return { routes: page, cursor: index + 1 < view.ribs.length ? `${index + 1}:0` : null };
}

/** Rows of one answer. Routes share attribute sets: each is read once. */
class Rendering {
  readonly #host: ReadingHost;
  readonly #family: Family;
  readonly #view: View;
  readonly #sets = new Map<SetHandle, Buffer>();
  readonly #validates: boolean;

  constructor(host: ReadingHost, family: Family, view: View) {
    this.#host = host;
    this.#family = family;
    this.#view = view;
    const { ipv4, ipv6 } = host.module.roaTable().totals();
    // RFC 6811: a route has no state while no cache has told anything.
    this.#validates = isPrefixFamily(family) && ipv4 + ipv6 > 0;
  }

  rows(entries: readonly RouteEntry[]): RouteRow[] {
    return entries.map((entry) => this.#row(entry)).filter((row) => row !== null);
  }

  #attributes(set: SetHandle): Buffer {
    const known = this.#sets.get(set);
    if (known) return known;
    const bytes = this.#host.module.tables.attributes(set);
    this.#sets.set(set, bytes);
    return bytes;
  }

  /** Null for a route whose peer has gone: it goes, too. */
  #row(entry: RouteEntry): RouteRow | null {
    const { to, post } = this.#view;
    const from = to ?? this.#host.peerOfSource(entry.source);
    if (!from) return null;
    const bytes = this.#attributes(post ? entry.post : entry.set);
    const { nlri, attr } = jsonOf(this.#family, bytes, entry.wire);
    return {
      nlri,
      ...(entry.pathId === 0 ? {} : { path_id: entry.pathId }),
      peer: from.config.remote_addr,
      attr,
      best: entry.best,
      eligible: entry.eligible,
      stale: entry.stale,
      ...(this.#validates ? { origin_validation: this.#validation(entry, bytes, from) } : {}),
      received: from.upSinceEpoch,
    };
  }

  #validation({ wire }: RouteEntry, attributes: Buffer, peer: Peer): NonNullable<RouteRow["origin_validation"]> {
    const table = this.#host.module.roaTable();
    const prefix = Buffer.alloc(this.#family.afi === 2 ? 16 : 4);
    wire.copy(prefix, 0, 1);
    return table.state(prefix, wire[0] as number, table.originOf(attributes, peer.config.local_as));
  }
}
