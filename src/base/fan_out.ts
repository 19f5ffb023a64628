// Events to many listeners, each with a filter of its own and room for only so much: one that is behind is told how many
// events it missed as soon as it has room again, and gets none before that.

/** Takes events in a listener's own form; false when there is no room for it. */
export interface EventSink<E> {
  event(event: E): boolean;
  /** So many events did not reach it. */
  missed(count: number): boolean;
}

interface Listener<F, E> {
  readonly filter: F;
  readonly sink: EventSink<E>;
  missed: number;
}

/** How often a listener that has missed events is asked whether it has room to be told so. */
const TELL_MS = 250;

export class FanOut<F, E> {
  readonly #matches: (filter: F, event: E) => boolean;
  readonly #listeners = new Set<Listener<F, E>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(matches: (filter: F, event: E) => boolean) {
    this.#matches = matches;
  }

  /** What the listeners of the moment want. */
  get filters(): F[] {
    return [...this.#listeners].map(({ filter }) => filter);
  }

  /** Starts to hand events to `sink`; the returned function ends that, and is true the first time. */
  add(filter: F, sink: EventSink<E>): () => boolean {
    const listener: Listener<F, E> = { filter, sink, missed: 0 };
    this.#listeners.add(listener);
    return () => {
      const was = this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
      return was;
    };
  }

  /** Hands out events; `dropped` of them were lost on the way here. */
  take(events: readonly E[], dropped: number): void {
    for (const listener of this.#listeners) {
      listener.missed += dropped;
      for (const event of events) if (this.#matches(listener.filter, event)) this.#give(listener, event);
      if (listener.missed > 0) this.#tell(listener);
    }
  }

  #give(listener: Listener<F, E>, event: E): void {
    if ((listener.missed > 0 && !this.#tell(listener)) || !listener.sink.event(event)) listener.missed++;
  }

  /** False when there is still no room. */
  #tell(listener: Listener<F, E>): boolean {
    if (listener.sink.missed(listener.missed)) {
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
