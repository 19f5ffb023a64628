// The OpenFlow worker: owns the listening socket and the switches' sockets, and answers the control thread's calls.

import type { MessagePort } from "node:worker_threads";
import type { WorkerTask } from "../workers/pool.js";
import type { Methods } from "../workers/rpc.js";
import { WorkerServer } from "../workers/rpc.js";
import type { OpenFlowConfig } from "./config.js";
import {
  Controller,
  type ControllerListener,
  type ControllerTotals,
  type Datapath,
  type DatapathCounters,
  type FlowResult,
} from "./controller.js";
import { EventStream, type EventType } from "./events.js";
import { changeGroup, type Group, groupDescriptions } from "./groups.js";
import { sendPieces } from "./listing.js";
import type { Port } from "./messages.js";
import { changeMeter, type Meter, meterConfigs } from "./meters.js";
import { netEvents } from "./net/events.js";
import { type NetMethods, netMethods } from "./net/methods.js";
import { type PacketOut, sendPacketOut } from "./packet_out.js";
import { portMod } from "./ports.js";
import { type NumberedChange, sendGroups, sendMeters } from "./reconcile_send.js";
import type { ChangeResult } from "./requests.js";
import { type Aggregate, aggregate } from "./tables.js";

/** What the worker answers. `dpid` is 16 hex digits. */
export interface OpenFlowMethods extends Methods, NetMethods {
  /** The ports that are bound. */
  listen(none: null): Promise<{ plain: number | null; tls: number | null }>;
  datapaths(none: null): Datapath[];
  datapath(params: { dpid: string }): Datapath;
  ports(params: { dpid: string }): Port[];
  changeFlows(params: { dpid: string; records: Uint8Array; count: number; existing: boolean }): Promise<FlowResult>;
  /** The pieces go to the port: see listing.ts. */
  flows(params: { dpid: string; query: Uint8Array; port: MessagePort }): Promise<void>;
  /** A multipart answer's body, for what the control thread reads itself. */
  collect(params: { dpid: string; type: number; body?: Uint8Array }): Promise<Uint8Array>;
  /** A message that one message of type `reply` answers; the answer. */
  ask(params: { dpid: string; type: number; reply: number; body?: Uint8Array }): Promise<Uint8Array>;
  /** A message that the switch answers only when it refuses it; resolves after the barrier. */
  change(params: { dpid: string; type: number; body: Uint8Array }): Promise<void>;
  /** The newest messages that nothing here understands, newest first. */
  messages(params: { dpid: string }): Uint8Array[];
  aggregate(params: { dpid: string; query: Uint8Array }): Promise<Aggregate>;
  groups(params: { dpid: string }): Promise<Group[]>;
  changeGroup(params: { dpid: string; command: number; group: Group }): Promise<void>;
  meters(params: { dpid: string }): Promise<Meter[]>;
  changeMeter(params: { dpid: string; command: number; meter: Meter }): Promise<void>;
  /** Changes of many groups or meters, in order, under one barrier. */
  sendGroups(params: { dpid: string; changes: readonly NumberedChange<Group>[] }): Promise<ChangeResult>;
  sendMeters(params: { dpid: string; changes: readonly NumberedChange<Meter>[] }): Promise<ChangeResult>;
  enablePort(params: { dpid: string; port: number; enable: boolean }): Promise<void>;
  packetOut(params: { dpid: string; out: PacketOut }): Promise<void>;
  packets(params: { dpid: string }): Uint8Array[];
  counters(none: null): DatapathCounters[];
  totals(none: null): ControllerTotals;
  /** The events that are wanted from now on. */
  subscribe(types: readonly EventType[]): void;
  eventsTaken(count: number): void;
  close(none: null): Promise<void>;
}

export interface SwitchEvent {
  readonly kind: "up" | "down" | "refused" | "warned";
  readonly dpid: string;
  readonly address: string;
  readonly reason: string;
  /** Of one that is up. */
  readonly version?: number;
}

/** Runs until the control thread calls `close`. */
export default async function openflowWorker(task: WorkerTask<OpenFlowConfig>): Promise<void> {
  let server: WorkerServer | undefined;
  const events = new EventStream((batch) => server?.emit("events", batch));
  const emit = (event: SwitchEvent): void => {
    server?.emit("switch", event);
    const { kind, dpid, address, reason } = event;
    events.put("switch", dpid, () => ({ event: kind, address, reason }));
  };
  const listener: ControllerListener = {
    up: (dpid, address, version) => emit({ kind: "up", dpid, address, reason: "", version }),
    down: (dpid, address, reason) => emit({ kind: "down", dpid, address, reason }),
    warned: (dpid, reason) => emit({ kind: "warned", dpid, address: "", reason }),
    refused: (address, reason) => emit({ kind: "refused", dpid: "", address, reason }),
  };
  const controller = new Controller(task.data, listener, events);
  controller.topology.listen(netEvents(events));
  await new Promise<void>((resolve) => {
    const methods: OpenFlowMethods = {
      listen: async () => ({
        plain: task.data.listen && (await controller.listen()),
        tls: task.data.tls && (await controller.listenTls(task.data.tls)),
      }),
      datapaths: () => controller.datapaths(),
      datapath: ({ dpid }) => controller.datapath(dpid),
      ports: ({ dpid }) => controller.ports(dpid),
      changeFlows: ({ dpid, records, count, existing }) => controller.changeFlows(dpid, records, count, existing),
      flows: ({ dpid, query, port }) => sendPieces(port, (take) => controller.flows(dpid, query, take)),
      collect: ({ dpid, type, body }) => controller.session(dpid).collect(type, body),
      ask: ({ dpid, type, reply, body }) => controller.session(dpid).ask(type, reply, body),
      change: ({ dpid, type, body }) => controller.session(dpid).set(type, body),
      messages: ({ dpid }) => controller.session(dpid).strange.newest(),
      aggregate: ({ dpid, query }) => aggregate(controller.session(dpid), controller.codec, query),
      groups: ({ dpid }) => groupDescriptions(controller.session(dpid), controller.codec),
      changeGroup: ({ dpid, command, group }) =>
        changeGroup(controller.session(dpid), controller.codec, command, group),
      meters: ({ dpid }) => meterConfigs(controller.session(dpid)),
      changeMeter: ({ dpid, command, meter }) => changeMeter(controller.session(dpid), command, meter),
      sendGroups: ({ dpid, changes }) => sendGroups(controller.session(dpid), controller.codec, changes),
      sendMeters: ({ dpid, changes }) => sendMeters(controller.session(dpid), changes),
      enablePort: ({ dpid, port, enable }) => portMod(controller.session(dpid), port, enable),
      packetOut: ({ dpid, out }) => sendPacketOut(controller.session(dpid), controller.codec, out),
      packets: ({ dpid }) => controller.session(dpid).packets.newest(),
      counters: () => controller.counters(),
      totals: () => controller.totals(),
      subscribe: (types) => events.subscribe(types),
      eventsTaken: (count) => events.taken(count),
      ...netMethods(controller.topology),
      close: async () => {
        events.close();
        await controller.close();
        setImmediate(resolve);
      },
    };
    server = new WorkerServer(task.port, methods);
  });
  server?.close();
}
