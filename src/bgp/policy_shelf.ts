// The control thread's policies: those of the configuration file, which alone may change them, and those of the store.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Engine } from "../store/engine.js";
import type { BgpPolicyRecord } from "../store/tables.js";
import { type BgpConfig, bodyFault, configFault } from "./config.js";
import type { PeerView, PolicyView } from "./handle.js";
import { type Policy, parsePolicy } from "./policy/policy.js";
import type { PolicyFigures } from "./protocol.js";

/** What the worker is told of one policy. */
export interface PolicyChange {
  readonly name: string;
  readonly policy: Policy | null;
}

export class PolicyShelf {
  readonly #config: BgpConfig;
  readonly #store: Engine;
  readonly #peers: () => readonly PeerView[];

  constructor(config: BgpConfig, store: Engine, peers: () => readonly PeerView[]) {
    this.#config = config;
    this.#store = store;
    this.#peers = peers;
  }

  has(name: string): boolean {
    return this.#config.policies.has(name) || this.#store.get("bgp_policies", name) !== undefined;
  }

  #records(): BgpPolicyRecord[] {
    return this.#store
      .list("bgp_policies")
      .map(({ value }) => value)
      .filter(({ name }) => !this.#config.policies.has(name));
  }

  /** The store's policies, for a worker that knows those of the file only. */
  stored(): PolicyChange[] {
    return this.#records().map(({ name }) => this.change(name));
  }

  /** A policy as it is now. */
  change(name: string): PolicyChange {
    const record = this.#store.get("bgp_policies", name);
    const known = this.#config.policies.get(name);
    return { name, policy: known ?? (record ? parsePolicy(record, name, configFault) : null) };
  }

  /** Peers, and ranges of dynamic neighbours, that name a policy. */
  #used(name: string): PolicyView["used"] {
    const ranges = this.#config.dynamic.map(({ prefix, template }) => ({ ...template, remote_addr: prefix }));
    const all = [...this.#peers(), ...ranges];
    const by = (key: "import" | "export") => all.filter((peer) => peer[key] === name).map((peer) => peer.remote_addr);
    return { import: by("import"), export: by("export") };
  }

  /** All policies, with the worker's figures. */
  views(figures: readonly PolicyFigures[]): PolicyView[] {
    const view = (record: BgpPolicyRecord, source: PolicyView["source"]): PolicyView => {
      const found = figures.find(({ name }) => name === record.name);
      return {
        ...record,
        source,
        used: this.#used(record.name),
        hits: found?.hits ?? null,
        failed: found?.failed ?? 0,
      };
    };
    const fixed = [...this.#config.policies.values()].map(({ source }) => view(source, "file"));
    return [...fixed, ...this.#records().map((record) => view(record, "store"))];
  }

  /** Makes or replaces a policy; true when it is new. Errors: BODY_INVALID, BGP_POLICY_FIXED, OVERLOADED. */
  async put(name: string, body: unknown): Promise<boolean> {
    if (this.#config.policies.has(name)) throw new AppError("BGP_POLICY_FIXED", { name });
    const given = typeof body === "object" && body !== null && !Array.isArray(body) ? { name, ...body } : body;
    const policy = parsePolicy(given, "", bodyFault);
    if (policy.name !== name) bodyFault("name", policy.name, `${name}, as in the path`);
    return this.#store.write((tx) => {
      const fresh = tx.get("bgp_policies", name) === undefined;
      if (fresh && tx.count("bgp_policies") + this.#config.policies.size >= LIMITS.bgpPolicies) {
        throw new AppError("OVERLOADED", { what: "the list of policies", limit: LIMITS.bgpPolicies });
      }
      tx.put("bgp_policies", name, policy.source);
      return fresh;
    });
  }

  /** Errors: BGP_POLICY_UNKNOWN, BGP_POLICY_FIXED, BGP_POLICY_USED. */
  async remove(name: string): Promise<void> {
    if (this.#config.policies.has(name)) throw new AppError("BGP_POLICY_FIXED", { name });
    if (!this.has(name)) throw new AppError("BGP_POLICY_UNKNOWN", { name });
    const used = this.#used(name);
    const [peer] = [...used.import, ...used.export];
    if (peer !== undefined) throw new AppError("BGP_POLICY_USED", { name, peer });
    await this.#store.write((tx) => tx.remove("bgp_policies", name));
  }
}
