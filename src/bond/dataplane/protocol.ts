// What the control process and the data plane say to one another: one JSON object a line over a Unix socket in the
// data directory. Control sends the whole desired state each time; the data plane applies the difference, keeps
// forwarding when control goes away, and tells its state when control returns.

export type TunnelRole = "aggregator" | "bonder";
export type LinkMode = "active" | "idle" | "offline";
export type TunnelSecurity = "none" | "hmac" | "encryption";

export interface LegConfig {
  /** The leg's id in the store; both ends know it by this number. */
  readonly id: number;
  /** Bonder only: the interface that the leg leaves by. */
  readonly ifname?: string;
  readonly linkMode: LinkMode;
  readonly failover: boolean;
  /** Towards the bonder, Mbit/s of IP packets on the leg; 0 = the leg carries nothing that way. */
  readonly downMbps: number;
  /** Towards the aggregator. */
  readonly upMbps: number;
}

export interface BondConfig {
  readonly id: number;
  readonly role: TunnelRole;
  /** Name of the TUN device that is made (`tun7`). */
  readonly tunnelIfname: string;
  readonly localIp: string;
  readonly peerIp: string;
  /** 32 bytes, base64: known to both ends, never sent in clear. Sessions get keys of their own from the handshake. */
  readonly psk: string;
  readonly security: TunnelSecurity;
  /** A name of the scheduler table. */
  readonly scheduler: string;
  readonly reorderMaxHoldMs: number;
  /** Bonder only: where the aggregator takes legs. */
  readonly remote?: { readonly address: string; readonly port: number };
  readonly legs: readonly LegConfig[];
}

export interface DataplaneConfig {
  readonly revision: number;
  /** Aggregator only: one UDP port for the legs of all bonds. */
  readonly listen?: { readonly address: string; readonly port: number };
  readonly bonds: readonly BondConfig[];
}

export type LegState =
  | "up"
  | "down"
  | "testing"
  | "idle"
  | "failover"
  | "offline"
  | "handshaking"
  | "adapted"
  | "degraded"
  | "suspended";

export interface LegStatus {
  readonly id: number;
  readonly state: LegState;
  /** Epoch ms of the last change of state. */
  readonly since: number;
  /** The other end's address and port, "" before it was heard. */
  readonly remote: string;
  readonly rttMs: number | null;
  readonly lossRatio: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  /** Over the last second, bit/s. */
  readonly rxRate: number;
  readonly txRate: number;
}

export interface BondStatus {
  readonly id: number;
  readonly state: "up" | "down";
  readonly tunnelIfname: string;
  readonly tunnelMtu: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxRate: number;
  readonly txRate: number;
  /** Packets that came in order, were held, came after their deadline; holes given up; authentication and replay drops. */
  readonly counters: Readonly<Record<string, number>>;
  /** Which paths are in use: AEAD, offloads, batching. */
  readonly paths: Readonly<Record<string, string>>;
  readonly legs: readonly LegStatus[];
  /** Why the bond cannot run (TUN name taken, interface missing), "" when it can. */
  readonly problem: string;
}

export interface DataplaneStatus {
  readonly pid: number;
  /** A control process started it: it ends with the control that stops gracefully. Else systemd did. */
  readonly spawned?: boolean;
  /** Revision of the configuration that is applied, 0 before the first. */
  readonly revision: number;
  readonly bonds: readonly BondStatus[];
}

export type ToDataplane =
  | { readonly type: "apply"; readonly config: DataplaneConfig }
  /** Ends the process after it has removed its devices. */
  | { readonly type: "stop" };

export type FromDataplane =
  | { readonly type: "status"; readonly status: DataplaneStatus }
  /** A configuration that could not be applied at all; the one before stays. */
  | { readonly type: "refused"; readonly revision: number; readonly reason: string };
