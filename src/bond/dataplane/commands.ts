// What the data plane's main thread tells its workers: whole bonds with descriptors that it has opened for them.

import type { EngineAddresses } from "../../wasm/bond.js";
import type { LegState, LinkMode, TunnelRole } from "./protocol.js";

export interface LegCommand {
  /** Place in the bond, kept for the leg's life. */
  readonly slot: number;
  readonly id: number;
  /** Socket that the leg sends on; -1 while its interface is missing. */
  readonly fd: number;
  readonly carrier: boolean;
  /** MTU of the leg's link; on an aggregator what is assumed before the bonder has told it. */
  readonly mtu: number;
  readonly linkMode: LinkMode;
  readonly failover: boolean;
  /** What this end sends at most; 0 = nothing but heartbeats. */
  readonly sendMbps: number;
}

export interface BondCommand {
  /** Place in the worker, kept for the bond's life. */
  readonly index: number;
  readonly id: number;
  readonly role: TunnelRole;
  readonly psk: Uint8Array;
  readonly encrypt: boolean;
  /** Id of the scheduler table. */
  readonly scheduler: number;
  readonly holdMs: number;
  /** -1 while there is no device. */
  readonly tunFd: number;
  /** Bonder: sockaddr of the aggregator. */
  readonly remote: Uint8Array | null;
  readonly legs: readonly LegCommand[];
}

export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  /** Event descriptor that is written to after each call. */
  readonly wakeFd: number;
}

export type BondMethods = {
  start(params: undefined): { addresses: EngineAddresses; provider: string; aes: boolean };
  /** The worker's socket of the aggregator's port, -1 for none. */
  listen(params: { fd: number }): void;
  setBond(bond: BondCommand): void;
  dropBond(params: { index: number }): void;
  close(params: undefined): void;
};

export interface LegEvent {
  readonly bond: number;
  readonly leg: number;
  readonly state: LegState;
  /** Epoch ms. */
  readonly since: number;
  /** MTU of the leg's link, as the bonder told it. */
  readonly mtu: number;
  /** AEAD of the leg's session, "" before there is one. */
  readonly aead: string;
}
