// A request as handlers see it, over its exchange: what a handler does not ask for is not made.

import type { Exchange } from "./exchange.js";
import type { Caller, Request } from "./table.js";

const NO_QUERY = new URLSearchParams();

export class ExchangeRequest implements Request {
  readonly method: Request["method"];
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly caller: Caller | null;
  readonly id: number;
  readonly #exchange: Exchange;
  #query: URLSearchParams | null = null;

  constructor(
    exchange: Exchange,
    params: Readonly<Record<string, string>>,
    body: Buffer,
    caller: Caller | null,
    id: number,
  ) {
    const { method } = exchange;
    this.method = (method === "HEAD" ? "GET" : method) as Request["method"];
    this.path = exchange.path;
    this.params = params;
    this.body = body;
    this.caller = caller;
    this.id = id;
    this.#exchange = exchange;
  }

  get query(): URLSearchParams {
    const { query } = this.#exchange;
    this.#query ??= query === "" ? NO_QUERY : new URLSearchParams(query);
    return this.#query;
  }

  get address(): string {
    return this.#exchange.address;
  }

  get origin(): string {
    return `http://${this.#exchange.header("host") || "localhost"}`;
  }

  header(name: string): string {
    return this.#exchange.header(name);
  }
}

/** The same request with other values for the route's segments. */
export function withParams(request: Request, params: Readonly<Record<string, string>>): Request {
  const { method, path, body, caller, id } = request;
  return {
    method,
    path,
    params,
    body,
    caller,
    id,
    get query() {
      return request.query;
    },
    get address() {
      return request.address;
    },
    get origin() {
      return request.origin;
    },
    header: (name) => request.header(name),
  };
}
