// GoBGP takes EVPN routes with their attributes as we encode them, and means the same by them.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { encodeUpdateBody } from "../../src/bgp/update_json.js";
import { BGP_PORT, loopbackPair } from "../helpers/bgp_peers.js";
import { rawPeer } from "../helpers/bgp_raw.js";
import { need } from "../helpers/need.js";
import { must, start } from "../helpers/processes.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

const rd = "65001:100";
const BASE = { 1: 0, 2: [[2, [65_001]]] };
const LACP = "ESI_LACP | system mac 00:11:22:aa:bb:cc, port key 5";
const VXLAN = ["route-target:65001:100", "encapsulation:8", "router-mac:00-11-22-AA-BB-CC"];

const esi = { type: 1, value: { ce_mac_addr: "00-11-22-AA-BB-CC", ce_port_key: 5 } };
const pmsi = { leaf_info_required: 0, tunnel_type: 6, mpls_label: [1000], tunnel_id: "192.0.2.1" };
const mac = "00-11-22-33-44-55";

/** Our JSON of a route and of its attributes, and what GoBGP's JSON has of both. */
const ROUTES: readonly { nlri: unknown; attr: Record<string, unknown>; value: unknown; attrs: readonly object[] }[] = [
  {
    nlri: { type: 1, value: { rd, esi, eth_tag_id: 7, label: [1000] } },
    attr: { 16: [...VXLAN, "esi-label:1:625"] },
    value: { rd: { type: 0, admin: 65_001, assigned: 100 }, esi: LACP, etag: 7, label: 1000 },
    attrs: [
      { subtype: 12, tunnel_type: 8 },
      { subtype: 1, is_single_active: true },
    ],
  },
  {
    nlri: {
      type: 2,
      value: { rd: "4200000000:9", esi: 0, eth_tag_id: 0, mac, ip: "10.0.0.1", label: [1000, 1001] },
    },
    attr: { 16: [...VXLAN, "mac-mobility:1:7"] },
    value: {
      rd: { type: 2, admin: 4_200_000_000, assigned: 9 },
      esi: "single-homed",
      mac: "00:11:22:33:44:55",
      ip: "10.0.0.1",
      labels: [1000, 1001],
    },
    attrs: [
      { subtype: 3, mac: "00:11:22:aa:bb:cc" },
      { subtype: 0, sequence: 7, is_sticky: true },
    ],
  },
  {
    nlri: { type: 3, value: { rd, eth_tag_id: 0, ip: "10.0.0.1" } },
    attr: { 16: VXLAN, 22: pmsi },
    value: { rd: { type: 0, admin: 65_001, assigned: 100 }, etag: 0, ip: "10.0.0.1" },
    attrs: [{ type: 22, "is-leaf-info-required": false, "tunnel-type": 6, label: 1000, "tunnel-id": "192.0.2.1" }],
  },
  {
    nlri: { type: 4, value: { rd: "1.2.3.4:5", esi, ip: "2001:db8::1" } },
    attr: { 16: ["es-import:00-11-22-AA-BB-CC"] },
    value: { rd: { type: 1, admin: "1.2.3.4", assigned: 5 }, esi: LACP, ip: "2001:db8::1" },
    attrs: [{ type: 6, subtype: 2, value: "00:11:22:aa:bb:cc" }],
  },
  {
    nlri: {
      type: 5,
      value: { rd, esi: 0, eth_tag_id: 0, prefix: "10.1.0.0/16", gateway: "10.0.0.1", label: [5000] },
    },
    attr: { 16: VXLAN },
    value: { esi: "single-homed", etag: 0, prefix: "10.1.0.0/16", gateway: "10.0.0.1", label: 5000 },
    attrs: [{ type: 0, subtype: 2, value: "65001:100" }],
  },
  {
    nlri: { type: 5, value: { rd, eth_tag_id: 0, prefix: "2001:db8::/32", vni: [5000] } },
    attr: { 16: ["route-target:65001:100"] },
    value: { esi: "single-homed", etag: 0, prefix: "2001:db8::/32", gateway: "::", label: 5000 },
    attrs: [],
  },
];

interface Shown {
  readonly nlri: { readonly value: unknown };
  readonly attrs: readonly { readonly type: number; readonly value?: unknown }[];
}

/** True when an object has all members of another, with the same values. */
const includes = (found: unknown, wanted: unknown): boolean =>
  typeof wanted === "object" && wanted !== null
    ? Object.entries(wanted).every(([key, value]) =>
        includes((found as Record<string, unknown> | undefined)?.[key], value),
      )
    : found === wanted;

/** All attributes, and all communities, one after another. */
const flat = ({ attrs }: Shown) => attrs.flatMap((one) => (one.type === 16 ? (one.value as object[]) : [one]));

t.test("EVPN with GoBGP", async (t) => {
  if (!need.program(t, "gobgpd", "gobgpd") || !need.program(t, "gobgp", "gobgpd")) return;
  const { ours, theirs } = loopbackPair();
  const config = join(tmpDir(t, "gobgp"), "gobgpd.toml");
  writeFileSync(
    config,
    `[global.config]
as = 65002
router-id = "10.0.0.2"
port = ${BGP_PORT}
local-address-list = ["${theirs}"]
[[neighbors]]
[neighbors.config]
neighbor-address = "${ours}"
peer-as = 65001
[neighbors.transport.config]
passive-mode = true
local-address = "${theirs}"
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = "l2vpn-evpn"
`,
  );
  start(t, "gobgpd", ["-f", config, "--api-hosts", `${theirs}:50051`]);
  const gobgp = (...words: string[]) => must("gobgp", ["-u", theirs, ...words]);
  await until(() => gobgp("neighbor"), { what: "gobgpd to answer" });
  const capabilities = [1, 4, 0, 25, 0, 70, 65, 4, 0, 0, 0xfd, 0xe9];
  const peer = await (await rawPeer(t, ours, theirs, BGP_PORT)).establish(65_001, { capabilities });
  const context = { ibgp: false, fourOctetAs: true };
  const hop = { afi_safi: [25, 70], nexthop: "192.0.2.1" };
  for (const { nlri, attr } of ROUTES) {
    peer.send(encodeUpdateBody({ attr: { ...BASE, ...attr, 14: { ...hop, nlri: [nlri] } } }, context));
  }
  const shown = await until(
    async () => {
      const text = await gobgp("global", "rib", "-a", "evpn", "-j");
      const all = Object.values(JSON.parse(text) as Record<string, Shown[]>).flat();
      return all.length === ROUTES.length ? all : undefined;
    },
    { what: "all routes", state: () => peer.messages() },
  );
  for (const { nlri, value, attrs } of ROUTES) {
    const what = JSON.stringify(nlri);
    const found = shown.find((one) => includes(one.nlri.value, value));
    t.ok(found, what);
    for (const attr of attrs) {
      t.ok(found && flat(found).some((one) => includes(one, attr)), `${what}: ${JSON.stringify(attr)}`);
    }
  }
  peer.send(
    encodeUpdateBody({ attr: { 15: { afi_safi: [25, 70], withdraw: ROUTES.map(({ nlri }) => nlri) } } }, context),
  );
  await until(async () => (await gobgp("global", "rib", "-a", "evpn")).includes("not in table"), {
    what: "all routes to be withdrawn",
  });
});
