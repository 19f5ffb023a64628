// A peer's routes: what has come from it, what it gets, and what becomes of both when its session goes and comes back.

import { parseAddress } from "../base/ip.js";
import type { NeighborHandle } from "../wasm/bgp_policy.js";
import type { OpenMessage, RibSlot, SourceSlot } from "../wasm/bgp_types.js";
import { withoutZone } from "./addresses.js";
import type { PeerConfig } from "./config.js";
import type { Deferral } from "./deferral.js";
import { Exporter, type ExportTerms } from "./exporter.js";
import { FAMILIES, type Family } from "./families.js";
import type { HelperOutput } from "./graceful.js";
import { GracefulHelper } from "./graceful_driver.js";
import { REFRESH } from "./messages.js";
import type { Negotiated } from "./negotiate.js";
import type { Policies, Terms } from "./policies.js";
import type { Routing } from "./routing.js";
import type { Session } from "./session.js";

/** What the routes of all peers share. */
export interface RoutesHost {
  readonly routing: Routing;
  readonly policies: Policies;
  readonly deferral: Deferral;
  /** Our BGP identifier, and that of our cluster as a route reflector (RFC 4456). */
  readonly routerId: number;
  readonly clusterId: number;
}

export interface RoutesEvents {
  /** The peer has told all that it has of a family. */
  endOfRib(family: number): void;
  note(text: string): void;
}

