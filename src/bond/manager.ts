// The manager's end of the node channel: sessions of nodes that prove their key, their configuration by long poll, their
// reports. Knows nothing of HTTP but bodies and three headers; src/api/node/rows.ts is the door.

import { reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import { count, gauge, onScrape } from "../base/metrics.js";
import type { Engine } from "../store/engine.js";
import type { NodeRecord } from "../store/tables.js";
import {
  asFields,
  CHANNEL_VERSION,
  CONFIG_PATH,
  COUNTER_HEADER,
  HELLO_PATH,
  MAC_HEADER,
  parseFields,
  REPORT_PATH,
  readReport,
  SESSION_HEADER,
} from "./channel.js";
import { isNonce, keyId, mac, newNonce, type SessionKeys, sameMac, sessionKeys } from "./keys.js";
import type { Live } from "./live.js";
import { CONFIG_TABLES, nodeConfig, takeInventory } from "./provision.js";

/** How long changes are gathered before waiting nodes hear of them. */
const GATHER_MS = 20;
/** Counters may arrive out of order by so many: a poll and a report are under way at once. */
const WINDOW = 64;

export interface NodeReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** True when a wrong proof was shown: the door counts it against the address. */
  readonly wrongProof?: boolean;
}

interface Session {
  readonly id: string;
  readonly node: number;
  readonly key: string;
  readonly keys: SessionKeys;
  proved: boolean;
  usedMs: number;
  highest: number;
  readonly seen: Set<number>;
}

interface Waiter {
  readonly node: number;
  readonly revision: string;
  wake(): void;
}

interface ManagerOptions {
  readonly store: Engine;
  readonly live: Live;
  /** UDP port that bonders send their legs to. */
  readonly port: number;
  readonly log: Logger;
}

