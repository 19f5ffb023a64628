// What this controller is known by, kept in the store: its uid, and the generation_id of its last claim of a role. A switch
// refuses a claim whose generation is older than the newest that it has seen, so ours must outlive a restart.

import { randomBytes } from "node:crypto";
import type { Engine } from "../store/engine.js";
import { after, isNewer } from "./roles.js";

const TABLE = "openflow_controller";
const KEY = "self";

export class Identity {
  /** 32 hex digits. */
  readonly uid: string;
  readonly #store: Engine;

  private constructor(store: Engine, uid: string) {
    this.#store = store;
    this.uid = uid;
  }

  /** Reads the identity, or makes one at the first start. */
  static async open(store: Engine): Promise<Identity> {
    const known = store.get(TABLE, KEY);
    const uid = known?.uid ?? randomBytes(16).toString("hex");
    if (!known) await store.write((tx) => tx.put(TABLE, KEY, { uid, generation: "0".repeat(16) }));
    return new Identity(store, uid);
  }

  /** The generation of the last claim. */
  get generation(): bigint {
    return BigInt(`0x${this.#store.get(TABLE, KEY)?.generation ?? "0"}`);
  }

  /** A generation that is newer than all before it, and than `seen`; durable when it is given. */
  nextGeneration(seen: bigint = this.generation): Promise<bigint> {
    return this.#store.write((tx) => {
      const own = BigInt(`0x${tx.get(TABLE, KEY)?.generation ?? "0"}`);
      const next = after(isNewer(seen, own) ? seen : own);
      tx.put(TABLE, KEY, { uid: this.uid, generation: next.toString(16).padStart(16, "0") });
      return next;
    });
  }
}
