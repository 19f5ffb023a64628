// Counters and measurements of a bond engine, read from any thread.

import * as L from "../../assembly/bond/layout.js";
import { COUNTER_NAMES, type EngineAddresses } from "./bond.js";

export interface LegReading {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly txDrops: number;
  readonly rttMs: number | null;
  readonly lossRatio: number;
  /** sockaddr bytes, empty before the other end was heard. */
  readonly remote: Uint8Array;
  readonly gso: boolean;
}

/** Reads the shared memory of one engine. Values that change while they are read are at worst a moment old. */
export class BondReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #at: EngineAddresses;

  constructor(memory: WebAssembly.Memory, addresses: EngineAddresses) {
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#at = addresses;
  }

  counters(index: number): Record<string, number> {
    const at = this.#at.bonds + index * L.BOND_SIZE + L.BOND_COUNTERS;
    return Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, this.#u64(at + i * 8)]));
  }

  /** Frames that belonged to no session, and datagrams too short to be frames. */
  strays(): { unknown: number; short: number } {
    const at = this.#at.counters;
    return { unknown: this.#u64(at + L.WORKER_UNKNOWN_DROPS * 8), short: this.#u64(at + L.WORKER_SHORT_DROPS * 8) };
  }

  leg(index: number, slot: number): LegReading {
    const at = this.#at.bonds + index * L.BOND_SIZE + L.BOND_LEG_TABLE + slot * L.LEG_SIZE;
    const rtt = this.#view.getUint32(at + L.LEG_RTT, true);
    const remoteLength = this.#view.getUint32(at + L.LEG_REMOTE_LEN, true);
    return {
      rxBytes: this.#u64(at + L.LEG_RX_BYTES),
      txBytes: this.#u64(at + L.LEG_TX_BYTES),
      rxPackets: this.#u64(at + L.LEG_RX_PACKETS),
      txPackets: this.#u64(at + L.LEG_TX_PACKETS),
      txDrops: this.#u64(at + L.LEG_TX_DROPS),
      rttMs: rtt === 0 ? null : rtt / 1000,
      lossRatio: this.#view.getUint32(at + L.LEG_LOSS_PPM, true) / 1e6,
      remote: this.#bytes.slice(at + L.LEG_REMOTE, at + L.LEG_REMOTE + remoteLength),
      gso: (this.#view.getUint32(at + L.LEG_FLAGS, true) & L.LEG_NO_GSO) === 0,
    };
  }

  #u64(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }
}
