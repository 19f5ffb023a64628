// Makes test/vectors/bgp/families.json: what GoBGP and ExaBGP send for routes of many families.
//   npm run build && node dist/test/helpers/make_family_vectors.js    (Debian: gobgpd, exabgp)

import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FAMILIES, type Family } from "../../src/bgp/families.js";
import { KEEPALIVE, open, RawPeer, rawPeer } from "./bgp_raw.js";
import { EXABGP, type FamilyRoute, GOBGP, GOBGP_API } from "./family_routes.js";
import { must, Running } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

const OURS = "127.45.1.1";
const OURS_FOR_TARGETS = "127.45.1.3";
const THEIRS = "127.45.1.2";
const PORT = 17_900;
const API = "50952";

const undo: (() => unknown)[] = [];
const t = { teardown: (handler: () => unknown) => undo.push(handler) };
const dir = tmpDir(t, "vectors");

interface Vector extends Omit<FamilyRoute, "what"> {
  readonly by: string;
  readonly what: string;
  /** "withdraw" for the message that takes the route back. */
  readonly action: "announce" | "withdraw";
  readonly hex: string;
}
const vectors: Vector[] = [];

/** Multiprotocol for families, and four-octet AS numbers. */
const capabilitiesFor = (families: readonly Family[]) => [
  ...families.flatMap(({ afi, safi }) => [1, 4, afi >> 8, afi & 255, 0, safi]),
  ...[65, 4, 0, 0, 0xfd, 0xe9],
];
const isTargets = ({ name }: { name: string }) => name === "rtc";
const targets = FAMILIES.filter(isTargets);
/** GoBGP sends no other routes to those that take route targets. */
const capabilities = capabilitiesFor(FAMILIES.filter((family) => !isTargets(family)));

const GOBGP_FAMILIES = [
  "ipv4-labelled-unicast ipv6-labelled-unicast l3vpn-ipv4-unicast l3vpn-ipv6-unicast ipv4-flowspec ipv6-flowspec",
  "l3vpn-ipv4-flowspec l3vpn-ipv6-flowspec ipv4-srpolicy ipv6-srpolicy rtc",
].flatMap((names) => names.split(" "));

/** Updates that say something: End-of-RIB markers are shorter. */
const updates = (peer: RawPeer) =>
  peer.messages().flatMap(([type, body]) => (type === 2 && body.length > 11 ? [body] : []));

async function gobgp(): Promise<string> {
  const config = join(dir, "gobgpd.toml");
  const families = GOBGP_FAMILIES.map(
    (name) => `[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = "${name}"\n`,
  );
  const neighbors = [OURS, OURS_FOR_TARGETS].map(
    (address) => `[[neighbors]]
[neighbors.config]
neighbor-address = "${address}"
peer-as = 65001
[neighbors.transport.config]
passive-mode = true
local-address = "${THEIRS}"
${families.join("")}`,
  );
  writeFileSync(
    config,
    `[global.config]
as = 65002
router-id = "10.0.0.2"
port = ${PORT}
local-address-list = ["${THEIRS}"]
${neighbors.join("")}`,
  );
  const daemon = new Running("gobgpd", ["-f", config, "--api-hosts", `${THEIRS}:${API}`]);
  t.teardown(() => daemon.stop());
  const command = (...words: string[]) => must("gobgp", ["-u", THEIRS, "-p", API, ...words]);
  await until(() => command("neighbor"), { what: "gobgpd to answer" });
  let peer = await (await rawPeer(t, OURS, THEIRS, PORT)).establish(65001, { capabilities });
  const by = (await must("gobgpd", ["--version"])).trim();
  const sent = async (what: string, run: () => Promise<unknown>): Promise<string> => {
    const before = updates(peer).length;
    await run();
    const found = await until(() => updates(peer)[before], { what });
    return found.toString("hex");
  };
  for (const route of GOBGP) {
    const words = route.what.split(" ");
    const add = await sent(route.what, () => command("global", "rib", "add", ...words));
    vectors.push({ ...route, by, what: `gobgp global rib add ${route.what}`, action: "announce", hex: add });
    const del = await sent(`del ${route.what}`, () => command("global", "rib", "del", ...words));
    vectors.push({ by, what: `gobgp global rib del ${route.what}`, action: "withdraw", hex: del, ...only(route) });
  }
  for (const { add, ...route } of GOBGP_API) {
    if (isTargets({ name: route.family })) {
      peer = await rawPeer(t, OURS_FOR_TARGETS, THEIRS, PORT);
      await peer.establish(65001, { capabilities: capabilitiesFor(targets), id: 0x0a000064 });
    }
    const hex = await sent(route.what, () => add(`${THEIRS}:${API}`));
    vectors.push({ ...route, by, action: "announce", hex });
  }
  peer.destroy();
  await daemon.stop();
  return by;
}

