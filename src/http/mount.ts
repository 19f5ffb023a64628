// The way of every request: surface, route, credentials, body, handler, answer. Whatever goes wrong on it becomes an
// error of the catalogue in the surface's own form; nothing that a handler throws reaches the HTTP library.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import { count, series, type Tally, tally } from "../base/metrics.js";
import { type Authenticator, authenticate, type Outcome } from "./auth.js";
import { Aborted, BodyTooLarge, type Exchange, type Handler } from "./exchange.js";
import { ExchangeRequest } from "./request.js";
import { type Match, Router, surfaceOf } from "./router.js";
import type { Caller, Method, Reply, Route, SocketHandler, Surface } from "./table.js";

/** A surface's metrics. */
class Figures {
  readonly #surface: string;
  readonly #durations: ReturnType<typeof series>;
  readonly #codes = new Map<number, Tally>();

  constructor(surface: string) {
    this.#surface = surface;
    this.#durations = series("sennit_http_request_duration_seconds", { surface });
  }

  answered(status: number, ms: number): void {
    let code = this.#codes.get(status);
    if (!code) {
      code = tally("sennit_http_requests_total", { surface: this.#surface, code: status });
      this.#codes.set(status, code);
    }
    code.count++;
    this.#durations.observe(ms / 1_000);
  }
}

interface Mounted {
  readonly prefix: string;
  readonly surface: Surface;
  readonly router: Router;
  readonly figures: Figures;
}

const EMPTY = Buffer.alloc(0);
const NO_HEADERS = {};
const SECURITY_HEADERS = { "x-content-type-options": "nosniff" } as const;

/** By the reply's own headers: most replies share one object of them. */
const securedHeaders = new WeakMap<object, Readonly<Record<string, string>>>();

function secured(headers: Readonly<Record<string, string>> = NO_HEADERS): Readonly<Record<string, string>> {
  const known = securedHeaders.get(headers);
  if (known) return known;
  const all = { ...SECURITY_HEADERS, ...headers };
  securedHeaders.set(headers, all);
  return all;
}

/** Requests under way, and whether new ones are taken. */
export interface Gate {
  inFlight: number;
  /** WebSocket clients. */
  sockets: number;
  closed: boolean;
}

/** Paths whose route is remembered. */
const KNOWN_PATHS = 1_024;

interface Found {
  readonly mounted: Mounted;
  readonly match: Match | null;
}

/** Finds the surface and the route of a path; what clients ask for again and again is looked for once. */
function finder(mounted: readonly Mounted[]): (path: string) => Found | null {
  const known = new Map<string, Found>();
  return (path) => {
    const before = known.get(path);
    if (before) return before;
    const surface = surfaceOf(mounted, path) ?? mounted[0];
    if (!surface) return null;
    const found = { mounted: surface, match: surface.router.find(path) };
    if (found.match && known.size >= KNOWN_PATHS) known.clear();
    if (found.match) known.set(path, found);
    return found;
  };
}

/** Makes the handler of all requests out of the surfaces' tables. */
export function mount(surfaces: readonly Surface[], accounts: Authenticator, log: Logger, gate: Gate): Handler {
  const mounted: Mounted[] = surfaces.map((surface) => ({
    prefix: surface.prefix,
    surface,
    router: new Router(surface.routes),
    figures: new Figures(surface.name),
  }));
  let lastId = 0;
  const find = finder(mounted);
  return (exchange) => {
    const found = find(exchange.path);
    if (!found) return exchange.send(404, {}, "", true);
    new Call(found, exchange, accounts, log, ++lastId, gate).start();
  };
}

/** One request on its way. Runs without promises when nothing on the way needs one. */
class Call {
  readonly #surface: Surface;
  readonly #figures: Figures;
  readonly #match: Match | null;
  readonly #exchange: Exchange;
  readonly #accounts: Authenticator;
  readonly #log: Logger;
  readonly #id: number;
  readonly #gate: Gate;
  readonly #started = performance.now();
  #allow: readonly string[] | null = null;
  #body: Promise<Buffer> | null = null;

  constructor(found: Found, exchange: Exchange, accounts: Authenticator, log: Logger, id: number, gate: Gate) {
    this.#surface = found.mounted.surface;
    this.#figures = found.mounted.figures;
    this.#match = found.match;
    this.#exchange = exchange;
    this.#accounts = accounts;
    this.#log = log;
    this.#id = id;
    this.#gate = gate;
  }

  start(): void {
    this.#gate.inFlight++;
    try {
      const done = this.#run();
      if (done instanceof Promise) done.catch((error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #run(): void | Promise<void> {
    if (this.#gate.closed) throw new AppError("SHUTTING_DOWN");
    if (this.#gate.inFlight > LIMITS.requestsInFlight) {
      throw new AppError("OVERLOADED", { what: "the front end", limit: LIMITS.requestsInFlight });
    }
    const { method } = this.#exchange;
    const match = this.#match;
    if (match) this.#allow = match.resource.allow;
    const route = match?.resource.methods.get((method === "HEAD" ? "GET" : method) as Method);
    if (route?.open && this.#surface.auth.length === 0) return this.#dispatch(match, null);

    const when = this.#surface.authBefore ?? "route";
    const due = when === "route" || (when === "method" && match !== null) || route !== undefined;
    // Nobody's credentials matter to an answer that is the same for all: a wrong password would cost a hash.
    if (!due && !route) return this.#dispatch(match, null);
    const outcome = authenticate(this.#surface.auth, this.#exchange, this.#accounts);
    const must = due && !route?.open && this.#surface.auth.length > 0;
    if (!(outcome instanceof Promise)) return this.#admit(outcome, must);
    // The body comes while the password is being checked: who does not listen now loses it.
    if (route && route.method !== "GET") void this.#read(route).catch(() => undefined);
    return outcome.then((known) => this.#admit(known, must));
  }

  /** `must`: nobody passes without credentials. */
  #admit(known: Outcome, must: boolean): void | Promise<void> {
    if (known.given && !known.caller) count("sennit_login_failures_total", { scheme: known.given });
    if (must && !known.caller) {
      throw new AppError("UNAUTHENTICATED", { scheme: `${known.given ?? ""}${known.bare ? " bare" : ""}` });
    }
    return this.#dispatch(this.#match, known.caller);
  }

  #dispatch(match: Match | null, caller: Caller | null): void | Promise<void> {
    const exchange = this.#exchange;
    const { method, path } = exchange;
    if (!match) {
      const query = new URLSearchParams(exchange.query);
      const other = this.#surface.unrouted?.({ path, query });
      if (!other) throw new AppError("NOT_FOUND", { path });
      return this.#answer(other);
    }
    const { resource, params } = match;
    const request = (body: Buffer) => new ExchangeRequest(exchange, params, body, caller, this.#id);
    if (method === "OPTIONS") {
      return this.#settle(this.#surface.options?.(request(EMPTY), resource.allow) ?? { status: 200 });
    }
    const route = resource.methods.get((method === "HEAD" ? "GET" : method) as Method);
    if (!route) throw new AppError("METHOD_NOT_ALLOWED", { method, allow: resource.allow.join(", ") });
    if (route.socket && exchange.upgrade) return this.#upgrade(route.socket(request(EMPTY)));
    if (route.method === "GET") return this.#settle(route.handle(request(EMPTY)));

    return this.#read(route).then((body) => this.#settle(route.handle(request(body))));
  }

  /** From here on the exchange is a WebSocket, and no request under way. */
  #upgrade(handler: SocketHandler): void {
    const gate = this.#gate;
    if (gate.sockets >= LIMITS.socketClients) {
      throw new AppError("OVERLOADED", { what: "the list of WebSocket clients", limit: LIMITS.socketClients });
    }
    if (this.#exchange.aborted) throw new Aborted();
    gate.sockets++;
    this.#exchange.accept({
      open: (client) => handler.open(client),
      message: (client, data) => handler.message?.(client, data),
      close() {
        gate.sockets--;
        handler.close();
      },
    });
    this.#done(101);
  }

  /** The body, read once however often it is asked for. */
  #read(route: Route): Promise<Buffer> {
    const limit = route.bodyBytes ?? LIMITS.bodyBytes;
    const over = () => new AppError("BODY_TOO_LARGE", { limit });
    if (Number(this.#exchange.header("content-length")) > limit) return Promise.reject(over());
    this.#body ??= this.#exchange.body(limit).catch((error: unknown) => {
      throw error instanceof BodyTooLarge ? over() : error;
    });
    return this.#body;
  }

  #settle(reply: Reply | Promise<Reply>): void | Promise<void> {
    return reply instanceof Promise ? reply.then((known) => this.#answer(known)) : this.#answer(reply);
  }

  #answer(plain: Reply): void | Promise<void> {
    const reply = this.#surface.finish?.(plain, this.#exchange, this.#allow) ?? plain;
    let headers = secured(reply.headers);
    if (this.#allow && (this.#exchange.method === "OPTIONS" || reply.status === 405)) {
      headers = { allow: this.#allow.join(", "), ...headers };
    }
    if (reply.stream) {
      return this.#exchange.stream(reply.status, headers, reply.stream).then(
        () => this.#done(reply.status),
        (error) => {
          this.#log.error({ err: error, request: this.#id }, "a listing broke off");
          this.#exchange.abandon();
          this.#done(500);
        },
      );
    }
    // A body that was refused unread would be taken for the next request's head.
    const close = reply.status === 413 || this.#gate.closed;
    this.#exchange.send(reply.status, headers, reply.body ?? "", close);
    this.#done(reply.status);
  }

  #fail(error: unknown): void {
    if (error instanceof Aborted) {
      this.#done(499);
      return;
    }
    let known = error;
    if (!(known instanceof AppError)) {
      this.#log.error({ err: error, request: this.#id, path: this.#exchange.path }, "a request failed");
      known = new AppError("INTERNAL", { request: this.#id });
    }
    try {
      void this.#answer(this.#surface.problem(known as AppError, this.#exchange));
    } catch (defect) {
      this.#log.error({ err: defect, request: this.#id }, "an error could not be rendered");
      this.#exchange.send(500, {}, "", true);
      this.#done(500);
    }
  }

  #done(status: number): void {
    this.#gate.inFlight--;
    this.#figures.answered(status, performance.now() - this.#started);
  }
}
