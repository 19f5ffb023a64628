// What the OpenFlow room offers to routes and to other rooms.

import type { ControllerTotals, Datapath, DatapathCounters, FlowResult } from "./controller.js";
import type { Counts } from "./desired_store.js";
import type { EventFilter, EventSink } from "./event_hub.js";
import type { OpenFlowEvent } from "./events.js";
import type { Group, GroupFeatures } from "./groups.js";
import type { Port } from "./messages.js";
import type { Meter, MeterFeatures } from "./meters.js";
import type { NetHandle } from "./net/methods.js";
import type { PacketOut } from "./packet_out.js";
import type { QueueStats } from "./queues.js";
import type { ReconciliationStatus } from "./reconciler.js";
import type { RoleName, RoleState } from "./roles.js";
import type { GroupStats, MeterStats, PortStats } from "./stats.js";
import type { Aggregate, TableFeatures, TableStats } from "./tables.js";

export interface OpenFlowHealth {
  readonly state: "up" | "off" | "failed";
  /** `HOST:PORT` that switches connect to, "" when off. */
  readonly listen: string;
  /** The same for TLS. */
  readonly listenTls: string;
  readonly switches: number;
  /** Why the state is `failed`. */
  readonly reason: string;
}

/** What the OpenFlow room offers. A `dpid` is 16 lower-case hex digits; unknown ones fail with DATAPATH_NOT_FOUND. */
export interface OpenFlowHandle {
  /** What this controller is known by, 32 hex digits. */
  readonly uid: string;
  /** Links between switches, and hosts. */
  readonly net: NetHandle;
  datapaths(): Promise<Datapath[]>;
  datapath(dpid: string): Promise<Datapath>;
  /** The version that a switch speaks, at once; 1.3's for one that is not there. */
  version(dpid: string): number;
  ports(dpid: string): Promise<Port[]>;
  /** PORT_MOD; resolves after the barrier. */
  enablePort(dpid: string, port: number, enable: boolean): Promise<void>;
  /**
   * Sends `count` flow records (a RecordWriter's) as FLOW_MODs; resolves once the switch has passed a barrier after them.
   * `existing`: records whose flow is not there are not sent, and told as missing. `keep`: what the switch takes is durable
   * when this resolves, and is what later reconciliations install.
   */
  changeFlows(dpid: string, records: Uint8Array, count: number, existing: boolean, keep?: boolean): Promise<FlowResult>;
  /** Flow records, in pieces, that the table, match and cookie of the record `query` cover. */
  flows(dpid: string, query: Uint8Array): Promise<Uint8Array[]>;
  groups(dpid: string): Promise<Group[]>;
  changeGroup(dpid: string, command: number, group: Group, keep?: boolean): Promise<void>;
  groupFeatures(dpid: string): Promise<GroupFeatures | null>;
  meters(dpid: string): Promise<Meter[]>;
  changeMeter(dpid: string, command: number, meter: Meter, keep?: boolean): Promise<void>;
  meterFeatures(dpid: string): Promise<MeterFeatures | null>;
  /** Statistics of one port, group or meter, or of all (null). */
  portStats(dpid: string, port: number | null): Promise<PortStats[]>;
  groupStats(dpid: string, group: number | null): Promise<GroupStats[]>;
  meterStats(dpid: string, meter: number | null): Promise<MeterStats[]>;
  /** PACKET_OUT; resolves after the barrier. */
  packetOut(dpid: string, out: PacketOut): Promise<void>;
  /** Statistics of one queue of one port, of one port's, or of all. */
  queueStats(dpid: string, port: number | null, queue: number | null): Promise<QueueStats[]>;
  tableStats(dpid: string): Promise<TableStats[]>;
  /** What the flows that the record `query` covers have carried together. */
  aggregate(dpid: string, query: Uint8Array): Promise<Aggregate>;
  tableFeatures(dpid: string): Promise<TableFeatures[]>;
  /** The newest PACKET_IN messages, newest first. */
  packets(dpid: string): Promise<Uint8Array[]>;
  counters(): Promise<DatapathCounters[]>;
  /** Counters of all connections together. */
  totals(): Promise<ControllerTotals>;
  /** Sends a message that one of type `reply` answers; resolves with that, header included. */
  ask(dpid: string, type: number, reply: number, body?: Uint8Array): Promise<Uint8Array>;
  /** Sends a message that is answered only when it is refused; resolves after the barrier. Errors: OPENFLOW_REFUSED. */
  change(dpid: string, type: number, body: Uint8Array): Promise<void>;
  /** The newest messages that nothing here understands, newest first. */
  messages(dpid: string): Promise<Uint8Array[]>;
  /** Our role as the switch has it. */
  role(dpid: string): Promise<RoleState>;
  /** Claims a role, now and whenever the switch comes back while this process runs. Errors: OPENFLOW_REFUSED. */
  claimRole(dpid: string, role: RoleName): Promise<RoleState>;
  /** Hands events to `sink`; the returned function ends that. */
  listen(filter: EventFilter, sink: EventSink<OpenFlowEvent>): () => void;
  /** The reconciliation that is under way or was the last, also of a switch that is gone. */
  reconciliation(dpid: string): ReconciliationStatus;
  /** Reconciles a switch now; resolves when that has ended. Errors: UNAVAILABLE when it is not connected. */
  reconcile(dpid: string): Promise<ReconciliationStatus>;
  /** How many flows, groups and meters are kept of a switch, also of one that is gone. */
  desired(dpid: string): Promise<Counts>;
  /** Forgets what is kept of a switch, which stays as it is. */
  forget(dpid: string): Promise<void>;
  health(): OpenFlowHealth;
  close(): Promise<void>;
}
