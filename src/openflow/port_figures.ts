// Metrics of switches' ports with the names of Faucet's Gauge. Counters are asked of the switches at each scrape, which
// waits for them only so long: what has not come by then is left out of it.

import { clear, gauge, type MetricName } from "../base/metrics.js";
import type { DatapathCounters } from "./controller.js";
import { PORT_COUNTERS, type PortStats } from "./stats.js";

/** How long a scrape waits for switches. */
const WAIT_MS = 1_000;

/** Counters of a port by metric. */
const COUNTERS = {
  of_port_rx_packets: "rx_packets",
  of_port_tx_packets: "tx_packets",
  of_port_rx_bytes: "rx_bytes",
  of_port_tx_bytes: "tx_bytes",
  of_port_rx_dropped: "rx_dropped",
  of_port_tx_dropped: "tx_dropped",
  of_port_rx_errors: "rx_errors",
  of_port_tx_errors: "tx_errors",
} as const satisfies Partial<Record<MetricName, string>>;

const NAMES = Object.keys(COUNTERS) as (keyof typeof COUNTERS)[];
const DESCRIBED = ["port_status", "of_port_state", "of_port_curr_speed", "of_port_max_speed"] as const;

type Labels = Record<string, string | number>;

export class PortFigures {
  readonly #ask: (dpid: string) => Promise<PortStats[]>;
  /** Datapaths that have not answered yet: they are not asked again before that. */
  readonly #asked = new Set<string>();

  constructor(ask: (dpid: string) => Promise<PortStats[]>) {
    this.#ask = ask;
  }

  /** Fills the metrics anew. */
  async publish(datapaths: readonly DatapathCounters[], labelsOf: (dp: DatapathCounters) => Labels): Promise<void> {
    for (const name of [...NAMES, ...DESCRIBED]) clear(name);
    let open = true;
    const answers = datapaths.map(async (dp) => {
      const ports = new Map<number, Labels>();
      for (const port of dp.ports) {
        const labels = { ...labelsOf(dp), port: port.number, port_description: port.name };
        ports.set(port.number, labels);
        gauge("port_status", Number(port.up), labels);
        gauge("of_port_state", port.state, labels);
        gauge("of_port_curr_speed", port.currentSpeed, labels);
        gauge("of_port_max_speed", port.maxSpeed, labels);
      }
      if (!dp.up || !dp.countsPorts || this.#asked.has(dp.dpid)) return;
      this.#asked.add(dp.dpid);
      try {
        const stats = await this.#ask(dp.dpid);
        if (open) for (const each of stats) count(each, ports.get(each.port));
      } catch {
        // A switch that refuses or is gone has no counters to show.
      } finally {
        this.#asked.delete(dp.dpid);
      }
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS);
    });
    await Promise.race([Promise.all(answers), late]);
    clearTimeout(timer);
    open = false;
  }
}

function count(stats: PortStats, labels: Labels | undefined): void {
  if (!labels) return;
  for (const name of NAMES) gauge(name, stats.counters[PORT_COUNTERS.indexOf(COUNTERS[name])] ?? 0, labels);
}
