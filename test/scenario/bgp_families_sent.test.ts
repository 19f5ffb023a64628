// What our encoder sends, as GoBGP reads it: every family that it knows, announced and withdrawn.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { FAMILIES, type Family, familyByName } from "../../src/bgp/families.js";
import { encodeUpdateBody } from "../../src/bgp/update_json.js";
import { BGP_PORT, loopbackPair } from "../helpers/bgp_peers.js";
import { rawPeer } from "../helpers/bgp_raw.js";
import { need } from "../helpers/need.js";
import { must, start } from "../helpers/processes.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

interface Case {
  readonly family: string;
  /** GoBGP's names, in its configuration and on its command line, which knows no SR policies: they are counted. */
  readonly name: string;
  readonly word: string;
  readonly nexthop: unknown;
  readonly nlri: unknown;
  /** What GoBGP prints of the route. */
  readonly shown: RegExp;
  readonly attr?: Record<string, unknown>;
}

const POLICY = {
  ...{ 0: "new", 12: 100, 13: 25102, 15: 23, 129: "name" },
  128: [{ 9: 10, 1: [{ 1: { label: 2000 } }, { 13: { sid: "2001:db8::5" } }] }],
};

const CASES: readonly Case[] = [
  {
    ...{ family: "ipv4_lu", name: "ipv4-labelled-unicast", word: "ipv4-mpls", nexthop: "192.0.2.1" },
    nlri: { label: [100, 200], prefix: "10.1.0.0/17" },
    shown: /10\.1\.0\.0\/17 +\[100, 200\] +192\.0\.2\.1/,
  },
  {
    ...{ family: "ipv6_lu", name: "ipv6-labelled-unicast", word: "ipv6-mpls", nexthop: "2001:db8::1" },
    nlri: { label: [0], prefix: "2001:db8:1::/48" },
    shown: /2001:db8:1::\/48 +\[0\] +2001:db8::1/,
  },
  {
    ...{ family: "vpnv4", name: "l3vpn-ipv4-unicast", word: "vpnv4", nexthop: { rd: "0:0", str: "192.0.2.1" } },
    nlri: { label: [25], rd: "0.100:7", prefix: "11.11.11.11/32" },
    shown: /0\.100:7:11\.11\.11\.11\/32 +\[25\] +192\.0\.2\.1/,
  },
  {
    ...{ family: "vpnv6", name: "l3vpn-ipv6-unicast", word: "vpnv6", nexthop: { rd: "0:0", str: "2001:db8::1" } },
    nlri: { label: [25], rd: "192.0.2.7:7", prefix: "2001:db8:2::/49" },
    shown: /192\.0\.2\.7:7:2001:db8:2::\/49 +\[25\] +2001:db8::1/,
  },
  {
    ...{ family: "flowspec", name: "ipv4-flowspec", word: "ipv4-flowspec", nexthop: "" },
    nlri: { 1: "10.0.0.0/24", 2: "0.0.0.0/0", 3: "=6", 5: "=80|>=8080&<=8088", 9: "=syn+ack|!rst", 12: "is-fragment" },
    shown:
      /destination: 10\.0\.0\.0\/24\]\[source: 0\.0\.0\.0\/0\]\[protocol: ==tcp ?\]\[destination-port: ==80 >=8080&<=8088 ?\]\[tcp-flags: =SA !R ?\]\[fragment: is-fragment ?\]/,
  },
  {
    ...{ family: "ipv6_flowspec", name: "ipv6-flowspec", word: "ipv6-flowspec", nexthop: "" },
    nlri: { 1: { prefix: "2001:db8::/48", offset: 0 }, 3: "=17", 13: "=2013" },
    shown: /destination: 2001:db8::\/48.*protocol: ==udp ?\]\[label: ==2013 ?\]/,
  },
  {
    ...{ family: "vpnv4_flowspec", name: "l3vpn-ipv4-flowspec", word: "ipv4-l3vpn-flowspec", nexthop: "" },
    nlri: { rd: "65001:7", 1: "10.9.0.0/16", 9: "syn" },
    shown: /\[rd: 65001:7\]\[destination: 10\.9\.0\.0\/16\]\[tcp-flags: S ?\]/,
  },
  {
    ...{ family: "vpnv6_flowspec", name: "l3vpn-ipv6-flowspec", word: "ipv6-l3vpn-flowspec", nexthop: "" },
    nlri: { rd: "192.0.2.7:7", 4: "!=53" },
    shown: /\[rd: 192\.0\.2\.7:7\]\[port: !=53 ?\]/,
  },
  {
    ...{ family: "ipv4_srte", name: "ipv4-srpolicy", word: "", nexthop: "192.0.2.1" },
    nlri: { distinguisher: 7, color: 10, endpoint: "192.168.76.1" },
    shown: /Received: +1\s+Accepted: +1/,
    attr: { 23: POLICY },
  },
  {
    ...{ family: "ipv6_srte", name: "ipv6-srpolicy", word: "", nexthop: "2001:db8::1" },
    nlri: { distinguisher: 7, color: 10, endpoint: "2001:db8::9" },
    shown: /Received: +1\s+Accepted: +1/,
    attr: { 23: POLICY },
  },
  {
    ...{ family: "rtc", name: "rtc", word: "rtc", nexthop: "192.0.2.1" },
    nlri: { origin_as: 65001, route_target: "route-target:65001:100" },
    shown: /65001:65001:100/,
  },
];

