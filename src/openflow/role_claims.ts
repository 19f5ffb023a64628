// Claims of roles, in the control thread: each takes a generation of its own, and goes beyond one that a switch has seen.

import { AppError, reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import type { Identity } from "./identity.js";
import { NO_GENERATION, ROLE, ROLES, type RoleName, type RoleState, readRole, roleRequest } from "./roles.js";

/** Claims of one role before it is given up: other controllers may claim in between. */
const TRIES = 4;

export interface RoleClaimsOptions {
  readonly identity: Identity;
  /** Sends a ROLE_REQUEST with this body; resolves with the ROLE_REPLY. */
  ask(dpid: string, body: Uint8Array): Promise<Uint8Array>;
  /** The role that is claimed from switches of which nothing else was asked. */
  readonly role: RoleName;
  readonly log: Logger;
}

export class RoleClaims {
  readonly #options: RoleClaimsOptions;
  /** What operators have asked for, by datapath; the newest LIMITS.openflowSwitches of them. */
  readonly #wanted = new Map<string, RoleName>();

  constructor(options: RoleClaimsOptions) {
    this.#options = options;
  }

  /** Our role as the switch has it now: another controller's claim changes it without a word to us. */
  async current(dpid: string): Promise<RoleState> {
    try {
      return await this.#answer(dpid, ROLE.NOCHANGE, 0n);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "OPENFLOW_REFUSED") throw error;
      // A switch that knows no roles treats all controllers alike.
      return { role: "equal", generation: NO_GENERATION };
    }
  }

  /** Claims a role, now and whenever the switch comes back. Errors: OPENFLOW_REFUSED, TIMED_OUT, UNAVAILABLE. */
  async claim(dpid: string, role: RoleName): Promise<RoleState> {
    const state = await this.#claim(dpid, role);
    this.#wanted.delete(dpid);
    this.#wanted.set(dpid, role);
    const [oldest] = this.#wanted.keys();
    if (this.#wanted.size > LIMITS.openflowSwitches && oldest !== undefined) this.#wanted.delete(oldest);
    return state;
  }

  /** The role that is claimed when a switch connects. */
  wanted(dpid: string): RoleName {
    return this.#wanted.get(dpid) ?? this.#options.role;
  }

  /** A switch has connected: every connection begins as equal (spec §6.3.4). */
  up(dpid: string): void {
    const role = this.wanted(dpid);
    if (role === "equal") return;
    this.#claim(dpid, role).catch((error) => {
      this.#options.log.warn({ dpid, role, reason: reasonOf(error) }, "the switch did not grant the role");
    });
  }

  async #claim(dpid: string, role: RoleName): Promise<RoleState> {
    const { identity } = this.#options;
    // An equal's generation means nothing (spec §7.3.9).
    if (role === "equal") return this.#answer(dpid, ROLES.equal, identity.generation);
    let generation = await identity.nextGeneration();
    for (let left = TRIES; ; left--) {
      try {
        return await this.#answer(dpid, ROLES[role], generation);
      } catch (error) {
        const stale = error instanceof AppError && error.message.includes("ROLE_REQUEST_FAILED/STALE,");
        if (!stale || left <= 1) throw error;
        generation = await identity.nextGeneration((await this.current(dpid)).generation);
      }
    }
  }

  async #answer(dpid: string, role: number, generation: bigint): Promise<RoleState> {
    const state = readRole(await this.#options.ask(dpid, roleRequest(role, generation)));
    if (!state) throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: "its role is none" });
    return state;
  }
}
