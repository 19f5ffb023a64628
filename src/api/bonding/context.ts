// What one request of /api/v4 carries along: where records are read, how links are written, who asks.

import type { Live } from "../../bond/live.js";
import type { Caller } from "../../http/table.js";
import type { Records, StoredRecord } from "./mirror.js";

export type { StoredRecord } from "./mirror.js";

/** What the rows need of the rest of the appliance. */
export interface Services {
  readonly live: Live;
  /** The /31s of tunnels come from it, CIDR. */
  readonly tunnelPool: string;
  /** The version that this box runs. */
  readonly version: string;
  /** Id of this box's own aggregator record, or null. */
  ownNode(): number | null;
  hashPassword(password: string): Promise<string>;
}

/** How the answer's links end: `/`, `/?format=json` or `.json`. */
export type LinkStyle = "plain" | "query" | "suffix";

/** What a path names. */
export interface Place {
  readonly resource: string;
  /** Of a child: the resource that its parent is looked for in. */
  readonly parent?: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The finding of records and links by resource, which the table provides (links.ts). */
export interface Directory {
  find(resource: string, id: unknown, context: Context): StoredRecord | undefined;
  /** Path of a record, with a slash at its end. */
  pathTo(resource: string, record: StoredRecord, context: Context): string;
  /** The resource and record key that a path names; null when no route has it. */
  match(path: string): Place | null;
  /** The record that a matched path names. */
  lookup(place: Place, context: Context): StoredRecord | undefined;
}

export class Context {
  readonly services: Services;
  readonly caller: Caller;
  readonly directory: Directory;
  readonly origin: string;
  readonly style: LinkStyle;
  /** What is committed, or the transaction that is under way. */
  reader: Records;
  readonly #latest = new Map<string, { readonly record: object; readonly value: unknown }>();

  constructor(options: {
    services: Services;
    caller: Caller;
    directory: Directory;
    origin: string;
    style: LinkStyle;
    reader: Records;
  }) {
    this.services = options.services;
    this.caller = options.caller;
    this.directory = options.directory;
    this.origin = options.origin;
    this.style = options.style;
    this.reader = options.reader;
  }

  /** True when the caller may change things and see secrets. */
  get mayWrite(): boolean {
    return this.caller.superuser;
  }

  /**
   * Works a value of a record out once while that record is being shown: several of its fields come from it, and
   * they are asked for one after another.
   */
  once<T>(what: string, record: object, make: () => T): T {
    const latest = this.#latest.get(what);
    if (latest?.record === record) return latest.value as T;
    const value = make();
    this.#latest.set(what, { record, value });
    return value;
  }

  /** Forgets what was worked out: the records have changed. */
  refresh(reader: Records): void {
    this.reader = reader;
    this.#latest.clear();
  }

  /** The record that a stored id points to. */
  relation(resource: string, id: unknown): StoredRecord | undefined {
    return this.directory.find(resource, id, this);
  }

  /** The absolute URL of a path under the surface. */
  link(path: string): string {
    if (this.style === "suffix") return `${this.origin}${path.replace(/\/$/, "")}.json`;
    return `${this.origin}${path}${this.style === "query" ? "?format=json" : ""}`;
  }

  /** The absolute URL of a record. */
  linkTo(resource: string, record: StoredRecord): string {
    return this.link(this.directory.pathTo(resource, record, this));
  }
}
