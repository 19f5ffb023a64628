// The data plane's state as control sees it: counters from the workers' memory, rates over the last second.

import { formatAddress } from "../../base/ip.js";
import type { BondReader } from "../../wasm/bond_reader.js";
import type { BondRuntime } from "./bond.js";
import type { LegEvent } from "./commands.js";
import { carriesData, isAlive } from "./leg_fsm.js";
import type { BondStatus, LegStatus } from "./protocol.js";

interface Sample {
  at: number;
  rx: number;
  tx: number;
  rxRate: number;
  txRate: number;
}

/** Rates from counters that only grow, by key. */
export class Rates {
  readonly #samples = new Map<string, Sample>();

  /** Bit/s since the last time this key was asked for, at least 0.9 s apart; before that the last result. */
  of(key: string, rx: number, tx: number, now: number): { rxRate: number; txRate: number } {
    const before = this.#samples.get(key);
    if (before && now - before.at < 900) return before;
    const seconds = before ? (now - before.at) / 1000 : 0;
    const rate = (value: number, last: number) => Math.max(0, Math.round(((value - last) * 8) / seconds));
    const sample = {
      at: now,
      rx,
      tx,
      rxRate: before ? rate(rx, before.rx) : 0,
      txRate: before ? rate(tx, before.tx) : 0,
    };
    this.#samples.set(key, sample);
    return sample;
  }

  /** Forgets keys that begin with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#samples.keys()) if (key.startsWith(prefix)) this.#samples.delete(key);
  }
}

/** Text of a sockaddr_in or sockaddr_in6, "" when empty. */
export function formatSocketAddress(bytes: Uint8Array): string {
  if (bytes.length < 16) return "";
  const port = ((bytes[2] as number) << 8) | (bytes[3] as number);
  if (bytes.length === 16) return `${formatAddress(bytes.subarray(4, 8))}:${port}`;
  const address = bytes.subarray(8, 24);
  const mapped = address.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
  return mapped ? `${formatAddress(address.subarray(12))}:${port}` : `[${formatAddress(address)}]:${port}`;
}

export interface StatusSource {
  readonly bond: BondRuntime;
  readonly reader: BondReader;
  readonly events: ReadonlyMap<number, LegEvent>;
  readonly provider: string;
}

/** The status of one bond. */
export function bondStatus({ bond, reader, events, provider }: StatusSource, rates: Rates, now: number): BondStatus {
  const counters = reader.counters(bond.index);
  // rates are of this process's clock: the wall's may be set back
  const at = performance.now();
  let segmented = true;
  const legs = [...bond.legs.values()].map(({ slot, config }): LegStatus => {
    const leg = reader.leg(bond.index, slot);
    const event = events.get(config.id);
    segmented &&= leg.gso;
    const { rxRate, txRate } = rates.of(`${bond.id}/${config.id}`, leg.rxBytes, leg.txBytes, at);
    const alive = event ? isAlive(event.state) : false;
    return {
      id: config.id,
      state: event?.state ?? "down",
      since: event?.since ?? now,
      remote: formatSocketAddress(leg.remote),
      rttMs: alive ? leg.rttMs : null,
      lossRatio: leg.lossRatio,
      rxBytes: leg.rxBytes,
      txBytes: leg.txBytes,
      rxPackets: leg.rxPackets,
      txPackets: leg.txPackets,
      rxRate,
      txRate,
    };
  });
  const rxBytes = counters["tun_tx_bytes"] as number;
  const txBytes = counters["tun_rx_bytes"] as number;
  const aead = [...events.values()].find((event) => event.aead !== "")?.aead ?? "";
  return {
    id: bond.id,
    state: bond.problem === "" && legs.some((leg) => carriesData(leg.state)) ? "up" : "down",
    tunnelIfname: bond.config.tunnelIfname,
    tunnelMtu: bond.mtu,
    rxBytes,
    txBytes,
    ...pickRates(rates.of(`${bond.id}/`, rxBytes, txBytes, at)),
    counters,
    paths: {
      aead,
      sodium: provider,
      tun: bond.offloads,
      udp: `recvmmsg+gro, sendmmsg${segmented ? "+gso" : ""}`,
      worker: String(bond.worker),
    },
    legs,
    problem: bond.problem,
  };
}

function pickRates({ rxRate, txRate }: { rxRate: number; txRate: number }): { rxRate: number; txRate: number } {
  return { rxRate, txRate };
}