const only = ({ family, nlri }: FamilyRoute) => ({ family, nlri });

const EXABGP_FAMILIES =
  "ipv4 nlri-mpls; ipv6 nlri-mpls; ipv4 mpls-vpn; ipv6 mpls-vpn; ipv4 flow; ipv6 flow; ipv4 flow-vpn; ipv6 flow-vpn;";

async function exabgp(): Promise<string> {
  const by = (await must("exabgp", ["--version"])).split("\n")[0] as string;
  const text = ({ what }: FamilyRoute, i: number) => what.replace("@", `community [ 65001:${i + 1} ]`);
  const isFlow = ({ what }: FamilyRoute) => what.startsWith("flow");
  const routes = EXABGP.map((route, i) => (isFlow(route) ? "" : text(route, i)));
  const flows = EXABGP.map((route, i) => (isFlow(route) ? text(route, i).replace("flow", `route r${i}`) : ""));
  const config = join(dir, "exabgp.conf");
  writeFileSync(
    config,
    `neighbor ${OURS} {
  router-id 10.0.0.3;
  local-address ${THEIRS};
  local-as 65002;
  peer-as 65001;
  connect ${PORT};
  group-updates false;
  family { ${EXABGP_FAMILIES} }
  static {\n${routes.join("\n")}\n}
  flow {\n${flows.join("\n")}\n}
}
`.replace(/[{};]/g, (sign) => `${sign}\n`),
  );
  const server = createServer();
  const socket = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(PORT, OURS, resolve));
  t.teardown(() => server.close());
  const env = {
    ...process.env,
    "exabgp.daemon.user": "root",
    "exabgp.daemon.drop": "false",
    "exabgp.api.cli": "false",
  };
  const daemon = new Running("exabgp", [config], { env });
  t.teardown(() => daemon.stop());
  const peer = new RawPeer(await socket);
  t.teardown(() => peer.destroy());
  peer.send(open(65001, { capabilities }), KEEPALIVE);
  for (const [i, route] of EXABGP.entries()) {
    // COMMUNITY 65001:n with n from 1.
    const mark = Buffer.from([0xc0, 8, 4, 0xfd, 0xe9, 0, i + 1]);
    const body = await until(() => updates(peer).find((message) => message.includes(mark)), {
      what: route.what,
      state: () => updates(peer).map((message) => message.toString("hex")),
    });
    vectors.push({ ...route, by, what: text(route, i), action: "announce", hex: body.toString("hex") });
  }
  await daemon.stop();
  return by;
}

try {
  await gobgp();
  await exabgp();
  const file = fileURLToPath(new URL("../../../test/vectors/bgp/families.json", import.meta.url));
  const command = "node dist/test/helpers/make_family_vectors.js";
  writeFileSync(file, `${JSON.stringify({ command, vectors }, null, 2)}\n`);
  console.log(`${vectors.length} vectors in ${file}`);
} finally {
  for (const handler of undo.reverse()) await handler();
}
process.exit();
