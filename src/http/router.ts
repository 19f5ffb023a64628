// From a path to the routes of its table: one tree of segments per surface, built once.

import type { Method, Route, Surface } from "./table.js";

/** All routes of one path. */
export interface Resource {
  readonly methods: ReadonlyMap<Method, Route>;
  /** What `Allow` lists: the methods, HEAD where there is GET, OPTIONS. */
  readonly allow: readonly string[];
}

export interface Match {
  readonly resource: Resource;
  readonly params: Readonly<Record<string, string>>;
}

interface Node {
  readonly literal: Map<string, Node>;
  parameter: Node | null;
  parameterName: string;
  methods: Map<Method, Route>;
  resource: Resource | null;
}

const node = (): Node => ({
  literal: new Map(),
  parameter: null,
  parameterName: "",
  methods: new Map(),
  resource: null,
});

/** The order in which `Allow` names methods. */
const ORDER: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function allowed(methods: ReadonlyMap<Method, Route>): string[] {
  const allow: string[] = ORDER.filter((method) => methods.has(method));
  return [...allow, ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"];
}

function insert(root: Node, route: Route): void {
  let at = root;
  for (const segment of route.path.split("/").slice(1)) {
    if (segment.startsWith(":")) {
      const name = segment.slice(1);
      at.parameter ??= node();
      if (at.parameterName !== "" && at.parameterName !== name) {
        throw new Error(`route ${route.path}: the segment is called :${at.parameterName} in another route`);
      }
      at.parameterName = name;
      at = at.parameter;
    } else {
      const next = at.literal.get(segment) ?? node();
      at.literal.set(segment, next);
      at = next;
    }
  }
  if (at.methods.has(route.method)) throw new Error(`route ${route.method} ${route.path} stands twice in its table`);
  at.methods.set(route.method, route);
  at.resource = { methods: at.methods, allow: allowed(at.methods) };
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The routes of one surface. */
export class Router {
  readonly #root = node();

  constructor(routes: readonly Route[]) {
    for (const route of routes) insert(this.#root, route);
  }

  /** Literal segments win over parameters; a parameter takes no empty segment. */
  find(path: string): Match | null {
    const params: Record<string, string> = {};
    const resource = this.#walk(this.#root, path.split("/"), 1, params);
    return resource ? { resource, params } : null;
  }

  #walk(at: Node, segments: readonly string[], index: number, params: Record<string, string>): Resource | null {
    if (index === segments.length) return at.resource;
    const segment = decode(segments[index] as string);
    const literal = at.literal.get(segment);
    if (literal) {
      const found = this.#walk(literal, segments, index + 1, params);
      if (found) return found;
    }
    if (!at.parameter || segment === "") return null;
    const found = this.#walk(at.parameter, segments, index + 1, params);
    if (found) params[at.parameterName] = segment;
    return found;
  }
}

/** The surface that a path belongs to: the longest prefix wins. */
export function surfaceOf<S extends Pick<Surface, "prefix">>(surfaces: readonly S[], path: string): S | null {
  let best: S | null = null;
  for (const surface of surfaces) {
    const { prefix } = surface;
    const under = prefix === "/" || path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
    if (under && (best === null || prefix.length > best.prefix.length)) best = surface;
  }
  return best;
}
