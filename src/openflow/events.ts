// What happens to switches, as events for the clients of /sdn/v2.0/events: made in the worker while somebody wants them.
// They carry what there is to tell; its JSON form is the surface's.

import { type EventBatch as Batch, EventQueue } from "../workers/event_queue.js";
import type { Features, Port } from "./messages.js";

export const EVENT_TYPES = ["switch", "port", "flow_removed", "error", "link", "node"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What an event tells beside its type, time and datapath. */
export interface EventDetails {
  readonly switch: {
    readonly event: "up" | "down" | "refused" | "warned";
    readonly address: string;
    readonly reason: string;
  };
  readonly port: { readonly event: "add" | "delete" | "modify"; readonly port: Port; readonly features: Features };
  /** `record`: the flow, with its last counters, as codec.unpackFlowRemovedFrame() gives it. */
  readonly flow_removed: { readonly event: string; readonly record: Uint8Array; readonly version: number };
  /** `event`: TYPE/CODE; `message`: as HP's controller writes it. */
  readonly error: { readonly event: string; readonly message: string };
  /** `fields`: the JSON form of a link or node. */
  readonly link: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> };
  readonly node: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> };
}

export type OpenFlowEvent = {
  [T in EventType]: {
    readonly type: T;
    /** Epoch ms. */
    readonly at: number;
    /** 16 hex digits; "" where there is none yet. */
    readonly dpid: string;
  } & EventDetails[T];
}[EventType];

export type EventBatch = Batch<OpenFlowEvent>;

/** OFPRR_* (spec §7.4.2); index = reason. */
const REMOVED = ["idle_timeout", "hard_timeout", "delete", "group_delete"];

export function removalName(reason: number): string {
  return REMOVED[reason] ?? String(reason);
}

/** An event of the moment. */
export function eventOf<T extends EventType>(type: T, dpid: string, details: EventDetails[T]): OpenFlowEvent {
  return { type, at: Date.now(), dpid, ...details } as OpenFlowEvent;
}

/** The worker's end. */
export class EventStream {
  readonly #queue: EventQueue<OpenFlowEvent>;
  #types: readonly EventType[] = [];

  constructor(emit: (batch: EventBatch) => void) {
    this.#queue = new EventQueue(emit);
  }

  /** What is wanted from now on; empty: nothing. */
  subscribe(types: readonly EventType[]): void {
    this.#types = types;
    if (types.length === 0) this.#queue.clear();
  }

  /** Control has handed out `count` events. */
  taken(count: number): void {
    this.#queue.taken(count);
  }

  /** Queues an event; `details` is asked for only when somebody wants it and there is room. */
  put<T extends EventType>(type: T, dpid: string, details: () => EventDetails[T]): void {
    if (this.#types.includes(type)) this.#queue.push(() => eventOf(type, dpid, details()));
  }

  close(): void {
    this.#queue.close();
  }
}
