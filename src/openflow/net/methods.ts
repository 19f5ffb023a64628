// What the OpenFlow worker answers about topology, and the control thread's end of it. Answers are bounded by what topology
// keeps (LIMITS.netLinks, LIMITS.netNodes).

import type { Engine } from "../../store/engine.js";
import type { Methods, WorkerClient } from "../../workers/rpc.js";
import type { Arp, Link, Node, NodeFilter } from "./records.js";
import { changeSuppressed, type Suppressed, suppressedPorts } from "./suppression.js";
import type { NetCounters, Topology } from "./topology.js";

/** Totals for metrics. */
export interface NetTotals {
  readonly direct: number;
  readonly multihop: number;
  /** Links and hosts that there was no room for. */
  readonly refused: number;
  readonly perSwitch: readonly (NetCounters & { readonly dpid: string })[];
  readonly perVlan: readonly { readonly dpid: string; readonly vid: number; readonly stations: number }[];
}

export interface NetMethods extends Methods {
  /** Of one switch, or all. */
  netLinks(params: { dpid: string | null }): Link[];
  netNodes(filter: NodeFilter): Node[];
  netArps(filter: NodeFilter): Arp[];
  netSuppress(suppressed: readonly Suppressed[]): void;
  netTotals(none: null): NetTotals;
}

/** The worker's end. */
export function netMethods(topology: Topology): NetMethods {
  return {
    netLinks: ({ dpid }) => topology.links.list(dpid),
    netNodes: (filter) => topology.hosts.nodes(filter),
    netArps: (filter) => topology.hosts.arps(filter),
    netSuppress: (suppressed) =>
      topology.suppress(new Map(suppressed.map(({ dpid, ports }) => [dpid, new Set(ports)]))),
    netTotals: () => {
      const links = topology.links.list(null);
      const direct = links.filter((link) => link.direct).length;
      return {
        direct,
        multihop: links.length - direct,
        refused: topology.links.refused + topology.hosts.refused,
        perSwitch: topology.counters(),
        perVlan: topology.hosts.perVlan(),
      };
    },
  };
}

/** What the OpenFlow room offers about topology. A `dpid` is 16 lower-case hex digits. */
export interface NetHandle {
  links(dpid: string | null): Promise<Link[]>;
  nodes(filter: NodeFilter): Promise<Node[]>;
  arps(filter: NodeFilter): Promise<Arp[]>;
  /** Ports that take no part in discovery. */
  suppressed(): Suppressed[];
  /** Adds ports to them, or takes them out; resolves once that is durable. Errors: OPENFLOW_VALUE, STORE_FULL. */
  suppress(ports: readonly Suppressed[], isSuppressed: boolean): Promise<void>;
  totals(): Promise<NetTotals>;
}

export class NetAgent implements NetHandle {
  readonly #client: () => WorkerClient<NetMethods>;
  readonly #store: Engine;

  /** `client`: of the worker of the moment. */
  constructor(client: () => WorkerClient<NetMethods>, store: Engine) {
    this.#client = client;
    this.#store = store;
  }

  /** Tells a worker what it must know before the first switch comes. */
  begin(client: WorkerClient<NetMethods>): Promise<void> {
    return client.call("netSuppress", this.suppressed());
  }

  links(dpid: string | null): Promise<Link[]> {
    return this.#client().call("netLinks", { dpid });
  }
  nodes(filter: NodeFilter): Promise<Node[]> {
    return this.#client().call("netNodes", filter);
  }
  arps(filter: NodeFilter): Promise<Arp[]> {
    return this.#client().call("netArps", filter);
  }
  totals(): Promise<NetTotals> {
    return this.#client().call("netTotals", null);
  }
  suppressed(): Suppressed[] {
    return suppressedPorts(this.#store);
  }
  async suppress(ports: readonly Suppressed[], isSuppressed: boolean): Promise<void> {
    await changeSuppressed(this.#store, ports, isSuppressed);
    await this.begin(this.#client());
  }
}
