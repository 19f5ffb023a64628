// What is known right now and kept nowhere: states and rates of bonds and legs as each end sees them.

import { clear, gauge, onScrape } from "../base/metrics.js";
import type { BondStatus, DataplaneStatus, LegStatus } from "./dataplane/protocol.js";

/** A bonder that has not reported for so long is not known to be there. */
export const REPORT_FRESH_MS = 10_000;

/** What a bonder said last. */
export interface NodeReport {
  /** Epoch ms when it came. */
  readonly at: number;
  readonly version: string;
  readonly hostname: string;
  /** Revision that it has applied. */
  readonly revision: string;
  /** Why it could not apply a configuration, "" when it could. */
  readonly problem: string;
  readonly bond: BondStatus | null;
}

/** One leg as its two ends see it; a state is null when that end is not known. */
export interface LegView {
  readonly bonderState: string | null;
  readonly aggregatorState: string | null;
  /** bit/s towards the bonder, at the end that receives it when that is known. */
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly rttMs: number | null;
  readonly lossRatio: number;
}

export interface BondView {
  readonly state: "up" | "down";
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly tunnelMtu: number | null;
  readonly tunnelIfname: string | null;
  readonly problem: string;
}

const worstLoss = (a: LegStatus | undefined, b: LegStatus | undefined) =>
  Math.max(a?.lossRatio ?? 0, b?.lossRatio ?? 0);

interface Sources {
  /** The last status of this box's data plane, null while there is none: what is gone is not shown. */
  readonly status: () => DataplaneStatus | null;
  /** True for bonds that this box is the aggregator of. */
  readonly isOurs: (bond: number) => boolean;
  /** Why this box carries no tunnel at all, "" when it does. */
  readonly lacking?: string;
  readonly now?: () => number;
}

/** The latest statuses of this box's data plane and of the bonders that report to it. */
export class Live {
  readonly #sources: Sources;
  readonly #reports = new Map<number, NodeReport>();
  /** The bonds of the status that was asked for last, by id. */
  #indexed: { readonly of: DataplaneStatus | null; readonly bonds: ReadonlyMap<number, BondStatus> } = {
    of: null,
    bonds: new Map(),
  };

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  #own(): ReadonlyMap<number, BondStatus> {
    const of = this.#sources.status();
    if (this.#indexed.of !== of) this.#indexed = { of, bonds: new Map(of?.bonds.map((bond) => [bond.id, bond])) };
    return this.#indexed.bonds;
  }

  #near(bond: number): BondStatus | undefined {
    return this.#sources.isOurs(bond) ? this.#own().get(bond) : undefined;
  }

  reported(node: number, report: NodeReport): void {
    this.#reports.set(node, report);
  }

  forget(node: number): void {
    this.#reports.delete(node);
  }

  /** The node's last report, however old. */
  report(node: number): NodeReport | undefined {
    return this.#reports.get(node);
  }

  /** True when the node has reported a short while ago. */
  present(node: number): boolean {
    const report = this.#reports.get(node);
    return report !== undefined && (this.#sources.now ?? Date.now)() - report.at < REPORT_FRESH_MS;
  }

  #far(bond: number, bonder: number): BondStatus | undefined {
    const status = this.present(bonder) ? this.#reports.get(bonder)?.bond : null;
    return status?.id === bond ? status : undefined;
  }

  bond(bond: number, bonder: number): BondView {
    const near = this.#near(bond);
    const far = this.#far(bond, bonder);
    const known = [near, far].filter((one) => one !== undefined);
    const lacking = this.#sources.isOurs(bond) ? this.#sources.lacking : "";
    return {
      state: known.length > 0 && known.every((one) => one.state === "up") ? "up" : "down",
      downloadRate: far?.rxRate ?? near?.txRate ?? 0,
      uploadRate: near?.rxRate ?? far?.txRate ?? 0,
      tunnelMtu: near?.tunnelMtu ?? far?.tunnelMtu ?? null,
      tunnelIfname: near?.tunnelIfname ?? null,
      problem: near?.problem || far?.problem || this.#reports.get(bonder)?.problem || lacking || "",
    };
  }

  leg(bond: number, bonder: number, leg: number): LegView {
    const near = this.#near(bond)?.legs.find((one) => one.id === leg);
    const far = this.#far(bond, bonder)?.legs.find((one) => one.id === leg);
    return {
      bonderState: far?.state ?? null,
      aggregatorState: near?.state ?? null,
      downloadRate: far?.rxRate ?? near?.txRate ?? 0,
      uploadRate: near?.rxRate ?? far?.txRate ?? 0,
      rttMs: near?.rttMs ?? far?.rttMs ?? null,
      lossRatio: worstLoss(near, far),
    };
  }

  /** Fills the leg metrics at each scrape. */
  exportMetrics(): void {
    onScrape(() => {
      clear("bond_leg_state");
      clear("bond_leg_receive_bits_per_second");
      for (const bond of this.#own().values()) {
        if (!this.#sources.isOurs(bond.id)) continue;
        for (const leg of bond.legs) {
          gauge("bond_leg_state", 1, { bond: bond.id, leg: leg.id, state: leg.state });
          const labels = { bond: bond.id, leg: leg.id, direction: "up" };
          gauge("bond_leg_receive_bits_per_second", leg.rxRate, labels);
        }
      }
    });
  }
}

/** From worst to best: what a leg's overall state is when its ends do not agree. */
const SEVERITY = [
  "offline",
  "down",
  "suspended",
  "handshaking",
  "testing",
  "degraded",
  "adapted",
  "idle",
  "failover",
  "up",
];

/** One word for a leg: `offline` by configuration, else the worse of what its ends say, `down` when none is known. */
export function overallState(linkMode: string, view: Pick<LegView, "bonderState" | "aggregatorState">): string {
  if (linkMode === "offline") return "offline";
  const known = [view.bonderState, view.aggregatorState].filter((one) => one !== null);
  if (known.length === 0) return "down";
  return known.reduce((a, b) => (SEVERITY.indexOf(a) <= SEVERITY.indexOf(b) ? a : b));
}
