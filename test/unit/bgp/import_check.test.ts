// What speaks against a received route.

import t from "tap";
import { attributesJson } from "../../../src/bgp/attributes.js";
import { IMPORT } from "../../../src/wasm/bgp_policy.js";
import type { NeighborOptions } from "../../../src/wasm/bgp_policy_types.js";
import { attributesOf, BASE, view, withNeighbor } from "../../helpers/policy.js";

type Json = Record<string, unknown>;

const check = (neighbor: Partial<NeighborOptions>, attr: Json, family = 0) =>
  withNeighbor(neighbor, (handle) => view.importCheck(handle, attributesOf(attr), family));

const path = (...numbers: number[]) => ({ ...BASE, 2: [[2, numbers]] });

const CASES: [what: string, neighbor: Partial<NeighborOptions>, attr: Json, found: number][] = [
  ["nothing", {}, BASE, 0],
  ["our AS in the path", {}, path(65001, 64512), IMPORT.ownAs],
  ["our AS in a set", {}, { ...BASE, 2: [[1, [5, 64512]]] }, IMPORT.ownAs],
  ["our AS as often as allowed", { allowOwnAs: 1 }, path(65001, 64512), 0],
  ["our AS more often than allowed", { allowOwnAs: 1 }, path(64512, 64512), IMPORT.ownAs],
  ["our identifier as originator", { ibgp: true }, { ...BASE, 9: "10.0.0.1" }, IMPORT.ownOriginator],
  ["another originator", { ibgp: true }, { ...BASE, 9: "10.0.0.2" }, 0],
  ["our cluster", { ibgp: true }, { ...BASE, 10: ["1.1.1.1", "10.0.0.1"] }, IMPORT.ownCluster],
  ["the peer's AS first", { enforceFirstAs: true }, BASE, 0],
  ["another AS first", { enforceFirstAs: true }, path(65002, 65001), IMPORT.firstAs],
  ["no AS first", { enforceFirstAs: true }, { ...BASE, 2: [] }, IMPORT.firstAs],
  ["an internal path", { enforceFirstAs: true, ibgp: true }, { ...BASE, 2: [] }, 0],
  ["not enforced", {}, path(65002), 0],
  ["our address as next hop", {}, { ...BASE, 3: "192.0.2.254" }, IMPORT.ownNextHop],
  ["our IPv6 address", {}, { 14: { afi_safi: [2, 1], hop: "20010db80000000000000000000000fe" } }, IMPORT.ownNextHop],
  ["not to be kept long", {}, { ...BASE, 8: ["1:1", "65535:7"] }, IMPORT.noLlgr],
  ["kept long", {}, { ...BASE, 8: ["65535:6"] }, IMPORT.llgrStale],
  ["no role", {}, { ...BASE, 35: "00000001" }, 0],
  ["OTC from a customer", { role: "provider" }, { ...BASE, 35: 65_001 }, IMPORT.leak],
  ["OTC from a client", { role: "rs" }, { ...BASE, 35: 65_001 }, IMPORT.leak],
  ["no OTC from a customer", { role: "provider" }, BASE, 0],
  ["a peer's own OTC", { role: "peer" }, { ...BASE, 35: 65_001 }, 0],
  ["another's OTC from a peer", { role: "peer" }, { ...BASE, 35: 65_002 }, IMPORT.leak],
  ["OTC from a provider", { role: "customer" }, { ...BASE, 35: 65_002 }, 0],
  ["none from a provider", { role: "customer" }, BASE, IMPORT.addOtc],
  ["none from a peer", { role: "peer" }, BASE, IMPORT.addOtc],
  ["none from a route server", { role: "rs-client" }, BASE, IMPORT.addOtc],
  ["AIGP, without its session", {}, { ...BASE, 26: { metric: 5 } }, IMPORT.dropAigp],
  ["AIGP", { aigp: true }, { ...BASE, 26: { metric: 5 } }, 0],
  ["AIGP without a metric", { aigp: true }, { ...BASE, 26: "020004ff" }, 0],
  ["a metric of four octets", { aigp: true }, { ...BASE, 26: "01000700000005" }, IMPORT.dropAigp],
  ["a TLV that is cut short", { aigp: true }, { ...BASE, 26: "020004ff03" }, IMPORT.dropAigp],
  ["a TLV shorter than its head", { aigp: true }, { ...BASE, 26: "020002" }, IMPORT.dropAigp],
  ["two at once", { enforceFirstAs: true }, path(64512), IMPORT.ownAs | IMPORT.firstAs],
];

t.test("findings", async (t) => {
  for (const [what, neighbor, attr, found] of CASES) t.equal(check(neighbor, attr), found, what);
  t.equal(check({ role: "provider" }, { ...BASE, 35: 65_001 }, 2), 0, "roles are for unicast only");
  t.equal(IMPORT.ineligible & (IMPORT.addOtc | IMPORT.dropAigp | IMPORT.llgrStale | IMPORT.noLlgr), 0);
  const malformed = withNeighbor({}, (handle) => view.importCheck(handle, Uint8Array.of(0x40, 1, 9), 0));
  t.equal(malformed, IMPORT.malformed);
});

t.test("AIGP is left out, ONLY_TO_CUSTOMER added, or both", async (t) => {
  const attr = { ...BASE, 26: { metric: 5 }, 32: ["1:1:1"] };
  const made = (found: number) =>
    withNeighbor({}, (handle) => {
      const outcome = view.importTransform(handle, attributesOf(attr), found);
      return outcome.accepted ? attributesJson(Buffer.from(outcome.attributes)) : null;
    });
  const { 26: _, ...rest } = attr;
  t.same(made(IMPORT.dropAigp), rest);
  t.same(made(IMPORT.dropAigp | IMPORT.addOtc), { ...rest, 35: 65_001 });
  t.same(made(0), attr);
});

t.test("ONLY_TO_CUSTOMER is added with the peer's AS (RFC 9234 §5)", async (t) => {
  const added = (attr: Json) =>
    withNeighbor({ role: "customer" }, (handle) => {
      const outcome = view.importTransform(handle, attributesOf(attr));
      return outcome.accepted ? attributesJson(Buffer.from(outcome.attributes)) : null;
    });
  t.same(added({ ...BASE, 32: ["1:1:1"] }), { ...BASE, 32: ["1:1:1"], 35: 65_001 });
  t.same(added({ ...BASE, 35: "00000001" }), { ...BASE, 35: "00000001" });
});
