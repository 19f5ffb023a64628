// The bonder's end of the node channel: it dials its manager, proves its key, takes its configuration as soon as it
// changes, applies it, keeps it for a start without the manager, and reports state and counters.

import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import type { Engine } from "../store/engine.js";
import {
  CHANNEL_VERSION,
  CONFIG_PATH,
  COUNTER_HEADER,
  HELLO_PATH,
  MAC_HEADER,
  type NodeConfig,
  parseFields,
  REPORT_PATH,
  type ReportMessage,
  readNodeConfig,
  SESSION_HEADER,
} from "./channel.js";
import type { BondConfig, BondStatus } from "./dataplane/protocol.js";
import { keyId, mac, newNonce, type SessionKeys, sameMac, sessionKeys } from "./keys.js";
import { createPoster, type Poster } from "./post.js";
import { bonderBond } from "./provision.js";

const ANSWER_MS = 10_000;
const REPORT_MS = 1_000;
/** No two reports closer than this, whatever changes. */
const REPORT_LEAST_MS = 100;
const FIRST_BACKOFF_MS = 250;
/** How long after a configuration could not be applied it is tried again. */
const RETRY_MS = 5_000;

interface AgentOptions {
  readonly manager: string;
  readonly nodeKey: string;
  readonly version: string;
  readonly store: Engine;
  readonly log: Logger;
  /** Makes the bond run; resolves with why it cannot, "" when it does. */
  readonly apply: (bond: BondConfig | null) => Promise<string>;
  readonly status: () => BondStatus | null;
  /** Calls back at each status of the data plane. */
  readonly onStatus: (listener: () => void) => void;
}

export interface AgentHealth {
  readonly manager: string;
  readonly connected: boolean;
  /** Revision of the configuration that is applied, "" before the first. */
  readonly revision: string;
  /** Why the manager is not reached or the configuration not applied, "" when all is well. */
  readonly problem: string;
}

/** The manager does not take this node: other key, other version. */
class Refused extends Error {}

/** A session whose keys both ends have proved. */
class Channel {
  readonly #poster: Poster;
  readonly #session: string;
  readonly #keys: SessionKeys;
  #counter = 0;

  constructor(poster: Poster, session: string, keys: SessionKeys) {
    this.#poster = poster;
    this.#session = session;
    this.#keys = keys;
  }

