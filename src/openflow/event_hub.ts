// The control thread's end of the events: who listens, and what all of them want of the worker.

import { type EventSink, FanOut } from "../base/fan_out.js";
import type { EventBatch, EventType, OpenFlowEvent } from "./events.js";

export interface EventFilter {
  readonly types: readonly EventType[];
  /** 16 hex digits; null: all. Links are of the datapath that they come from. */
  readonly dpid: string | null;
}

export type { EventSink };

function matches({ types, dpid }: EventFilter, event: OpenFlowEvent): boolean {
  return types.includes(event.type) && (dpid === null || dpid === event.dpid);
}

export class EventHub {
  readonly #subscribe: (types: readonly EventType[]) => void;
  readonly #listeners = new FanOut<EventFilter, OpenFlowEvent>(matches);

  /** `subscribe` tells the worker what all listeners together want. */
  constructor(subscribe: (types: readonly EventType[]) => void) {
    this.#subscribe = subscribe;
  }

  /** Starts to hand events to `sink`; the returned function ends that. */
  listen(filter: EventFilter, sink: EventSink<OpenFlowEvent>): () => void {
    const end = this.#listeners.add(filter, sink);
    this.#subscribe(this.types());
    return () => {
      if (end()) this.#subscribe(this.types());
    };
  }

  /** What all listeners together want. */
  types(): EventType[] {
    return [...new Set(this.#listeners.filters.flatMap(({ types }) => types))];
  }

  take({ events, dropped }: EventBatch): void {
    this.#listeners.take(events, dropped);
  }
}
