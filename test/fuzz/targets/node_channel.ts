// Messages of the node channel: read as a whole or not at all, with every bound kept.

import { parseFields, readNodeConfig, readReport } from "../../../src/bond/channel.js";
import type { FuzzTarget } from "../registry.js";

const leg = { id: 1, ifname: "leg1", link_mode: "active", failover: false, down_speed: 50, up_speed: 20 };
const aggregator = { address: "192.0.2.1", port: 7790 };
const bond = {
  id: 1,
  tunnel_bonder_ip: "198.18.0.1",
  tunnel_aggregator_ip: "198.18.0.0",
  tunnel_security: "encryption",
};
const more = { packet_distribution: "idmpq", reorder_max_hold: 200, aggregator, legs: [leg] };
const status = { id: 1, state: "up", counters: { a: 1 }, paths: { b: "c" }, legs: [{ id: 1, state: "up", rttMs: 1 }] };
const seeds = [
  { node: { id: 2, name: "n" }, bond: { ...bond, ...more } },
  { node: { id: 2 }, bond: null },
  { revision: "x", version: "1", bond: status },
];

const target: FuzzTarget = {
  name: "node_channel",
  seeds: seeds.map((seed) => new TextEncoder().encode(JSON.stringify(seed))),
  run(bytes) {
    const fields = parseFields(bytes);
    const config = readNodeConfig(fields, 4);
    if (config?.bond && (config.bond.legs.length > 4 || config.bond.legs.some((one) => one.ifname === ""))) {
      throw new Error("a leg too many, or without a name");
    }
    const report = readReport(fields, 4);
    if (report?.bond && report.bond.legs.length > 4) throw new Error("a status too many");
  },
};

export default target;