export class NodeManager {
  readonly #options: ManagerOptions;
  readonly #keys = new Map<string, number>();
  readonly #keyOf = new Map<number, string>();
  readonly #sessions = new Map<string, Session>();
  readonly #waiters = new Set<Waiter>();
  readonly #stops: (() => void)[] = [];
  #gathering: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { store } = options;
    for (const { value } of store.list("nodes")) this.#learn(value.id, value);
    this.#stops.push(store.watch("nodes", ({ key, value }) => this.#learn(Number(key), value)));
    for (const table of CONFIG_TABLES) this.#stops.push(store.watch(table, () => this.#changed()));
    onScrape(() => gauge("bond_node_sessions", [...this.#sessions.values()].filter((one) => one.proved).length));
  }

  /** How many nodes hold a session that has been used a short while ago. */
  connected(): number {
    const since = Date.now() - LIMITS.nodeSessionIdleSeconds * 1_000;
    return new Set([...this.#sessions.values()].filter((one) => one.proved && one.usedMs > since).map((s) => s.node))
      .size;
  }

  /** First message of a node: who it is and its nonce. Answers with a nonce and the proof that the manager has the key. */
  hello(body: Uint8Array): NodeReply {
    const given = parseFields(body);
    const name = given?.["node"];
    const nonce = given?.["nonce"];
    if (!given || typeof name !== "string" || !isNonce(nonce)) return this.#refuse(400, "malformed");
    if (given["v"] !== CHANNEL_VERSION) return this.#refuse(400, "version");
    const id = this.#keys.get(name);
    const key = id === undefined ? undefined : this.#options.store.get("nodes", id)?.key;
    if (id === undefined || key === undefined) return this.#refuse(401, "key", true);
    const own = newNonce();
    const session: Session = {
      id: newNonce(),
      node: id,
      key,
      keys: sessionKeys(key, nonce, own),
      proved: false,
      usedMs: Date.now(),
      highest: 0,
      seen: new Set(),
    };
    this.#makeRoom(id);
    this.#sessions.set(session.id, session);
    const proof = mac(session.keys.manager, HELLO_PATH, session.id, own);
    return { status: 200, headers: {}, body: JSON.stringify({ session: session.id, nonce: own, proof }) };
  }

  /** Every later message. `path` is CONFIG_PATH or REPORT_PATH. */
  async handle(path: string, header: (name: string) => string, body: Uint8Array): Promise<NodeReply> {
    const session = this.#sessions.get(header(SESSION_HEADER));
    if (!session) return this.#refuse(401, "session");
    const counter = Number(header(COUNTER_HEADER));
    if (!Number.isSafeInteger(counter) || counter < 1) return this.#refuse(400, "malformed");
    const expected = mac(session.keys.node, path, String(counter), body);
    if (!sameMac(expected, header(MAC_HEADER))) return this.#refuse(401, "mac", true);
    if (!fresh(session, counter)) return this.#refuse(401, "replay", true);
    const node = this.#nodeOf(session);
    if (!node) return this.#refuse(401, "key");
    session.proved = true;
    session.usedMs = Date.now();
    const given = parseFields(body);
    const answer = given === null ? null : await this.#answer(path, node, given);
    // A poll waits: its node may have gone meanwhile.
    if (!this.#nodeOf(session)) return this.#refuse(401, "key");
    const status = answer ? 200 : 400;
    const text = JSON.stringify(answer ?? { error: "malformed" });
    const proof = mac(session.keys.manager, path, String(counter), String(status), text);
    return { status, headers: { [MAC_HEADER]: proof }, body: text };
  }

  /** The node of a session; null, and the session forgotten, when it is gone or has another key. */
  #nodeOf(session: Session): NodeRecord | null {
    const node = this.#options.store.get("nodes", session.node);
    if (node?.key === session.key) return node;
    this.#sessions.delete(session.id);
    return null;
  }

  /** Answers all polls that wait, and lets none wait any more: the appliance stops. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    if (this.#gathering) clearTimeout(this.#gathering);
    for (const waiter of [...this.#waiters]) waiter.wake();
  }

  async #answer(path: string, node: NodeRecord, given: Readonly<Record<string, unknown>>): Promise<object | null> {
    if (path === REPORT_PATH) return this.#report(node, given);
    if (path !== CONFIG_PATH || typeof given["revision"] !== "string") return null;
    const wait = Math.min(LIMITS.nodePollSeconds, Math.max(0, Number(given["wait"]) || 0));
    const first = this.#config(node.id);
    const same = first?.revision === given["revision"];
    if (!same || wait === 0 || this.#closed || this.#waiters.size >= LIMITS.nodePollsWaiting) {
      return same ? { revision: given["revision"] } : first;
    }
    await this.#wait(node.id, given["revision"], wait * 1_000);
    const now = this.#config(node.id);
    return now?.revision === given["revision"] ? { revision: now.revision } : now;
  }

  #report(node: NodeRecord, given: Readonly<Record<string, unknown>>): object | null {
    const report = readReport(asFields(given), LIMITS.legsPerBond);
    if (!report) return null;
    this.#options.live.reported(node.id, { ...report, at: Date.now() });
    count("bond_node_reports_total");
    return { taken: true };
  }

  #config(id: number): { revision: string; config: object } | null {
    const { store, port } = this.#options;
    const node = store.get("nodes", id);
    return node ? nodeConfig(takeInventory(store), node, port) : null;
  }

  #wait(node: number, revision: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        node,
        revision,
        wake: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      const timer = setTimeout(waiter.wake, ms);
      this.#waiters.add(waiter);
    });
  }

  /** Wakes the polls whose node's configuration has changed. */
  #changed(): void {
    if (this.#gathering || this.#closed) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = null;
      try {
        const { store, port } = this.#options;
        const inventory = takeInventory(store);
        for (const waiter of [...this.#waiters]) {
          const node = inventory.nodes.get(waiter.node);
          if (!node || nodeConfig(inventory, node, port).revision !== waiter.revision) waiter.wake();
        }
      } catch (error) {
        this.#options.log.error({ err: error }, `waiting nodes could not be told of a change: ${reasonOf(error)}`);
      }
    }, GATHER_MS);
  }

  #learn(id: number, node: NodeRecord | undefined): void {
    const before = this.#keyOf.get(id);
    if (before !== undefined) this.#keys.delete(before);
    this.#keyOf.delete(id);
    if (node?.type !== "bonder") {
      this.#options.live.forget(id);
      return;
    }
    const name = keyId(node.key);
    this.#keys.set(name, id);
    this.#keyOf.set(id, name);
  }

  #refuse(status: number, reason: string, wrongProof = false): NodeReply {
    count("bond_node_refusals_total", { reason });
    return { status, headers: {}, body: JSON.stringify({ error: reason }), wrongProof };
  }

  /** Drops sessions that are stale or too many; the oldest go first, unproved ones before proved ones. */
  #makeRoom(node: number): void {
    const now = Date.now();
    const pending: Session[] = [];
    const own: Session[] = [];
    for (const session of this.#sessions.values()) {
      const idle = session.proved ? LIMITS.nodeSessionIdleSeconds : LIMITS.nodeHelloSeconds;
      if (now - session.usedMs > idle * 1_000) this.#sessions.delete(session.id);
      else if (!session.proved) pending.push(session);
      else if (session.node === node) own.push(session);
    }
    if (pending.length >= LIMITS.nodeHellosPending) this.#sessions.delete((pending[0] as Session).id);
    if (own.length >= LIMITS.nodeSessionsPerNode) this.#sessions.delete((own[0] as Session).id);
  }
}

/** True when the counter was not used before in this session and is not too far behind (as RFC 6479's window). */
function fresh(session: Session, counter: number): boolean {
  if (counter <= session.highest - WINDOW || session.seen.has(counter)) return false;
  session.seen.add(counter);
  if (counter > session.highest) session.highest = counter;
  if (session.seen.size > 2 * WINDOW) {
    for (const old of session.seen) if (old <= session.highest - WINDOW) session.seen.delete(old);
  }
  return true;
}
