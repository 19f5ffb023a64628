// The policies of a worker: programs that are loaded into bgp.wasm when a peer first names them.

import type { PolicyHandle, PolicyView } from "../wasm/bgp_policy.js";
import { configFault } from "./config.js";
import { type Policy, parsePolicy } from "./policy/policy.js";
import type { PolicyFigures } from "./protocol.js";

export interface LoadedPolicy {
  readonly handle: PolicyHandle;
  /** It looks at more than attributes. */
  readonly perRoute: boolean;
}

/** What a peer's `import` or `export` says: everything, nothing, or what a policy lets through. */
export type Terms = LoadedPolicy | "all" | "none";

const NOTHING = parsePolicy({ name: "nothing", default: "reject", rules: [] }, "nothing", configFault);

export class Policies {
  readonly #view: PolicyView;
  readonly #policies: Map<string, Policy>;
  #nothing: LoadedPolicy | null = null;
  readonly #loaded = new Map<string, LoadedPolicy>();

  constructor(view: PolicyView, policies: ReadonlyMap<string, Policy>) {
    this.#view = view;
    this.#policies = new Map(policies);
  }

  /** The terms by that name; null when there is no such policy. */
  terms(name: string): Terms | null {
    if (name === "all" || name === "none") return name;
    const policy = this.#policies.get(name);
    return policy ? this.#load(policy) : null;
  }

  /** A policy that lets nothing through. */
  get nothing(): LoadedPolicy {
    this.#nothing ??= { handle: this.#view.load(NOTHING.program), perRoute: NOTHING.perRoute };
    return this.#nothing;
  }

  /**
   * Puts a policy in the place of the one with its name, or takes that away (null). Call what it returns once no peer
   * runs the old program any more.
   */
  set(name: string, policy: Policy | null): () => void {
    const old = this.#loaded.get(name);
    this.#loaded.delete(name);
    if (policy) this.#policies.set(name, policy);
    else this.#policies.delete(name);
    return () => old && this.#view.free(old.handle);
  }

  /** Figures of the policies that a peer has named; hits are counted from their loading. */
  figures(): PolicyFigures[] {
    return [...this.#loaded].map(([name, { handle }]) => ({ name, ...this.#view.figures(handle) }));
  }

  #load(policy: Policy): LoadedPolicy {
    const known = this.#loaded.get(policy.name);
    if (known) return known;
    const loaded = { handle: this.#view.load(policy.program), perRoute: policy.perRoute };
    this.#loaded.set(policy.name, loaded);
    return loaded;
  }
}
