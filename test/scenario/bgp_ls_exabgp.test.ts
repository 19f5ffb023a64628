// ExaBGP decodes BGP-LS that we have encoded, and means the same by it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { encodeAttribute, encodeAttributes } from "../../src/bgp/attributes.js";
import { bgplsNlri } from "../../src/bgp/nlri/bgpls.js";
import { message } from "../helpers/bgp_raw.js";
import { need } from "../helpers/need.js";
import { run } from "../helpers/processes.js";
import { LINK_STATE_ROUTES, type LinkStateRoute } from "../helpers/structured_routes.js";
import { tmpDir } from "../helpers/tmp.js";

/** Our UPDATE with one route, next hop 192.0.2.1. */
function update({ nlri, attribute }: Pick<LinkStateRoute, "nlri" | "attribute">): string {
  const head = Buffer.from("40044704c000020100", "hex");
  const reach = encodeAttribute(0x80, 14, Buffer.concat([head, bgplsNlri.encode(nlri, false)]));
  const context = { protocolId: nlri["protocol_id"] as number };
  const others = encodeAttributes({ 1: 0, 2: [[2, [65_001]]], 29: attribute }, true, context);
  const attributes = Buffer.concat([reach, others]);
  const lengths = Buffer.from([0, 0, attributes.length >> 8, attributes.length & 255]);
  return message(2, Buffer.concat([lengths, attributes])).toString("hex");
}

interface Decoded {
  readonly attribute: { readonly "bgp-ls": Record<string, unknown> };
  readonly announce: { readonly "bgp-ls bgp-ls": { readonly "192.0.2.1": readonly Record<string, unknown>[] } };
}

const route = (what: string) => LINK_STATE_ROUTES.find((candidate) => candidate.what === what) as LinkStateRoute;
/** ExaBGP 4.2 stops at its own printing of adjacency SIDs, and prints link names in a form of its own. */
const printable = (attribute: readonly unknown[]) =>
  attribute.filter((item) => !["adj_sid", "link_name"].includes((item as { type: string }).type));

t.test("BGP-LS by ExaBGP's decoder", async (t) => {
  if (!need.program(t, "exabgp", "exabgp")) return;
  const config = join(tmpDir(t, "exabgp"), "exabgp.conf");
  writeFileSync(
    config,
    `neighbor 192.0.2.1 {
  router-id 10.0.0.6;
  local-address 192.0.2.2;
  local-as 65002;
  peer-as 65001;
  family { bgp-ls bgp-ls; }
}
`,
  );
  const decode = async (given: Pick<LinkStateRoute, "nlri" | "attribute">): Promise<Decoded> => {
    const { stdout, stderr } = await run("exabgp", ["--decode", update(given), config], { timeoutMs: 30_000 });
    const json = /update json (\{.*\})/.exec(stdout + stderr)?.[1];
    if (json === undefined) throw new Error(stdout + stderr);
    return (JSON.parse(json) as { neighbor: { message: { update: Decoded } } }).neighbor.message.update;
  };
  const router = (id: string) => ({ "autonomous-system": 65_001, "bgp-ls-identifier": "0", "router-id": id });

  const node = await decode(route("a node"));
  t.match(node.announce["bgp-ls bgp-ls"]["192.0.2.1"], [
    { "ls-nlri-type": "bgpls-node", "protocol-id": 2, "node-descriptors": router("000000000001") },
  ]);
  t.match(node.attribute["bgp-ls"], {
    "node-flags": { O: 0, T: 0, E: 0, B: 1, R: 0, V: 0, RSV: 0 },
    "node-name": "r1",
    "area-id": "490001",
    "local-te-router-ids": ["1.1.1.1", "2001:db8::1"],
    "sr-capability-flags": { I: 1, V: 0, RSV: 0 },
    sids: [[8000, 16_000]],
    "sr-algorithms": [0, 1],
  });

  const given = route("a link");
  const attribute = [...printable(given.attribute), { type: "mpls_mask", value: { L: 0, R: 1 } }];
  const link = await decode({ ...given, attribute });
  t.match(link.announce["bgp-ls bgp-ls"]["192.0.2.1"], [
    {
      "ls-nlri-type": "bgpls-link",
      "local-node-descriptors": router("000000000001"),
      "remote-node-descriptors": router("000000000002"),
      "interface-address": { "interface-address": "10.0.0.1" },
      "neighbor-address": { "neighbor-address": "10.0.0.2" },
    },
  ]);
  t.match(link.attribute["bgp-ls"], {
    "local-te-router-ids": ["1.1.1.1"],
    "remote-te-router-id": "2.2.2.2",
    "admin-group-mask": [5],
    "maximum-link-bandwidth": 125_000_000,
    "maximum-reservable-link-bandwidth": 62_500_000,
    "unreserved-bandwidth": [125_000_000, 1, 2, 3, 4, 5, 6, 7],
    "te-metric": 10,
    "igp-metric": 10,
    "shared-risk-link-groups": [1, 2],
    "mpls-mask": { LDP: 0, "RSVP-TE": 1, RSV: 0 },
  });

  const more = [
    { type: "igp_route_tag_list", value: [7] },
    { type: "ext_igp_route_tag_list", value: [8] },
    { type: "ospf_forwarding_address", value: "10.0.0.9" },
    { type: "source_router_id", value: "3.3.3.3" },
  ];
  const prefix = await decode({
    ...route("an IPv4 prefix"),
    attribute: [...route("an IPv4 prefix").attribute, ...more],
  });
  t.match(prefix.announce["bgp-ls bgp-ls"]["192.0.2.1"], [
    { "ls-nlri-type": "bgpls-prefix-v4", "ip-reach-prefix": "10.1.2.0/23" },
  ]);
  t.match(prefix.attribute["bgp-ls"], {
    "igp-flags": { D: 1, N: 0, L: 0, P: 0, RSV: 0 },
    "prefix-metric": 20,
    "sr-prefix-flags": { R: 0, N: 1, P: 0, E: 0, V: 0, L: 0, RSV: 0 },
    sids: [100],
    "igp-route-tags": [7],
    "igp-extended-route-tags": [8],
    "ospf-forwarding-address": "10.0.0.9",
    "sr-source-router-id": "3.3.3.3",
  });

  const prefix6 = await decode(route("an IPv6 prefix"));
  t.match(prefix6.announce["bgp-ls bgp-ls"]["192.0.2.1"], [{ "ip-reach-prefix": "2001:db8:1::/48" }]);
  t.match(prefix6.attribute["bgp-ls"], { "prefix-metric": 20 });
});
