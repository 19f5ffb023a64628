// The control thread's side of the event stream: its listeners, what each wants, and what it missed.

import { FanOut } from "../base/fan_out.js";
import type { BgpEvent, EventBatch, EventInterest, EventType } from "./events.js";

export interface EventFilter {
  readonly types: readonly EventType[];
  readonly received: boolean;
  readonly sent: boolean;
  /** Canonical address, null all. */
  readonly peer: string | null;
  /** Of updates: null all. */
  readonly family: string | null;
}

/** Takes an event as JSON text; false when it has no room for it. */
export type EventSink = (text: string) => boolean;

function matches(filter: EventFilter, event: BgpEvent): boolean {
  if (filter.peer !== null && filter.peer !== event.peer) return false;
  if (!filter.types.includes(event.type)) return false;
  if (event.type !== "session" && !(event.sent ? filter.sent : filter.received)) return false;
  return event.type !== "update" || filter.family === null || filter.family === event.family;
}

export class EventHub {
  readonly #subscribe: (interest: EventInterest | null) => void;
  readonly #listeners = new FanOut<EventFilter, BgpEvent>(matches);

  /** `subscribe` tells the worker what all listeners together want. */
  constructor(subscribe: (interest: EventInterest | null) => void) {
    this.#subscribe = subscribe;
  }

  /** Starts to hand events to `sink`; the returned function ends that. */
  listen(filter: EventFilter, sink: EventSink): () => void {
    const end = this.#listeners.add(filter, {
      event: ({ text }) => sink(text),
      missed: (count) => sink(JSON.stringify({ t: Date.now() / 1000, type: "dropped", count })),
    });
    this.#subscribe(this.interest());
    return () => {
      if (end()) this.#subscribe(this.interest());
    };
  }

  /** What all listeners together want, null when there are none. */
  interest(): EventInterest | null {
    const { filters } = this.#listeners;
    if (filters.length === 0) return null;
    const everyone = filters.some(({ peer }) => peer === null);
    return {
      types: [...new Set(filters.flatMap(({ types }) => types))],
      received: filters.some(({ received }) => received),
      sent: filters.some(({ sent }) => sent),
      peers: everyone ? null : [...new Set(filters.map(({ peer }) => peer as string))],
    };
  }

  /** Hands out a batch. */
  take({ events, dropped }: EventBatch): void {
    this.#listeners.take(events, dropped);
  }
}
