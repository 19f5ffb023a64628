// Calls and events between the control thread and a worker that lives as long as its sockets. One message is one
// command of an operator or one batch of events: never a packet, an UPDATE or a flow.

import type { MessagePort, TransferListItem } from "node:worker_threads";
import { AppError, type ErrorCode, type ErrorDetails, reasonOf } from "../base/errors.js";

/** Calls that a room's worker answers, by name. Parameters and results must survive structured clone. */
// biome-ignore lint/suspicious/noExplicitAny: each room narrows its own methods with an interface
export type Methods = { [name: string]: (params: any) => unknown };

interface CallMessage {
  readonly call: number;
  readonly method: string;
  readonly params: unknown;
}

interface ResultMessage {
  readonly result: number;
  readonly value?: unknown;
  readonly error?: { readonly code?: ErrorCode; readonly details?: ErrorDetails; readonly text: string };
}

interface EventMessage {
  readonly event: string;
  readonly data: unknown;
}

type Message = CallMessage | ResultMessage | EventMessage;

/** How many calls may wait for one worker before more are refused with OVERLOADED. */
const CALLS_WAITING = 10_000;

/** The control thread's end. */
export class WorkerClient<M extends Methods> {
  readonly #port: MessagePort;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #listeners = new Map<string, ((data: never) => void)[]>();
  #next = 1;
  #gone: AppError | null = null;

  constructor(name: string, port: MessagePort) {
    this.#name = name;
    this.#port = port;
    port.on("message", (message: Message) => this.#receive(message));
  }

  /** Calls a method of the worker. Rejects with the worker's AppError, or UNAVAILABLE when the worker has ended. */
  call<N extends keyof M & string>(
    method: N,
    params: Parameters<M[N]>[0],
    transfer: TransferListItem[] = [],
  ): Promise<Awaited<ReturnType<M[N]>>> {
    if (this.#gone) return Promise.reject(this.#gone);
    if (this.#waiting.size >= CALLS_WAITING) {
      return Promise.reject(
        new AppError("OVERLOADED", { what: `the ${this.#name} worker's queue`, limit: CALLS_WAITING }),
      );
    }
    const call = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve: resolve as (value: unknown) => void, reject });
      this.#port.postMessage({ call, method, params } satisfies CallMessage, transfer);
    });
  }

  /** Listens to an event that the worker emits. */
  on<T>(event: string, listener: (data: T) => void): void {
    const listeners = this.#listeners.get(event) ?? [];
    listeners.push(listener as (data: never) => void);
    this.#listeners.set(event, listeners);
  }

  /** Fails all calls that wait, and all later ones: the worker has ended. */
  ended(reason: string): void {
    this.#gone ??= new AppError("UNAVAILABLE", { what: `the ${this.#name} worker`, reason });
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
    this.#port.close();
  }

  #receive(message: Message): void {
    if ("event" in message) {
      for (const listener of this.#listeners.get(message.event) ?? []) listener(message.data as never);
    } else if ("result" in message) {
      const waiter = this.#waiting.get(message.result);
      this.#waiting.delete(message.result);
      if (!message.error) waiter?.resolve(message.value);
      else if (message.error.code) waiter?.reject(new AppError(message.error.code, message.error.details));
      else waiter?.reject(new Error(message.error.text));
    }
  }
}

/** The worker's end: answers calls with `methods` and emits events. `close()` lets the worker's thread end. */
export class WorkerServer {
  readonly #port: MessagePort;

  constructor(port: MessagePort, methods: Methods) {
    this.#port = port;
    port.on("message", (message: CallMessage) => void this.#answer(message, methods));
  }

  emit(event: string, data: unknown, transfer: TransferListItem[] = []): void {
    this.#port.postMessage({ event, data } satisfies EventMessage, transfer);
  }

  close(): void {
    this.#port.close();
  }

  async #answer(message: CallMessage, methods: Methods): Promise<void> {
    const { call, method, params } = message;
    try {
      const handler = methods[method];
      if (!handler) throw new Error(`no method ${method}`);
      this.#port.postMessage({ result: call, value: await handler(params) } satisfies ResultMessage);
    } catch (error) {
      const failure =
        error instanceof AppError
          ? { code: error.code, details: error.details, text: error.message }
          : { text: error instanceof Error ? (error.stack ?? error.message) : reasonOf(error) };
      this.#port.postMessage({ result: call, error: failure } satisfies ResultMessage);
    }
  }
}
