// What the packet path can be told: the keys of `[openflow]` that are about packets.

import { boolean, choice, integer, type Values } from "../base/config.js";

export const PACKET_FIELDS = {
  /** true: switches forward by themselves and copies of ARP and DHCP come here; false: what no flow matches comes here. */
  hybrid: boolean({ fallback: true }),
  /** Whether a switch is given the controller's own flows when it connects, or is left as it is. */
  table_miss: choice(["install", "leave"], { fallback: "install" }),
  /** Without hybrid: packets that come here are forwarded by a learning switch, or not at all. */
  forwarding: choice(["learning", "none"], { fallback: "learning" }),
  /** PACKET_INs a second that one switch may send, and how many at once; what is over is ignored and counted. */
  packet_in_rate: integer(1, 10_000_000, { fallback: 100_000 }),
  packet_in_burst: integer(1, 10_000_000, { fallback: 100_000 }),
  /** Seconds after which the learning switch forgets an address that it does not hear of. */
  mac_age: integer(10, 65_535, { fallback: 300 }),
} as const;

export interface PacketConfig {
  readonly hybrid: boolean;
  readonly tableMiss: "install" | "leave";
  readonly forwarding: "learning" | "none";
  /** PACKET_INs a second of one switch. */
  readonly packetInRate: number;
  readonly packetInBurst: number;
  readonly macAgeSeconds: number;
  /** A learnt flow without packets ends after this. */
  readonly learntIdleSeconds: number;
}

/** The packet path's part of `[openflow]`. */
export function packetConfig(values: Values<typeof PACKET_FIELDS>): PacketConfig {
  return {
    hybrid: values.hybrid,
    tableMiss: values.table_miss,
    forwarding: values.forwarding,
    packetInRate: values.packet_in_rate,
    packetInBurst: values.packet_in_burst,
    macAgeSeconds: values.mac_age,
    // A flow may not outlive by much what is known of its destination.
    learntIdleSeconds: Math.min(60, values.mac_age),
  };
}

export const PACKET_DEFAULTS: PacketConfig = {
  hybrid: PACKET_FIELDS.hybrid.fallback as boolean,
  tableMiss: "install",
  forwarding: "learning",
  packetInRate: PACKET_FIELDS.packet_in_rate.fallback as number,
  packetInBurst: PACKET_FIELDS.packet_in_burst.fallback as number,
  macAgeSeconds: PACKET_FIELDS.mac_age.fallback as number,
  learntIdleSeconds: 60,
};