/** A BGP identifier's four bytes. */
export function quad(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

export class PeerRoutes {
  readonly ribIn: RibSlot;
  readonly exporter: Exporter;
  readonly #host: RoutesHost;
  readonly #config: PeerConfig;
  readonly #events: RoutesEvents;
  readonly #neighbor: NeighborHandle;
  readonly #graceful: GracefulHelper;
  /** Families whose End-of-RIB has been noticed, as bits. */
  #endsSeen = 0;

  constructor(host: RoutesHost, config: PeerConfig, events: RoutesEvents) {
    this.#host = host;
    this.#config = config;
    this.#events = events;
    this.#graceful = new GracefulHelper({ staleMs: config.stale_time * 1000 }, (output) => this.#act(output));
    const { module } = host.routing;
    this.ribIn = module.tables.createRib();
    this.exporter = new Exporter(host.routing);
    this.#neighbor = module.policies.createNeighbor({
      localAs: config.local_as,
      remoteAs: config.remote_as,
      ibgp: this.#ibgp(config.remote_as),
      routerId: quad(host.routerId),
    });
  }

  #ibgp(remoteAs: number): boolean {
    return remoteAs === this.#config.local_as;
  }

  /** The peer's `import` or `export`; one that names no policy lets nothing through. */
  #terms(name: string): Terms {
    const terms = this.#host.policies.terms(name);
    if (terms === null) this.#events.note(`there is no policy ${name}: nothing passes`);
    return terms ?? "none";
  }

  /** The session is up: routes are taken, and sent. */
  up(session: Session, open: OpenMessage): void {
    const { connection, negotiated } = session;
    if (!connection || !negotiated) return;
    const { routing } = this.#host;
    const { tables } = routing.module;
    const { config } = session;
    const ibgp = this.#ibgp(config.remote_as);
    this.#setNeighbor(session, negotiated);
    const families = negotiated.families.map(({ rib }) => rib);
    const { fourOctetAs, extendedMessages, addPathIn } = negotiated;
    tables.startSession(this.ribIn, { fourOctetAs, extendedMessages, families, addPath: addPathIn, ibgp });
    this.#endsSeen = 0;
    const address = parseAddress(withoutZone(config.remote_addr)) ?? new Uint8Array(4);
    const client = config.route_reflector_client;
    const options = { ibgp, client, routerId: open.identifier, address };
    const source = tables.sourceOf(this.ribIn) ?? tables.attach(this.ribIn, options);
    if (!source) {
      this.#events.note("there are too many sources of routes: its own are not taken");
      return;
    }
    routing.owners.set(tables.sourceIndex(source), config.remote_addr);
    this.#setImport();
    this.#graceful.input({ kind: "up", negotiated });
    const { deferral } = this.#host;
    deferral.input({ kind: "up", peer: config.remote_addr, negotiated });
    const terms = this.#exportTerms(config, source);
    const held = families.filter((family) => deferral.holds(family));
    this.exporter.start(connection, negotiated, { terms, held }, (family) => {
      // RFC 4724 §2: who restarts gracefully waits for it; others have no use for it.
      if (negotiated.gracefulRestart) session.sendEndOfRib(FAMILIES[family] as Family);
    });
  }

  #exportTerms(config: PeerConfig, source: SourceSlot): ExportTerms {
    const terms = this.#terms(config.export);
    // What the peer has got by now is withdrawn by a policy that lets nothing through.
    const none = this.exporter.exporting ? this.#host.policies.nothing : null;
    return {
      ibgp: this.#ibgp(config.remote_as),
      client: config.route_reflector_client,
      source,
      neighbor: this.#neighbor,
      policy: terms === "none" ? none : terms,
    };
  }

  /** Options of policy have changed: what passes is judged anew, what has come or what goes out. */
  reconfigured(session: Session, which: { readonly import: boolean; readonly export: boolean }): void {
    const { routing } = this.#host;
    const source = routing.module.tables.sourceOf(this.ribIn);
    const { negotiated } = session;
    const up = routing.receivers.has(this.exporter);
    if (up && negotiated) this.#setNeighbor(session, negotiated);
    if (source) routing.module.tables.setClient(source, session.config.route_reflector_client);
    if (which.import) this.#setImport();
    if (which.import && source) routing.again(source, this.ribIn);
    if (which.export && up && source && negotiated) {
      this.exporter.reconfigure(negotiated, this.#exportTerms(session.config, source));
    }
  }

  #setImport(): void {
    const terms = this.#terms(this.#config.import);
    const policy = terms === "none" ? this.#host.policies.nothing : terms === "all" ? null : terms;
    const { tables } = this.#host.routing.module;
    tables.setImport(this.ribIn, this.#neighbor, policy?.handle ?? null, policy?.perRoute ?? false);
  }

  #setNeighbor(session: Session, negotiated: Negotiated): void {
    const { config } = session;
    const local = parseAddress(withoutZone(session.connection?.localAddress ?? ""));
    const peer = parseAddress(withoutZone(config.remote_addr));
    const flagged = negotiated.extendedNextHop.includes(0);
    this.#host.routing.module.policies.setNeighbor(this.#neighbor, {
      localAs: config.local_as,
      remoteAs: config.remote_as,
      ibgp: this.#ibgp(config.remote_as),
      routerId: quad(this.#host.routerId),
      clusterId: quad(this.#host.clusterId),
      ...(negotiated.role ? { role: negotiated.role } : {}),
      allowOwnAs: config.allow_own_as,
      local: local ? [local] : [],
      peer: peer ? [peer] : [],
      reflectorClient: config.route_reflector_client,
      routeServerClient: config.route_server_client,
      nextHopUnchanged: config.next_hop_unchanged,
      nextHopSelf: config.next_hop_self,
      enforceFirstAs: config.enforce_first_as,
      aigp: config.aigp === "internal" ? this.#ibgp(config.remote_as) : config.aigp,
      longLivedGr: negotiated.llgr.length > 0,
      extendedNextHop: flagged,
    });
  }

  /** The session has gone. */
  down(session: Session): void {
    this.exporter.stop();
    const { ended, negotiated } = session;
    if (negotiated) this.#graceful.input({ kind: "down", ending: ended, negotiated });
    if (this.#graceful.idle) this.#bury();
  }

  /** The peer was stopped or removed: nothing of it is kept. */
  forget(): void {
    this.#graceful.input({ kind: "forget" });
    this.#host.deferral.input({ kind: "gone", peer: this.#config.remote_addr });
    this.#bury();
  }

  /** All routes of the peer go, while a new session may begin. */
  #bury(): void {
    const { routing } = this.#host;
    const { tables } = routing.module;
    const source = tables.detach(this.ribIn);
    if (!source) return;
    routing.owners.delete(tables.sourceIndex(source));
    routing.bury(source);
  }

  /** After a batch: families whose End-of-RIB has come. */
  noticeEnds(): void {
    const bits = this.#host.routing.module.tables.endOfRib(this.ribIn) & ~this.#endsSeen;
    if (bits === 0) return;
    this.#endsSeen |= bits;
    for (const { rib: family } of FAMILIES) {
      if (family === null || (bits & (1 << family)) === 0) continue;
      this.#graceful.input({ kind: "endOfRib", family });
      this.#host.deferral.input({ kind: "endOfRib", peer: this.#config.remote_addr, family });
      this.#events.endOfRib(family);
    }
  }

  /** The peer asks for a family's routes; around them BoRR and EoRR when it knows them (RFC 7313 §4). */
  refresh(session: Session, family: number): void {
    const row = FAMILIES[family];
    if (!row) return;
    session.sendRefresh(row, REFRESH.begin);
    this.exporter.refresh(family, () => session.sendRefresh(row, REFRESH.end));
  }

  /** RFC 7313 §4: what has not come again between BoRR and EoRR is gone. */
  refreshBegan(family: number): void {
    const { tables } = this.#host.routing.module;
    const source = tables.sourceOf(this.ribIn);
    if (source && !this.#graceful.keeps(family)) tables.markStale(source, family);
  }

  refreshEnded(family: number): void {
    const source = this.#host.routing.module.tables.sourceOf(this.ribIn);
    if (source && !this.#graceful.keeps(family)) this.#host.routing.sweep(source, family, this.ribIn);
  }

  /** Validation of origins has changed: what policies say of them is asked anew. */
  validationChanged(): void {
    const { routing } = this.#host;
    const source = routing.module.tables.sourceOf(this.ribIn);
    const { import: imported, export: exported } = this.#config;
    if (source && this.#perRoute(imported)) routing.again(source, this.ribIn);
    if (this.#perRoute(exported)) this.exporter.again();
  }

  #perRoute(name: string): boolean {
    const terms = this.#host.policies.terms(name);
    return terms !== null && typeof terms === "object" && terms.perRoute;
  }

  #act({ kind, family }: HelperOutput): void {
    const { routing } = this.#host;
    const { tables } = routing.module;
    const source = tables.sourceOf(this.ribIn);
    if (!source) return;
    if (kind === "keep") tables.markStale(source, family);
    else if (kind === "clear") routing.remove(source, family, this.ribIn);
    else if (kind === "sweep") {
      tables.setLongLived(source, family, false);
      routing.sweep(source, family, this.ribIn);
    } else {
      tables.setLongLived(source, family, true);
      routing.again(source, this.ribIn);
    }
    setImmediate(() => this.#buryWhenGone());
  }

  /** The peer has not come back, and nothing of it is kept any more. */
  #buryWhenGone(): void {
    const away = !this.#host.routing.receivers.has(this.exporter);
    if (away && this.#graceful.idle) this.#bury();
  }

  /** Frees everything. */
  dispose(): void {
    this.forget();
    this.#graceful.close();
    const { tables, policies } = this.#host.routing.module;
    this.exporter.dispose();
    tables.setImport(this.ribIn, 0 as NeighborHandle, null, false);
    policies.freeNeighbor(this.#neighbor);
    tables.freeRib(this.ribIn);
  }
}
