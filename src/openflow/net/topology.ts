// Topology inside the OpenFlow worker: sends probes out of the switches' ports, reads those that come back and what packets
// tell of hosts, and lets age what is not seen again.

import { randomBytes } from "node:crypto";
import { LIMITS } from "../../base/limits.js";
import type { Port } from "../messages.js";
import type { PacketSource, PacketTap, PacketWatcher } from "../packet_tap.js";
import type { ChangeResult } from "../requests.js";
import { HostReader } from "./host_reader.js";
import { Hosts } from "./hosts.js";
import { Links } from "./links.js";
import type { Listening, NetListener } from "./listener.js";
import { type FlowRecords, isOwnRemoved, probeFlows } from "./own_flows.js";
import { ETHER_TYPE, EthernetReader } from "./packets/ethernet.js";
import { isAuthentic, readLldp } from "./packets/lldp.js";
import { isUsable, type ProbeSettings, Probes } from "./probes.js";

/** A switch, as far as topology needs it: a session. */
export interface NetSwitch extends PacketSource {
  changeFlows(records: Uint8Array, count: number): Promise<ChangeResult>;
}

export interface TopologyConfig {
  /** Between two probes of a port; 0: links are not looked for. */
  readonly discoverySeconds: number;
  /** How long a host is known after it was last heard; 0: hosts are not learnt. */
  readonly nodeSeconds: number;
}

export interface NetCounters {
  probesSent: number;
  probesReceived: number;
  /** LLDP and BDDP frames that were no probes of this controller, or old ones. */
  probesForeign: number;
}

interface Served {
  readonly session: NetSwitch;
  readonly dpid: string;
  readonly probes: Probes;
  readonly counters: NetCounters;
  /** Monotonic ms: when its ports are probed again, and when its flows are put in again. */
  nextAt: number;
  flowsAt: number;
}

/** A link, and what proves a probe, hold for so many intervals. */
const LIFETIME_INTERVALS = 3;
/** Own flows that were deleted are put in again after this. */
const REINSTALL_MS = 1_000;
/** Expiry looks at all hosts: so much of their lifetime passes in between. */
const EXPIRY_PARTS = 20;
const IP_TYPES = [ETHER_TYPE.IPV4, ETHER_TYPE.IPV6] as const;
const PROBE_TYPES = [ETHER_TYPE.LLDP, ETHER_TYPE.BDDP] as const;
const NO_PORTS: ReadonlySet<number> = new Set();

export class Topology implements PacketWatcher {
  readonly links: Links;
  readonly hosts: Hosts;
  readonly #intervalMs: number;
  readonly #lifetimeMs: number;
  readonly #expiryMs: number;
  readonly #settings: ProbeSettings;
  readonly #flows: FlowRecords = probeFlows();
  readonly #listening: Listening = { listener: null };
  readonly #ethernet = new EthernetReader();
  readonly #reader = new HostReader();
  readonly #served = new Map<PacketSource, Served>();
  readonly #byDpid = new Map<string, Served>();
  #suppressed: ReadonlyMap<string, ReadonlySet<number>> = new Map();
  #expireHostsAt = 0;
  readonly #tap: PacketTap;
  #ipLeft: number = LIMITS.netIpPackets;

