// What a session with another daemon must prove for a family: what the daemon announces is in our Adj-RIB-In as the
// JSON that REST promises, what we send is in the daemon as it shows it, and both can be withdrawn. One row a route,
// so that a family is tested with a daemon by adding rows to the daemon's table.

import type { Test } from "tap";
import { familyByName } from "../../src/bgp/families.js";
import type { UpdateBody } from "../../src/bgp/update_json.js";
import type { Room } from "./bgp_peers.js";
import { until } from "./wait.js";

/** A daemon in its own words. */
export interface Daemon {
  /** One command that announces or withdraws. */
  say(command: string): Promise<unknown> | unknown;
  /** What it shows when asked; searched for a row's pattern. */
  show(question: string): Promise<string> | string;
}

export interface FamilyRow {
  /** Our name of the family. */
  readonly family: string;
  readonly what: string;
  /** What the daemon announces, and the NLRI and attributes (at least these) that we then have. */
  readonly theirs?: {
    readonly announce: string;
    readonly withdraw: string;
    readonly nlri: unknown;
    readonly attr: Readonly<Record<string, unknown>>;
  };
  /** What we send, and how the daemon shows it. */
  readonly ours?: {
    readonly body: UpdateBody;
    readonly withdraw: UpdateBody;
    readonly show: string;
    readonly shown: RegExp;
    /** Why the daemon goes on showing it when it has been withdrawn. */
    readonly lingers?: string;
  };
}

type Theirs = NonNullable<FamilyRow["theirs"]>;
type Ours = NonNullable<FamilyRow["ours"]>;

/** The rows of families that have a table: the others wait for theirs. */
export function enabled(rows: readonly FamilyRow[]): FamilyRow[] {
  return rows.filter(({ family }) => (familyByName(family)?.rib ?? null) !== null);
}

/** The families of rows, each once. */
export function familiesOf(rows: readonly FamilyRow[]): string[] {
  return [...new Set(rows.map(({ family }) => family))];
}

interface Route {
  readonly nlri: unknown;
  readonly attr: Readonly<Record<string, unknown>>;
}

type Direction = "in" | "out";

/** The routes of a family that a peer has announced, or that were sent to it. */
export async function routesIn(
  room: Room,
  address: string,
  family: string,
  direction: Direction = "in",
): Promise<Route[]> {
  const reply = await room.rest("GET", `/v1/peer/${address}/adj-rib-${direction}?afi_safi=${family}&limit=100`);
  if (reply.status !== 200) throw new Error(`GET adj-rib-${direction} of ${family}: ${reply.status} ${reply.text}`);
  const { routes } = reply.json() as { routes: { nlri?: unknown; prefix?: string; attr: Route["attr"] }[] };
  return routes.map(({ nlri, prefix, attr }) => ({ nlri: nlri ?? prefix, attr }));
}

/** What POST adj-rib-in finds by a route's NLRI. */
async function lookedUp(room: Room, address: string, family: string, nlri: unknown): Promise<unknown> {
  const path = `/v1/peer/${address}/adj-rib-in?afi_safi=${family}`;
  const { data } = (await room.rest("POST", path, { body: { data: [nlri] } })).json();
  return data[typeof nlri === "string" ? nlri : JSON.stringify(nlri)];
}

/** True when `found` has everything that `wanted` has, deep; lists must have the same length. */
export function includes(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((item, i) => includes(found[i], item))
    );
  }
  if (typeof wanted !== "object" || wanted === null) return found === wanted;
  if (typeof found !== "object" || found === null) return false;
  const members = found as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([key, value]) => includes(members[key], value));
}

/** A route among all of the family. */
async function findRoute(room: Room, address: string, family: string, nlri: unknown): Promise<Route | null> {
  return (await routesIn(room, address, family)).find((route) => includes(route.nlri, nlri)) ?? null;
}

/** An established session with a daemon. */
export interface Session {
  readonly room: Room;
  readonly address: string;
  readonly daemon: Daemon;
  /** The rows have all of a route's JSON, and the tables are empty but for the row's route. */
  readonly exact?: true;
}

async function receives(t: Test, { family, what }: FamilyRow, theirs: Theirs, session: Session): Promise<void> {
  const { room, address, daemon, exact } = session;
  const { nlri, attr } = theirs;
  await daemon.say(theirs.announce);
  const route = await until(() => findRoute(room, address, family, nlri), {
    what,
    state: () => room.quiet.lines.slice(-3),
  });
  if (exact) {
    t.same(route, { nlri, attr }, "its JSON, all of it");
    t.match(await lookedUp(room, address, family, nlri), { attr }, "found by what names it");
  } else t.match(route.attr, attr);
  await daemon.say(theirs.withdraw);
  await until(async () => (await findRoute(room, address, family, nlri)) === null, { what: "its end" });
  if (exact) t.same(await routesIn(room, address, family), [], "nothing is left");
}

async function sends(t: Test, { family, what }: FamilyRow, ours: Ours, session: Session): Promise<void> {
  const { room, address, daemon, exact } = session;
  await room.bgp.update(address, ours.body);
  let text = "";
  const shown = async () => {
    text = await daemon.show(ours.show);
    return ours.shown.test(text);
  };
  await until(shown, { what: `${what} in the daemon`, state: () => text.slice(-1_500) });
  t.pass("shown");
  if (exact) t.equal((await routesIn(room, address, family, "out")).length, 1, "in Adj-RIB-Out");
  await room.bgp.update(address, ours.withdraw);
  if (exact) t.same(await routesIn(room, address, family, "out"), [], "Adj-RIB-Out is empty");
  if (ours.lingers === undefined) {
    await until(async () => !(await shown()), { what: "its withdrawal", state: () => text.slice(-1_500) });
  }
}

/** Runs rows over an established session, one after another: each leaves nothing behind. */
export async function runRows(t: Test, rows: readonly FamilyRow[], session: Session): Promise<void> {
  for (const row of rows) {
    const { family, what, theirs, ours } = row;
    if (theirs) await t.test(`${family}: ${what}, received`, (t) => receives(t, row, theirs, session));
    if (ours) await t.test(`${family}: ${what}, sent`, (t) => sends(t, row, ours, session));
  }
}
