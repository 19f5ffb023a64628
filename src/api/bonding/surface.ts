// From the table of resources to the routes of /api/v4, and the framework's manners around them: trailing slashes,
// `.json`, `Allow`, `Vary`, error bodies.

import { AppError } from "../../base/errors.js";
import { withParams } from "../../http/request.js";
import {
  type Caller,
  json,
  type Method,
  type Reply,
  type Request,
  type Route,
  type Surface,
} from "../../http/table.js";
import type { Engine } from "../../store/engine.js";
import { NOT_FOUND_PAGE } from "./browse.js";
import { Context, type Services } from "./context.js";
import { createDirectory, itemPath, PREFIX } from "./links.js";
import { MESSAGES, type MessageName, Refusal, say } from "./messages.js";
import { describeFields, describeView } from "./metadata.js";
import { Mirror } from "./mirror.js";
import { negotiate, render, settle } from "./negotiate.js";
import type { Mount, Resource } from "./resource.js";
import { RESOURCES } from "./rows.js";
import { type LoginService, sessionRoutes } from "./session.js";
import { type Call, create, list, remove, retrieve, update } from "./verbs.js";

const ALL: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What a method does to a list, and to an item. */
const LIST_VERBS: Partial<Record<Method, (call: Call) => Reply | Promise<Reply>>> = { GET: list, POST: create };
const ITEM_VERBS: Partial<Record<Method, (call: Call) => Reply | Promise<Reply>>> = {
  GET: retrieve,
  PUT: (call) => update(call, false),
  PATCH: (call) => update(call, true),
  DELETE: remove,
};

/** A path that answers, and what OPTIONS says about it. */
interface View {
  readonly name: string;
  readonly description: string;
  readonly methods: readonly Method[];
  readonly resource: Resource | null;
  readonly item: boolean;
  handle(request: Request, suffix: boolean): Reply | Promise<Reply>;
}

export interface BondingSurfaceOptions extends LoginService {
  readonly store: Engine;
  readonly services: Services;
}

/** Which text a 401 has, by the scheme that was tried. */
const CREDENTIALS: Readonly<Record<string, MessageName>> = {
  basic: "badPassword",
  token: "badToken",
  "basic bare": "bareBasic",
  "token bare": "bareToken",
};

/** A catalogue error in the framework's form. */
export function problem(error: AppError): Reply {
  const { code, status, details } = error;
  if (code === "NOT_FOUND") return { status, headers: { "content-type": "text/html" }, body: NOT_FOUND_PAGE };
  if (code === "METHOD_NOT_ALLOWED") return json(status, { detail: say("method", details) });
  if (code === "FORBIDDEN") return json(status, { detail: MESSAGES.forbidden });
  if (code === "LOGIN_LIMITED") {
    const seconds = String(details["seconds"]);
    return json(status, { detail: say("throttled", { seconds }) }, { "retry-after": seconds });
  }
  if (code === "UNAUTHENTICATED") {
    const name = CREDENTIALS[String(details["scheme"] ?? "")] ?? "unauthenticated";
    const vary = name === "unauthenticated" ? "Accept, Cookie" : "Accept";
    return json(status, { detail: MESSAGES[name] }, { "www-authenticate": 'Basic realm="api"', vary });
  }
  return json(status, { detail: error.message });
}

/** `/api/v4/bonds.json` → `/api/v4/bonds/`. */
const slashed = (path: string): string => (path.endsWith(".json") ? `${path.slice(0, -5)}/` : `${path}/`);

function redirect(request: Pick<Request, "path" | "query">): Reply {
  const query = request.query.toString();
  // A path that begins with two slashes would be taken for another host.
  const location = `/${request.path.replace(/^\/+/, "")}/${query === "" ? "" : `?${query}`}`;
  return { status: 301, headers: { "content-type": "text/html; charset=utf-8", location } };
}