  /** Sends one message; resolves with the manager's answer once its MAC is checked. */
  async ask(path: string, message: object, timeoutMs: number): Promise<Readonly<Record<string, unknown>>> {
    const counter = String(++this.#counter);
    const body = JSON.stringify(message);
    const proof = mac(this.#keys.node, path, counter, body);
    const headers = { [SESSION_HEADER]: this.#session, [COUNTER_HEADER]: counter, [MAC_HEADER]: proof };
    const answer = await this.#poster.post(path, headers, body, timeoutMs);
    const expected = mac(this.#keys.manager, path, counter, String(answer.status), answer.body);
    if (!sameMac(expected, answer.header(MAC_HEADER))) {
      throw new Error(`the session has ended (status ${answer.status})`);
    }
    const given = answer.status === 200 ? parseFields(answer.body) : null;
    if (!given) throw new Error(`${path} was answered with status ${answer.status}`);
    return given;
  }
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #poster: Poster;
  readonly #keyId: string;
  readonly #ended: Promise<void>;
  readonly #stop = new AbortController();
  #revision = "";
  #problem = "";
  #contact = "the manager was not reached yet";
  #wake: (() => void) | null = null;
  #shape = "";

  private constructor(options: AgentOptions) {
    this.#options = options;
    this.#poster = createPoster(options.manager, LIMITS.nodeReplyBytes);
    this.#keyId = keyId(options.nodeKey);
    options.onStatus(() => this.#noticed());
    this.#ended = this.#run();
  }

  /** Starts from the last good configuration, if there is one for this key, and dials the manager from then on. */
  static start(options: AgentOptions): Agent {
    return new Agent(options);
  }

  health(): AgentHealth {
    const { manager } = this.#options;
    return {
      manager,
      connected: this.#contact === "",
      revision: this.#revision,
      problem: this.#contact || this.#problem,
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    this.#poster.close();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { log, manager } = this.#options;
    await this.#startFromDisk();
    let backoff = FIRST_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      try {
        const channel = await this.#hello();
        log.info({ manager }, "the manager has taken this node");
        this.#contact = "";
        backoff = FIRST_BACKOFF_MS;
        await this.#talk(channel);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // One line a cause, not one an attempt.
        const reason = reasonOf(error);
        if (reason !== this.#contact) log.warn({ manager }, `the manager does not serve this node: ${reason}`);
        this.#contact = reason;
        if (error instanceof Refused) backoff = Math.max(backoff, 1_000);
      }
      // Between half and the whole: a manager that comes back is not met by all its nodes at once.
      await this.#pause(backoff * (0.5 + Math.random() / 2));
      backoff = Math.min(backoff * 2, LIMITS.nodeBackoffMs);
    }
  }

  async #hello(): Promise<Channel> {
    const nonce = newNonce();
    const message = JSON.stringify({ v: CHANNEL_VERSION, node: this.#keyId, nonce });
    const answer = await this.#poster.post(HELLO_PATH, {}, message, ANSWER_MS);
    const given = answer.status === 200 ? parseFields(answer.body) : null;
    if (!given) throw new Refused(`it refused the node key (status ${answer.status})`);
    const { session, nonce: far, proof } = given;
    if (typeof session !== "string" || typeof far !== "string" || typeof proof !== "string") {
      throw new Refused("it is no manager of this version");
    }
    const keys = sessionKeys(this.#options.nodeKey, nonce, far);
    if (!sameMac(mac(keys.manager, HELLO_PATH, session, far), proof)) {
      throw new Refused("it could not prove that it has the node key");
    }
    return new Channel(this.#poster, session, keys);
  }

  /** Polls and reports until either fails. */
  async #talk(channel: Channel): Promise<void> {
    const over = new AbortController();
    const both = [this.#poll(channel, over.signal), this.#report(channel, over.signal)];
    try {
      await Promise.race(both);
    } finally {
      over.abort();
      this.#wake?.();
      void Promise.allSettled(both);
    }
  }

  async #poll(channel: Channel, over: AbortSignal): Promise<void> {
    while (!this.#stop.signal.aborted && !over.aborted) {
      const question = { revision: this.#revision, wait: LIMITS.nodePollSeconds };
      const answer = await channel.ask(CONFIG_PATH, question, LIMITS.nodePollSeconds * 1_000 + ANSWER_MS);
      const { revision } = answer;
      if (over.aborted || typeof revision !== "string" || revision === this.#revision) continue;
      const config = readNodeConfig(answer["config"], LIMITS.legsPerBond);
      if (!config) throw new Error("the manager sent a configuration that this version cannot read");
      await this.#take(revision, config);
      // Not applied: it is asked for again.
      if (this.#problem !== "") await this.#pause(RETRY_MS);
    }
  }

  async #report(channel: Channel, over: AbortSignal): Promise<void> {
    while (!this.#stop.signal.aborted && !over.aborted) {
      const message: ReportMessage = {
        version: this.#options.version,
        hostname: hostname(),
        revision: this.#revision,
        problem: this.#problem,
        bond: this.#options.status(),
      };
      await channel.ask(REPORT_PATH, message, ANSWER_MS);
      await this.#pause(REPORT_LEAST_MS);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, REPORT_MS - REPORT_LEAST_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Applies a configuration; one that runs is kept on disk for the next start. */
  async #take(revision: string, config: NodeConfig): Promise<void> {
    const { store, manager, log } = this.#options;
    await this.#apply(revision, config);
    if (this.#problem !== "") {
      log.error({ revision }, `the configuration is not applied: ${this.#problem}`);
    } else {
      log.info({ revision, bond: config.bond?.id ?? null }, "configuration applied");
      await store.write((tx) =>
        tx.put("node_config", "last", {
          manager,
          key_id: this.#keyId,
          revision,
          config: JSON.stringify(config),
          received: new Date().toISOString(),
        }),
      );
    }
    this.#wake?.();
  }

  async #apply(revision: string, config: NodeConfig): Promise<void> {
    this.#problem = await this.#options.apply(bonderBond(config, this.#options.nodeKey));
    if (this.#problem === "") this.#revision = revision;
  }

  async #startFromDisk(): Promise<void> {
    const { store, log } = this.#options;
    const last = store.get("node_config", "last");
    if (!last || last.key_id !== this.#keyId) return;
    const config = readNodeConfig(parseFields(last.config), LIMITS.legsPerBond);
    if (!config) return;
    await this.#apply(last.revision, config);
    log.info({ revision: last.revision }, "started from the last configuration that the manager gave");
  }

  /** A status came: a state that changed is reported at once, a rate with the next regular report. */
  #noticed(): void {
    const status = this.#options.status();
    const shape = status ? [status.state, status.problem, ...status.legs.map((leg) => leg.state)].join() : "";
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#wake?.();
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