const API = "50954";

t.test("GoBGP takes every family that we send", async (t) => {
  if (!need.program(t, "gobgpd")) return;
  const { ours, theirs } = loopbackPair(7);
  const families = CASES.map(
    ({ name }) => `[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = "${name}"`,
  );
  const config = join(tmpDir(t, "gobgp"), "gobgpd.toml");
  const head = `[global.config]\nas = 65002\nrouter-id = "10.0.0.2"\nport = ${BGP_PORT}\nlocal-address-list = ["${theirs}"]`;
  const neighbor = `[[neighbors]]\n[neighbors.config]\nneighbor-address = "${ours}"\npeer-as = 65001`;
  const transport = `[neighbors.transport.config]\npassive-mode = true\nlocal-address = "${theirs}"`;
  writeFileSync(config, [head, neighbor, transport, ...families, ""].join("\n"));
  start(t, "gobgpd", ["-f", config, "--api-hosts", `${theirs}:${API}`]);
  const gobgp = (...words: string[]) => must("gobgp", ["-u", theirs, "-p", API, ...words]);
  await until(() => gobgp("neighbor"), { what: "gobgpd to answer" });
  const capabilities = [
    ...FAMILIES.flatMap(({ afi, safi }) => [1, 4, afi >> 8, afi & 255, 0, safi]),
    ...[65, 4, 0, 0, 0xfd, 0xe9],
  ];
  const peer = await (await rawPeer(t, ours, theirs, BGP_PORT)).establish(65001, { capabilities });
  const session = { ibgp: false, fourOctetAs: true };
  for (const { family: name, word, nexthop, nlri, shown, attr } of CASES) {
    const { afi, safi } = familyByName(name) as Family;
    const reach = { afi_safi: [afi, safi], nexthop, nlri: [nlri] };
    const base = { 1: 0, 2: [[2, [65001]]] };
    peer.send(encodeUpdateBody({ attr: { ...base, ...attr, 14: reach } }, session));
    const adjIn = () => (word === "" ? gobgp("neighbor", ours) : gobgp("neighbor", ours, "adj-in", "-a", word));
    let seen = "";
    await until(
      async () => {
        seen = await adjIn();
        return shown.test(seen);
      },
      { what: `${name} to be read as ${shown}`, state: () => seen },
    );
    t.match(seen, shown, name);
    peer.send(encodeUpdateBody({ attr: { 15: { afi_safi: [afi, safi], withdraw: [nlri] } } }, session));
    await until(async () => !shown.test(await adjIn().catch(() => "")), { what: `${name} to be withdrawn` });
  }
  t.notOk(peer.closed, "the session has stayed up");
});
