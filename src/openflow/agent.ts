// The control thread's end of the OpenFlow room: starts the worker and is the handle that routes and other rooms use.

import type { Listen } from "../base/config.js";
import { AppError } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import { clear, count, gauge, onScrape, total } from "../base/metrics.js";
import type { Engine } from "../store/engine.js";
import { CodecError, MESSAGE, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { WorkerKeeper } from "../workers/keeper.js";
import { startWorker, type WorkerHandle } from "../workers/pool.js";
import type { WorkerClient } from "../workers/rpc.js";
import type { OpenFlowConfig } from "./config.js";
import type { ControllerTotals, Datapath, DatapathCounters, FlowResult } from "./controller.js";
import { Desired } from "./desired.js";
import type { Counts } from "./desired_store.js";
import { type EventFilter, EventHub, type EventSink } from "./event_hub.js";
import { type EventBatch, eventOf, type OpenFlowEvent } from "./events.js";
import { type Group, type GroupFeatures, readGroupFeatures } from "./groups.js";
import type { OpenFlowHandle, OpenFlowHealth } from "./handle.js";
import { Identity } from "./identity.js";
import { receivePieces } from "./listing.js";
import { dpidText, MULTIPART, type Port } from "./messages.js";
import { type Meter, type MeterFeatures, readMeterFeatures } from "./meters.js";
import { NetAgent } from "./net/methods.js";
import { scrapeNet } from "./net/metrics.js";
import type { PacketOut } from "./packet_out.js";
import { PortFigures } from "./port_figures.js";
import { type QueueStats, queueStatsRequest, unpackQueueStats } from "./queues.js";
import type { WorkerCalls } from "./reconcile_progress.js";
import type { ReconciliationStatus } from "./reconciler.js";
import { RoleClaims } from "./role_claims.js";
import { NO_GENERATION, type RoleName, type RoleState } from "./roles.js";
import {
  type GroupStats,
  type MeterStats,
  type PortStats,
  portStatsRequest,
  unpackGroupStats,
  unpackMeterStats,
  unpackPortStats,
} from "./stats.js";
import {
  type Aggregate,
  type TableFeatures,
  type TableStats,
  unpackTableFeatures,
  unpackTableStats,
} from "./tables.js";
import { beforeV13 } from "./values.js";
import type { OpenFlowMethods, SwitchEvent } from "./worker.js";

export type { OpenFlowHandle, OpenFlowHealth } from "./handle.js";

/** Filled anew at each scrape, so that datapaths and ports that are gone do not linger. */
const SCRAPED = [
  "dp_status",
  "of_dp_connections_total",
  "of_dp_disconnections_total",
  "of_packet_ins_total",
  "of_ignored_packet_ins_total",
  "sennit_openflow_unanswered_packet_ins_total",
  "of_flowmsgs_sent_total",
  "of_errors_total",
] as const;
const labelsOf = ({ dpid, name }: { readonly dpid: string; readonly name: string }) => ({
  dp_id: `0x${BigInt(`0x${dpid}`).toString(16)}`,
  dp_name: name,
});
/** What a controller is to a switch of OpenFlow 1.0, which has no roles. */
const EQUAL: RoleState = { role: "equal", generation: NO_GENERATION };
/** OFPG_ALL */
const ALL_GROUPS = 0xfffffffc;
/** OFPM_ALL */
const ALL_METERS = 0xffffffff;

/** The body of a request for one group or meter. */
function u32(id: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32BE(id);
  return body;
}

export interface OpenFlowOptions {
  readonly config: OpenFlowConfig;
  /** Where desired state is kept. */
  readonly store: Engine;
  readonly log: Logger;
}

function listenText(where: Listen | null | undefined): string {
  if (!where) return "";
  return `${where.host.includes(":") ? `[${where.host}]` : where.host}:${where.port}`;
}

/** Starts the room. Errors: PORT_IN_USE, PORT_DENIED, LISTEN_FAILED. */
export async function startOpenFlow({ config, store, log }: OpenFlowOptions): Promise<OpenFlowHandle> {
  const agent = new Agent(config, await Identity.open(store), store, log);
  await agent.start();
  return agent;
}

class Agent implements OpenFlowHandle {
  readonly uid: string;
  readonly net: NetAgent;
  readonly #roles: RoleClaims;
  #config: OpenFlowConfig;
  readonly #log: Logger;
  readonly #worker: WorkerKeeper<OpenFlowMethods>;
  readonly #ports = new PortFigures((dpid) => this.portStats(dpid, null));
  readonly #desired: Desired;
  readonly #events = new EventHub((types) => this.#tell("subscribe", types));
  /** Versions by datapath id. */
  readonly #up = new Map<string, number>();
  #listen = "";
  #listenTls = "";
  #closing = false;

  constructor(config: OpenFlowConfig, identity: Identity, store: Engine, log: Logger) {
    this.uid = identity.uid;
    this.net = new NetAgent(() => this.#worker.client, store);
    const ask = (dpid: string, body: Uint8Array) => this.ask(dpid, MESSAGE.ROLE_REQUEST, MESSAGE.ROLE_REPLY, body);
    this.#roles = new RoleClaims({ identity, ask, role: config.role, log });
    this.#config = config;
    this.#log = log;
    this.#worker = new WorkerKeeper({
      name: "OpenFlow",
      log,
      spawn: () => this.#spawn(),
      restore: (client) => this.#begin(client),
    });
    const calls: WorkerCalls = {
      call: (method, params) => this.#worker.client.call(method, params),
      version: (dpid) => this.version(dpid),
      flows: (dpid, query) => this.flows(dpid, query),
    };
    this.#desired = new Desired({ worker: calls, store, deleteForeign: config.foreign === "delete", log });
  }

  #spawn(): WorkerHandle<OpenFlowMethods> {
    const file = new URL("./worker.js", import.meta.url);
    const worker = startWorker<OpenFlowMethods, OpenFlowConfig>("OpenFlow", file, this.#config, this.#log);
    // Switches of a thread that has died are gone; they come back to the new one by themselves.
    this.#up.clear();
    worker.client.on<SwitchEvent>("switch", (event) => this.#onSwitch(event));
    worker.client.on<EventBatch>("events", (batch) => {
      this.#events.take(batch);
      this.#tell("eventsTaken", batch.events.length);
    });
    void worker.ended.then(() => {
      const details = { event: "down", address: "", reason: "the OpenFlow worker has ended" } as const;
      const events = [...this.#up.keys()].map((dpid) => eventOf("switch", dpid, details));
      for (const dpid of this.#up.keys()) this.#desired.reconciler.down(dpid);
      this.#up.clear();
      this.#events.take({ events, dropped: 0 });
    });
    return worker;
  }

  /** A call whose failure means nothing: a worker that is started again is told anew. */
  #tell<N extends "subscribe" | "eventsTaken">(method: N, params: Parameters<OpenFlowMethods[N]>[0]): void {
    this.#worker.client.call(method, params).catch(() => undefined);
  }

  /** Makes a thread listen. */
  async #begin(client: WorkerClient<OpenFlowMethods>): Promise<void> {
    const { listen, tls } = this.#config;
    this.#tell("subscribe", this.#events.types());
    if (!listen && !tls) return;
    await this.net.begin(client);
    const ports = await client.call("listen", null);
    // Port 0 was any: it stays the one that switches know.
    const bound = <L extends Listen>(where: L, port: number | null): L => ({ ...where, port: port ?? where.port });
    this.#config = {
      ...this.#config,
      listen: listen && bound(listen, ports.plain),
      tls: tls && { ...tls, listen: bound(tls.listen, ports.tls) },
    };
    this.#listen = listenText(this.#config.listen);
    this.#listenTls = listenText(this.#config.tls?.listen);
    this.#log.info({ listen: this.#listen, tls: this.#listenTls }, "OpenFlow listens");
  }

  async start(): Promise<void> {
    try {
      await this.#begin(this.#worker.client);
    } catch (error) {
      await this.close();
      throw error;
    }
    onScrape(() => this.#scrape());
  }

  #onSwitch({ kind, dpid, address, reason, version = VERSION_1_3 }: SwitchEvent): void {
    if (kind === "up") {
      this.#up.set(dpid, version);
      // 1.0 has no roles.
      if (version === VERSION_1_3) this.#roles.up(dpid);
      this.#desired.reconciler.up(dpid, version === VERSION_1_3 && this.#roles.wanted(dpid) === "slave");
      this.#log.info({ dpid, address, version }, "switch is ready");
    } else if (kind === "down") {
      this.#up.delete(dpid);
      this.#desired.reconciler.down(dpid);
      this.#log.info({ dpid, address, reason }, "switch is gone");
    } else if (kind === "warned") {
      this.#log.warn({ dpid, reason }, "something of the switch does not work as it should");
    } else {
      count("sennit_openflow_refused_total");
      this.#log.info({ address, reason }, "connection was no switch that can be served");
    }
  }

  datapaths(): Promise<Datapath[]> {
    return this.#worker.client.call("datapaths", null);
  }
  datapath(dpid: string): Promise<Datapath> {
    return this.#worker.client.call("datapath", { dpid });
  }
  version(dpid: string): number {
    return this.#up.get(dpid) ?? VERSION_1_3;
  }
  ports(dpid: string): Promise<Port[]> {
    return this.#worker.client.call("ports", { dpid });
  }
  enablePort(dpid: string, port: number, enable: boolean): Promise<void> {
    return this.#worker.client.call("enablePort", { dpid, port, enable });
  }

  changeFlows(dpid: string, records: Uint8Array, count: number, existing: boolean, keep = false): Promise<FlowResult> {
    return this.#desired.changeFlows(dpid, records, count, existing, keep);
  }

  flows(dpid: string, query: Uint8Array): Promise<Uint8Array[]> {
    return receivePieces((port) => this.#worker.client.call("flows", { dpid, query, port }, [port]));
  }
  groups(dpid: string): Promise<Group[]> {
    return this.#worker.client.call("groups", { dpid });
  }
  changeGroup(dpid: string, command: number, group: Group, keep = false): Promise<void> {
    return this.#desired.changeGroup(dpid, command, group, keep);
  }
  async groupFeatures(dpid: string): Promise<GroupFeatures | null> {
    return readGroupFeatures(await this.#worker.client.call("collect", { dpid, type: MULTIPART.GROUP_FEATURES }));
  }
  meters(dpid: string): Promise<Meter[]> {
    return this.#worker.client.call("meters", { dpid });
  }
  changeMeter(dpid: string, command: number, meter: Meter, keep = false): Promise<void> {
    return this.#desired.changeMeter(dpid, command, meter, keep);
  }
  async meterFeatures(dpid: string): Promise<MeterFeatures | null> {
    return readMeterFeatures(await this.#worker.client.call("collect", { dpid, type: MULTIPART.METER_FEATURES }));
  }
  portStats(dpid: string, port: number | null): Promise<PortStats[]> {
    const version = this.version(dpid);
    const request = portStatsRequest(port, version);
    return this.#statistics(dpid, MULTIPART.PORT_STATS, request, (body) => unpackPortStats(body, version));
  }
  groupStats(dpid: string, group: number | null): Promise<GroupStats[]> {
    return this.#statistics(dpid, MULTIPART.GROUP_STATS, u32(group ?? ALL_GROUPS), unpackGroupStats);
  }
  meterStats(dpid: string, meter: number | null): Promise<MeterStats[]> {
    return this.#statistics(dpid, MULTIPART.METER_STATS, u32(meter ?? ALL_METERS), unpackMeterStats);
  }
  queueStats(dpid: string, port: number | null, queue: number | null): Promise<QueueStats[]> {
    const version = this.version(dpid);
    const request = queueStatsRequest(port, queue, version);
    return this.#statistics(dpid, MULTIPART.QUEUE, request, (body) => unpackQueueStats(body, version));
  }
  tableStats(dpid: string): Promise<TableStats[]> {
    const version = this.version(dpid);
    return this.#statistics(dpid, MULTIPART.TABLE, Buffer.alloc(0), (body) => unpackTableStats(body, version));
  }
  aggregate(dpid: string, query: Uint8Array): Promise<Aggregate> {
    return this.#worker.client.call("aggregate", { dpid, query });
  }
  tableFeatures(dpid: string): Promise<TableFeatures[]> {
    return this.#statistics(dpid, MULTIPART.TABLE_FEATURES, Buffer.alloc(0), unpackTableFeatures);
  }
  async #statistics<T>(dpid: string, type: number, body: Buffer, unpack: (body: Uint8Array) => T): Promise<T> {
    try {
      return unpack(await this.#worker.client.call("collect", { dpid, type, body }));
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: error.message });
    }
  }
  packetOut(dpid: string, out: PacketOut): Promise<void> {
    return this.#worker.client.call("packetOut", { dpid, out });
  }
  packets(dpid: string): Promise<Uint8Array[]> {
    return this.#worker.client.call("packets", { dpid });
  }
  counters(): Promise<DatapathCounters[]> {
    return this.#worker.client.call("counters", null);
  }
  totals(): Promise<ControllerTotals> {
    return this.#worker.client.call("totals", null);
  }
  ask(dpid: string, type: number, reply: number, body: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    return this.#worker.client.call("ask", { dpid, type, reply, body });
  }
  change(dpid: string, type: number, body: Uint8Array): Promise<void> {
    return this.#worker.client.call("change", { dpid, type, body });
  }
  messages(dpid: string): Promise<Uint8Array[]> {
    return this.#worker.client.call("messages", { dpid });
  }
  role(dpid: string): Promise<RoleState> {
    if (this.version(dpid) === VERSION_1_0) return Promise.resolve(EQUAL);
    return this.#roles.current(dpid);
  }
  async claimRole(dpid: string, role: RoleName): Promise<RoleState> {
    if (this.version(dpid) === VERSION_1_0) {
      if (role === EQUAL.role) return EQUAL;
      throw beforeV13(`role ${role}`);
    }
    const slave = this.#roles.wanted(dpid) === "slave";
    const state = await this.#roles.claim(dpid, role);
    // What it could not do as a slave.
    if (slave && role !== "slave") this.#desired.reconciler.up(dpid);
    return state;
  }

  listen(filter: EventFilter, sink: EventSink<OpenFlowEvent>): () => void {
    return this.#events.listen(filter, sink);
  }
  reconciliation(dpid: string): ReconciliationStatus {
    return this.#desired.reconciler.status(dpid);
  }
  reconcile(dpid: string): Promise<ReconciliationStatus> {
    return this.#desired.reconciler.run(dpid);
  }
  desired(dpid: string): Promise<Counts> {
    return this.#desired.counts(dpid);
  }
  forget(dpid: string): Promise<void> {
    return this.#desired.reconciler.forget(dpid);
  }

  health(): OpenFlowHealth {
    const { failed } = this.#worker;
    const state = failed !== null ? "failed" : this.#listen || this.#listenTls ? "up" : "off";
    const reason = failed === null ? "" : `the OpenFlow worker has ended: ${failed}`;
    return { state, listen: this.#listen, listenTls: this.#listenTls, switches: this.#up.size, reason };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.close();
    await this.#desired.reconciler.close();
  }

  async #scrape(): Promise<void> {
    if (this.#closing || this.#worker.failed !== null) return;
    const datapaths = await this.counters();
    const net = await this.net.totals();
    for (const name of SCRAPED) clear(name);
    const names = new Map(datapaths.map(({ dpid, name }) => [dpid, name]));
    scrapeNet(net, (dpid) => labelsOf({ dpid, name: names.get(dpid) ?? dpidText(dpid) }));
    for (const dp of datapaths) {
      const labels = labelsOf(dp);
      gauge("dp_status", Number(dp.up), labels);
      total("of_dp_connections_total", dp.connections, labels);
      total("of_dp_disconnections_total", dp.disconnections, labels);
      total("of_packet_ins_total", dp.packetIns, labels);
      total("of_ignored_packet_ins_total", dp.packetsLost, labels);
      total("sennit_openflow_unanswered_packet_ins_total", dp.packetInsUnanswered, labels);
      total("of_flowmsgs_sent_total", dp.flowMessagesSent, labels);
      total("of_errors_total", dp.errors, labels);
    }
    await this.#ports.publish(datapaths, labelsOf);
  }
}
