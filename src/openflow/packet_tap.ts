// Where others look at the packets that switches send to the controller: topology, hosts. A watcher names the Ethernet
// types that it wants; packets of other types cost nothing here.

import type { Features, Port } from "./messages.js";
import { etherType, readPacketIn } from "./packet_in.js";

/** The switch that a packet came from: its session, as far as a watcher needs it. */
export interface PacketSource {
  /** The header's version that HELLO has agreed on. */
  readonly version: number;
  readonly features: Features;
  readonly ports: ReadonlyMap<number, Port>;
  /** Queues a message for the switch. */
  send(message: Uint8Array): void;
}

export interface PacketWatcher {
  /**
   * A packet came. `packet` begins with its destination address and is a view that is good during the call only; VLAN
   * tags are still in it. `reason` is OFPR_*. Must not throw.
   */
  packetIn(
    session: PacketSource,
    packet: Uint8Array,
    inPort: number,
    tableId: number,
    reason: number,
    cookie: bigint,
  ): void;
}

export class PacketTap {
  readonly #watchers = new Map<number, PacketWatcher[]>();
  #noted: (etherType: number, on: boolean) => void = () => undefined;
  readonly #closed = new Set<number>();

  /** From now on `watcher` sees the packets of these Ethernet types (behind VLAN tags), from switches that are ready. */
  watch(etherTypes: readonly number[], watcher: PacketWatcher): void {
    for (const type of etherTypes) {
      this.#watchers.set(type, [...(this.#watchers.get(type) ?? []), watcher]);
      this.#noted(type, !this.#closed.has(type));
    }
  }

  /** Has `noted` called for each Ethernet type that is wanted, or no longer, now and later: the filter before this. */
  onWatch(noted: (etherType: number, on: boolean) => void): void {
    this.#noted = noted;
    for (const type of this.#watchers.keys()) noted(type, !this.#closed.has(type));
  }

  /** Whether packets of these types are shown; a watcher that has seen enough for now says no. */
  open(etherTypes: readonly number[], isOpen: boolean): void {
    for (const type of etherTypes) {
      if (isOpen) this.#closed.delete(type);
      else this.#closed.add(type);
      if (this.#watchers.has(type)) this.#noted(type, isOpen);
    }
  }

  /** The Ethernet types that somebody wants. */
  get etherTypes(): number[] {
    return [...this.#watchers.keys()];
  }

  /** Shows a PACKET_IN message to those who want its type. */
  show(session: PacketSource, message: Uint8Array): void {
    const packet = readPacketIn(message);
    if (!packet) return;
    const type = etherType(packet.data);
    const watchers = this.#watchers.get(type);
    if (!watchers || this.#closed.has(type)) return;
    for (const watcher of watchers) {
      watcher.packetIn(session, packet.data, packet.inPort, packet.tableId, packet.reason, packet.cookie);
    }
  }
}
