// The policies of a worker: programs that are loaded into bgp.wasm when a peer first names them.

import type { PolicyHandle, PolicyView } from "../wasm/bgp_policy.js";
import { configFault } from "./config.js";
import { type Policy, parsePolicy } from "./policy/policy.js";

export interface LoadedPolicy {
  readonly handle: PolicyHandle;
  /** It looks at more than attributes. */
  readonly perRoute: boolean;
}

/** What a peer's `import` or `export` says: everything, nothing, or what a policy lets through. */
export type Terms = LoadedPolicy | "all" | "none";

const NOTHING = parsePolicy({ name: "none", default: "reject", rules: [] }, "none", configFault);

export class Policies {
  readonly #view: PolicyView;
  readonly #policies: ReadonlyMap<string, Policy>;
  readonly #loaded = new Map<string, LoadedPolicy>();

  constructor(view: PolicyView, policies: ReadonlyMap<string, Policy>) {
    this.#view = view;
    this.#policies = policies;
  }

  /** The terms by that name; null when there is no such policy. */
  terms(name: string): Terms | null {
    if (name === "all" || name === "none") return name;
    const policy = this.#policies.get(name);
    return policy ? this.#load(policy) : null;
  }

  /** A policy that lets nothing through. */
  get nothing(): LoadedPolicy {
    return this.#load(NOTHING);
  }

  #load(policy: Policy): LoadedPolicy {
    const known = this.#loaded.get(policy.name);
    if (known) return known;
    const loaded = { handle: this.#view.load(policy.program), perRoute: policy.perRoute };
    this.#loaded.set(policy.name, loaded);
    return loaded;
  }
}
