// Topology's metrics, filled at each scrape; where Faucet has a name for it, its name and labels.

import { clear, gauge, total } from "../../base/metrics.js";
import type { NetTotals } from "./methods.js";

const SCRAPED = [
  "stack_probes_received_total",
  "vlan_hosts_learned",
  "sennit_openflow_probes_sent_total",
  "sennit_openflow_probes_foreign_total",
  "sennit_openflow_links",
] as const;

/** `labelsOf` gives Faucet's labels of a datapath. */
export function scrapeNet(totals: NetTotals, labelsOf: (dpid: string) => Readonly<Record<string, string>>): void {
  for (const name of SCRAPED) clear(name);
  gauge("sennit_openflow_links", totals.direct, { type: "direct" });
  gauge("sennit_openflow_links", totals.multihop, { type: "multihop" });
  total("sennit_openflow_net_refused_total", totals.refused);
  for (const { dpid, probesSent, probesReceived, probesForeign } of totals.perSwitch) {
    const labels = labelsOf(dpid);
    total("sennit_openflow_probes_sent_total", probesSent, labels);
    total("stack_probes_received_total", probesReceived, labels);
    total("sennit_openflow_probes_foreign_total", probesForeign, labels);
  }
  for (const { dpid, vid, stations } of totals.perVlan) {
    gauge("vlan_hosts_learned", stations, { ...labelsOf(dpid), vlan: String(vid) });
  }
}