  constructor(config: TopologyConfig, tap: PacketTap) {
    this.#tap = tap;
    this.#intervalMs = config.discoverySeconds * 1000;
    this.#lifetimeMs = this.#intervalMs * LIFETIME_INTERVALS;
    const ttlSeconds = Math.ceil(this.#lifetimeMs / 1000);
    this.#settings = { key: randomBytes(32), ttlSeconds };
    this.links = new Links(this.#lifetimeMs, this.#listening);
    const nodeMs = config.nodeSeconds * 1000;
    this.#expiryMs = Math.ceil(nodeMs / EXPIRY_PARTS);
    this.hosts = new Hosts(nodeMs, this.links, this.#listening);
    if (this.#intervalMs > 0) tap.watch(PROBE_TYPES, this);
    if (nodeMs > 0) tap.watch([ETHER_TYPE.ARP, ...IP_TYPES], this);
  }

  /** Who is told of changes from now on; null: nobody. */
  listen(listener: NetListener | null): void {
    this.#listening.listener = listener;
  }

  /** A switch is ready. Its flows are put in first: a probe that no flow sends to the controller would be lost. */
  ready(session: NetSwitch): void {
    const { dpid } = session.features;
    const counters = { probesSent: 0, probesReceived: 0, probesForeign: 0 };
    const served = {
      session,
      dpid,
      probes: new Probes(dpid, session.version, this.#settings),
      counters,
      nextAt: Infinity,
      flowsAt: Infinity,
    };
    this.#served.set(session, served);
    this.#byDpid.set(dpid, served);
    if (this.#intervalMs > 0) this.#install(served);
  }

  #install(served: Served): void {
    served.flowsAt = Infinity;
    const start = (): void => {
      if (this.#served.get(served.session) === served) this.#probeAll(served, performance.now());
    };
    // A switch that refuses them may send what no flow matches: it is probed all the same.
    served.session.changeFlows(this.#flows.records, this.#flows.count).then(start, start);
  }

  /** A switch has told that a flow is gone. The controller's own come back, but not at the pace of who deletes them. */
  flowRemoved(session: NetSwitch, message: Uint8Array): void {
    const served = this.#served.get(session);
    if (!served || this.#intervalMs === 0 || !isOwnRemoved(message)) return;
    served.flowsAt = Math.min(served.flowsAt, performance.now() + REINSTALL_MS);
  }

  /** A switch is gone, and with it what was attached to it. */
  closed(session: NetSwitch): void {
    const served = this.#served.get(session);
    if (!served) return;
    this.#served.delete(session);
    if (this.#byDpid.get(served.dpid) !== served) return;
    this.#byDpid.delete(served.dpid);
    this.links.drop(served.dpid, null);
    this.hosts.drop(served.dpid, null);
  }

  /** A port came, went or changed. */
  portChanged(session: NetSwitch, port: Port, isDeleted: boolean): void {
    const served = this.#served.get(session);
    if (!served) return;
    served.probes.forget(port.number);
    if (isDeleted || !isUsable(port)) {
      this.links.drop(served.dpid, port.number);
      this.hosts.drop(served.dpid, port.number);
    } else if (served.nextAt !== Infinity) this.#probe(served, port, performance.now());
  }

  /** Time passes; `now` in monotonic ms. */
  tick(now: number): void {
    if (this.#ipLeft <= 0) this.#tap.open(IP_TYPES, true);
    this.#ipLeft = LIMITS.netIpPackets;
    if (this.#intervalMs > 0) {
      for (const served of this.#served.values()) {
        if (served.flowsAt <= now) this.#install(served);
        else if (served.nextAt <= now) this.#probeAll(served, now);
      }
      this.links.expire(now);
    }
    if (this.#expiryMs > 0 && now >= this.#expireHostsAt) {
      this.#expireHostsAt = now + this.#expiryMs;
      this.hosts.expire(now);
    }
  }

  /** The ports, by datapath, that take no part in discovery from now on. */
  suppress(ports: ReadonlyMap<string, ReadonlySet<number>>): void {
    this.#suppressed = ports;
    for (const [dpid, numbers] of ports) for (const port of numbers) this.links.drop(dpid, port);
  }

  packetIn(session: PacketSource, packet: Uint8Array, inPort: number): void {
    const served = this.#served.get(session);
    const ethernet = this.#ethernet;
    if (!served || !ethernet.read(packet)) return;
    if (ethernet.type === ETHER_TYPE.LLDP || ethernet.type === ETHER_TYPE.BDDP) {
      this.#readProbe(served, packet, inPort);
      return;
    }
    // Each packet of a new flow may come here: hosts are known by a few of them, and the rest must cost nothing.
    if (ethernet.type !== ETHER_TYPE.ARP && --this.#ipLeft === 0) this.#tap.open(IP_TYPES, false);
    if (session.ports.has(inPort) && !this.links.isDirect(served.dpid, inPort)) {
      this.#reader.read(packet, ethernet, this.hosts.at(served.dpid, inPort, performance.now()));
    }
  }

  /** Counters of each switch that is connected. */
  counters(): (NetCounters & { readonly dpid: string })[] {
    return [...this.#served.values()].map(({ dpid, counters }) => ({ ...counters, dpid }));
  }

  #readProbe(served: Served, packet: Uint8Array, inPort: number): void {
    const { type, payload } = this.#ethernet;
    const found = readLldp(packet, payload)?.probe;
    const now = performance.now();
    const port = served.session.ports.get(inPort);
    const age = found ? this.#epoch(now) - found.claim.epoch : -1;
    const from = found ? this.#byDpid.get(found.claim.dpid) : undefined;
    if (!found || !from || age < 0 || age > 1 || !isAuthentic(found, type, this.#settings.key)) {
      served.counters.probesForeign++;
      return;
    }
    served.counters.probesReceived++;
    const { dpid, port: source } = found.claim;
    // A port that went down while its probe was under way.
    const sender = from.session.ports.get(source);
    if (!port || !sender || !isUsable(port) || !isUsable(sender)) return;
    if (this.#isSuppressed(served.dpid, inPort) || this.#isSuppressed(dpid, source)) return;
    const isFound = this.links.seen(dpid, source, served.dpid, inPort, type === ETHER_TYPE.LLDP, now);
    if (!isFound) return;
    // The other direction need not wait for its turn. What was learnt there came from beyond the link.
    if (type === ETHER_TYPE.LLDP) {
      this.hosts.drop(served.dpid, inPort);
      this.hosts.drop(dpid, source);
    }
    this.#probe(served, port, now);
  }

  #probeAll(served: Served, now: number): void {
    served.nextAt = now + this.#intervalMs;
    const messages: Buffer[] = [];
    for (const port of served.session.ports.values()) {
      if (this.#isProbed(served, port)) messages.push(served.probes.of(port, this.#epoch(now)));
    }
    served.counters.probesSent += 2 * messages.length;
    if (messages.length > 0) served.session.send(Buffer.concat(messages));
  }

  #probe(served: Served, port: Port, now: number): void {
    if (this.#intervalMs === 0 || !this.#isProbed(served, port)) return;
    served.counters.probesSent += 2;
    served.session.send(served.probes.of(port, this.#epoch(now)));
  }

  #isProbed(served: Served, port: Port): boolean {
    return isUsable(port) && !this.#isSuppressed(served.dpid, port.number);
  }

  #isSuppressed(dpid: string, port: number): boolean {
    return (this.#suppressed.get(dpid) ?? NO_PORTS).has(port);
  }

  /** Probes of this epoch and the one before hold. */
  #epoch(now: number): number {
    return Math.floor(now / this.#lifetimeMs);
  }
}
