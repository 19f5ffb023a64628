// Makes test/vectors/bgp/gobgp.json: what GoBGP sends for routes that were given to it in words.
//   npm run build && node dist/test/helpers/make_bgp_vectors.js    (Debian: gobgpd)

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rawPeer } from "./bgp_raw.js";
import { must, Running } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

const OURS = "127.45.0.1";
const THEIRS = "127.45.0.2";
const PORT = 17_900;
const API = "50951";

/** Arguments of `gobgp global rib add`, and the route as our JSON must show it. */
const ROUTES: { add: string; family: "ipv4" | "ipv6"; prefix: string; attr: Record<string, unknown> }[] = [
  {
    add: "10.1.0.0/24 nexthop 192.0.2.1 origin igp",
    family: "ipv4",
    prefix: "10.1.0.0/24",
    attr: { 1: 0, 2: [[2, [65002]]], 3: "192.0.2.1" },
  },
  {
    add: "10.2.0.0/15 nexthop 192.0.2.1 origin incomplete med 50 community 65001:7,no-export,blackhole",
    family: "ipv4",
    prefix: "10.2.0.0/15",
    attr: { 1: 2, 2: [[2, [65002]]], 3: "192.0.2.1", 4: 50, 8: ["65001:7", "NO_EXPORT", "BLACKHOLE"] },
  },
  {
    add: "10.4.0.0/32 nexthop 192.0.2.1 origin egp aspath 4200000001,100,{200,300} large-community 65001:1:4294967295",
    family: "ipv4",
    prefix: "10.4.0.0/32",
    attr: {
      1: 1,
      2: [
        [2, [65002, 4200000001, 100]],
        [1, [200, 300]],
      ],
      3: "192.0.2.1",
      32: ["65001:1:4294967295"],
    },
  },
  {
    add: "0.0.0.0/0 nexthop 192.0.2.1 aggregator 65010:192.0.2.7 rt 65001:100 192.0.2.8:9",
    family: "ipv4",
    prefix: "0.0.0.0/0",
    attr: {
      1: 2,
      2: [[2, [65002]]],
      3: "192.0.2.1",
      7: [65010, "192.0.2.7"],
      16: ["route-target:65001:100", "route-target:192.0.2.8:9"],
    },
  },
  {
    add: "10.5.0.0/17 nexthop 192.0.2.1 aigp metric 10",
    family: "ipv4",
    prefix: "10.5.0.0/17",
    attr: { 1: 2, 2: [[2, [65002]]], 3: "192.0.2.1", 26: { metric: 10 } },
  },
  {
    add: "-a ipv6 2001:db8:1::/48 nexthop 2001:db8::1 origin igp med 7",
    family: "ipv6",
    prefix: "2001:db8:1::/48",
    attr: { 1: 0, 2: [[2, [65002]]], 4: 7, 14: { afi_safi: [2, 1], nexthop: "2001:db8::1" } },
  },
];

const undo: (() => unknown)[] = [];
const t = { teardown: (handler: () => unknown) => undo.push(handler) };
const dir = tmpDir(t, "gobgp");
const config = join(dir, "gobgpd.toml");
writeFileSync(
  config,
  `[global.config]
as = 65002
router-id = "10.0.0.2"
port = ${PORT}
local-address-list = ["${THEIRS}"]
[[neighbors]]
[neighbors.config]
neighbor-address = "${OURS}"
peer-as = 65001
[neighbors.transport.config]
passive-mode = true
local-address = "${THEIRS}"
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = "ipv4-unicast"
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = "ipv6-unicast"
`,
);
const daemon = new Running("gobgpd", ["-f", config, "--api-hosts", `${THEIRS}:${API}`]);
t.teardown(() => daemon.stop());
const gobgp = (...words: string[]) => must("gobgp", ["-u", THEIRS, "-p", API, ...words]);

try {
  await until(() => gobgp("neighbor"), { what: "gobgpd to answer" });
  const peer = await (await rawPeer(t, OURS, THEIRS, PORT)).establish(65001);
  const vectors: unknown[] = [{ what: "OPEN", type: 1, hex: (await peer.gets(1)).toString("hex") }];
  for (const { add, family, prefix, attr } of ROUTES) {
    const before = peer.messages().filter(([type]) => type === 2).length;
    await gobgp("global", "rib", "add", ...add.split(" "));
    const body = await until(() => peer.messages().filter(([type]) => type === 2)[before]?.[1], { what: add });
    vectors.push({ what: `gobgp global rib add ${add}`, type: 2, hex: body.toString("hex"), family, prefix, attr });
  }
  const made_by = (await must("gobgpd", ["--version"])).trim();
  const file = fileURLToPath(new URL("../../../test/vectors/bgp/gobgp.json", import.meta.url));
  writeFileSync(
    file,
    `${JSON.stringify({ made_by, command: "node dist/test/helpers/make_bgp_vectors.js", vectors }, null, 2)}\n`,
  );
  console.log(`${vectors.length} vectors in ${file}`);
} finally {
  for (const handler of undo.reverse()) await handler();
}
process.exit();
