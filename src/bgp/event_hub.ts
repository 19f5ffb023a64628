// The control thread's side of the event stream: its listeners, what each wants, and what it missed.

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

interface Listener {
  readonly filter: EventFilter;
  readonly sink: EventSink;
  missed: number;
}

/** How often a listener that has missed events is asked whether it has room to be told so. */
const TELL_MS = 250;

function matches(filter: EventFilter, event: BgpEvent): boolean {
  if (filter.peer !== null && filter.peer !== event.peer) return false;
  if (!filter.types.includes(event.type)) return false;
  if (event.type !== "session" && !(event.sent ? filter.sent : filter.received)) return false;
  return event.type !== "update" || filter.family === null || filter.family === event.family;
}

export class EventHub {
  readonly #subscribe: (interest: EventInterest | null) => void;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | null = null;

  /** `subscribe` tells the worker what all listeners together want. */
  constructor(subscribe: (interest: EventInterest | null) => void) {
    this.#subscribe = subscribe;
  }

  /** Starts to hand events to `sink`; the returned function ends that. */
  listen(filter: EventFilter, sink: EventSink): () => void {
    const listener: Listener = { filter, sink, missed: 0 };
    this.#listeners.add(listener);
    this.#subscribe(this.interest());
    return () => {
      if (!this.#listeners.delete(listener)) return;
      this.#subscribe(this.interest());
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  /** What all listeners together want, null when there are none. */
  interest(): EventInterest | null {
    const filters = [...this.#listeners].map(({ filter }) => filter);
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
    for (const listener of this.#listeners) {
      listener.missed += dropped;
      for (const event of events) if (matches(listener.filter, event)) this.#give(listener, event.text);
      if (listener.missed > 0) this.#tell(listener);
    }
  }

  /** A listener is told that it missed events before it gets the next one. */
  #give(listener: Listener, text: string): void {
    if ((listener.missed > 0 && !this.#tell(listener)) || !listener.sink(text)) listener.missed++;
  }

  /** False when there is still no room. */
  #tell(listener: Listener): boolean {
    const text = JSON.stringify({ t: Date.now() / 1000, type: "dropped", count: listener.missed });
    if (listener.sink(text)) {
      listener.missed = 0;
      return true;
    }
    this.#timer ??= setInterval(() => this.#tellAll(), TELL_MS);
    return false;
  }

  #tellAll(): void {
    const behind = [...this.#listeners].filter(({ missed }) => missed > 0);
    if (behind.filter((listener) => !this.#tell(listener)).length === 0) this.#rest();
  }

  #rest(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