/** The surface of /api/v4. */
export function bondingSurface(options: BondingSurfaceOptions): Surface {
  const { store, services } = options;
  const directory = createDirectory(RESOURCES);
  const mirror = new Mirror(store);
  const contextOf = (request: Request, caller: Caller, style: "plain" | "query" | "suffix") =>
    new Context({ services, caller, directory, origin: request.origin, style, reader: mirror });

  function callerOf(request: Request): Caller {
    if (!request.caller) throw new AppError("UNAUTHENTICATED");
    return request.caller;
  }

  function viewOfMount(resource: Resource, mount: Mount, item: boolean): View {
    const verbs = item ? ITEM_VERBS : LIST_VERBS;
    return {
      name: `${resource.title} ${item ? "Instance" : "List"}`,
      description: resource.description,
      methods: item ? mount.item : mount.list,
      resource,
      item,
      handle: (request, suffix) =>
        settle(() => {
          const { format, style } = negotiate(request, suffix);
          const caller = callerOf(request);
          if (request.method !== "GET" && !caller.superuser) throw new Refusal(403, { detail: MESSAGES.forbidden });
          const verb = verbs[request.method as Method];
          if (!verb) throw new AppError("METHOD_NOT_ALLOWED", { method: request.method });
          return verb({ resource, mount, request, context: contextOf(request, caller, style), format, store, mirror });
        }),
    };
  }

  const top = RESOURCES.flatMap(({ mounts }) => mounts.map(({ path }) => path)).filter((path) =>
    /^\/\w+\/$/.test(path),
  );
  const root: View = {
    name: "Api Root",
    description: "The resources that are found from here.",
    methods: ["GET"],
    resource: null,
    item: false,
    handle: (request, suffix) =>
      settle(() => {
        const { format, style } = negotiate(request, suffix);
        const context = contextOf(request, callerOf(request), style);
        const map = Object.fromEntries(top.map((path) => [path.slice(1, -1), context.link(PREFIX + path)]));
        return render(format, 200, map, request);
      }),
  };

  const views = new Map<string, View>([["/", root]]);
  for (const resource of RESOURCES) {
    for (const mount of resource.mounts) {
      views.set(mount.path, viewOfMount(resource, mount, false));
      if (mount.item.length > 0) views.set(itemPath(mount), viewOfMount(resource, mount, true));
    }
  }

  const patterns = [...views].map(([path, view]) => ({
    expression: new RegExp(`^${PREFIX}${path.replace(/:\w/g, "[^/]+")}$`),
    view,
  }));
  const viewAt = (path: string) => patterns.find(({ expression }) => expression.test(path))?.view ?? null;

  return {
    name: "bonding",
    prefix: PREFIX,
    auth: ["basic", "token"],
    authBefore: "method",
    routes: [...sessionRoutes(options), ...[...views].flatMap(([path, view]) => routesOf(path, view, callerOf))],
    problem,
    unrouted: (request) => {
      const known = viewAt(`${request.path}/`) !== null || /\/(login|logout)$/.test(request.path);
      return known && !request.path.endsWith("/") ? redirect(request) : null;
    },
    options: (request) =>
      settle(() => {
        const { format } = negotiate(request, request.path.endsWith(".json"));
        const view = viewAt(request.path.endsWith("/") ? request.path : slashed(request.path));
        // login/ may be asked about by anyone.
        const caller = view ? callerOf(request) : request.caller;
        if (!view) return render(format, 200, describeView("Token", "Tokens for users.", null), request);
        const writes = view.methods.find((method) => method === "POST" || method === "PUT");
        const fields = caller?.superuser && writes && view.resource ? describeFields(view.resource) : null;
        const actions = fields && writes ? { [writes]: fields } : null;
        return render(format, 200, describeView(view.name, view.description, actions), request);
      }),
    finish(reply, request, allow) {
      if (allow === null || reply.status === 301) return reply;
      const view = request.path.endsWith("/") ? null : viewAt(slashed(request.path));
      const methods = view ? [...view.methods, "HEAD", "OPTIONS"] : allow;
      return { ...reply, headers: { vary: "Accept", ...reply.headers, allow: methods.join(", ") } };
    },
  };
}

/** A path's rows: with its slash, and the forms without one, which end in `.json` or lead to the slashed one. */
function routesOf(path: string, view: View, callerOf: (request: Request) => Caller): Route[] {
  const full = PREFIX + path;
  const routes: Route[] = view.methods.map((method) => ({
    method,
    path: full,
    handle: (request) => view.handle(request, false),
  }));
  if (path === "/") return routes;
  const bare = full.slice(0, -1);
  if (!view.item) {
    const suffixed: Route[] = view.methods.map((method) => ({
      method,
      path: `${bare}.json`,
      handle: (request) => view.handle(request, true),
    }));
    return [...routes, ...suffixed];
  }
  // The last segment is a parameter, so that one route sees both `1` and `1.json`.
  const unslashed: Route[] = ALL.map((method) => ({
    method,
    path: bare,
    open: true,
    handle(request) {
      if (!request.path.endsWith(".json")) return redirect(request);
      callerOf(request);
      const own = Object.entries(request.params).map(([name, value]) => [name, value.replace(/\.json$/, "")] as const);
      if (!view.methods.includes(method)) throw new AppError("METHOD_NOT_ALLOWED", { method });
      return view.handle(withParams(request, Object.fromEntries(own)), true);
    },
  }));
  return [...routes, ...unslashed];
}
