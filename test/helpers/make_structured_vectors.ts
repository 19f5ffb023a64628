// Makes test/vectors/bgp/structured.json: EVPN routes, BGP-LS, and attributes made of fields, as GoBGP and ExaBGP send them.
//   npm run build && node dist/test/helpers/make_structured_vectors.js    (Debian: gobgpd, exabgp)
// EVPN routes and communities were given to them in words. BGP-LS, which neither originates, was sent to GoBGP by us, and
// is what GoBGP made of it for another peer; `gobgp` is its own name of the route.

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonContext } from "../../src/bgp/attribute_context.js";
import { encodeAttribute, encodeAttributes } from "../../src/bgp/attributes.js";
import { bgplsNlri } from "../../src/bgp/nlri/bgpls.js";
import { updateView } from "../../src/bgp/update_view.js";
import { message, open, RawPeer, rawPeer } from "./bgp_raw.js";
import { must, Running } from "./processes.js";
import { LINK_STATE_ROUTES } from "./structured_routes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

const NET = "127.46.0";
const PORT = 17_900;
const API = "50952";

const undo: (() => unknown)[] = [];
const t = { teardown: (handler: () => unknown) => undo.push(handler) };
const vectors: Record<string, unknown>[] = [];

/** Arguments of `gobgp global rib add`. */
const GOBGP = [
  "-a evpn a-d esi LACP 00:11:22:aa:bb:cc 5 etag 100 label 1000 rd 65002:100 rt 65002:100 encap vxlan esi-label 625",
  "-a evpn a-d esi MSTP 00:11:22:aa:bb:cc 7 etag 0 label 1000 rd 4200000000:9 rt 65002:100 esi-label 626",
  "-a evpn macadv 00:11:22:33:44:55 10.0.0.1 esi AS 65001 5 etag 0 label 1000 rd 1.2.3.4:5 rt 65002:100 encap vxlan router-mac 00:11:22:aa:bb:cc",
  "-a evpn macadv 00:11:22:33:44:66 2001:db8::1 esi ARBITRARY 00:00:00:00:00:00:00:00:07 etag 5 label 16 rd 65002:100 rt 65002:100 default-gateway",
  "-a evpn multicast 10.0.0.1 etag 100 rd 65002:100 rt 65002:100 encap vxlan pmsi ingress-repl 1000 10.0.0.1",
  "-a evpn multicast 2001:db8::1 etag 0 rd 65002:100 rt 65002:100 pmsi ingress-repl leaf-info-required 1000 2001:db8::1",
  "-a evpn esi 10.0.0.1 esi ROUTERID 1.2.3.4 5 rd 65002:100 rt 65002:100",
  "-a evpn esi 10.0.0.2 esi MAC 00:11:22:aa:bb:cc 7 rd 65002:100 rt 65002:100",
  "-a evpn prefix 10.1.0.0/24 gw 10.0.0.1 etag 0 label 5000 rd 65002:100 rt 65002:100 encap vxlan router-mac 00:11:22:aa:bb:cc",
  "-a evpn prefix 2001:db8:1::/48 gw 2001:db8::1 etag 7 label 5000 rd 65002:100 rt 65002:100",
  "10.5.0.0/17 nexthop 192.0.2.1 aigp metric 4294967297",
];

/** What stands behind `next-hop self` in ExaBGP's configuration of a route. */
const EXABGP = [
  "large-community [ 65001:1:2 4294967295:0:1 ]",
  "extended-community [ target:65001:100 target:4200000000:100 origin:65001:7 l2info:19:0:1500:111 bandwidth:65001:125000000 ]",
  "extended-community [ 0x030d000000000000 0x4300000000000002 0x0306000000010201 0x43010180fffffffe 0xc0ff010203040506 ]",
  "label 100 bgp-prefix-sid [ 300, [ ( 800000,4096 ) , ( 1000000,5000 ) ] ]",
  "rd 65001:5 label 3 extended-community target:65001:100 bgp-prefix-sid-srv6 ( l3vpn 2001:db8:1:1:: )",
];

const capabilities = (families: readonly (readonly number[])[], as: number) => [
  ...families.flatMap(([afi = 0, safi = 0]) => [1, 4, afi >> 8, afi & 255, 0, safi]),
  ...[65, 4, 0, 0, as >> 8, as & 255],
];

function keep(what: string, body: Buffer, more: Record<string, unknown> = {}): void {
  const view = updateView(message(2, body), { fourOctetAs: true, addPath: () => false });
  vectors.push({ what, hex: body.toString("hex"), ...more, attr: view.attr });
}

const updates = (peer: RawPeer) => peer.messages().filter(([type, body]) => type === 2 && body.length > 12);

async function gobgpVectors(): Promise<void> {
  const config = join(tmpDir(t, "gobgp"), "gobgpd.toml");
  const neighbor = (host: number, as: number) => `
[[neighbors]]
[neighbors.config]
neighbor-address = "${NET}.${host}"
peer-as = ${as}
[neighbors.transport.config]
passive-mode = true
local-address = "${NET}.2"
${["ipv4-unicast", "l2vpn-evpn", "ls"].map((name) => `[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = "${name}"\n`).join("")}`;
  writeFileSync(
    config,
    `[global.config]\nas = 65002\nrouter-id = "10.0.0.2"\nport = ${PORT}\nlocal-address-list = ["${NET}.2"]\n${neighbor(1, 65_001)}${neighbor(3, 65_003)}`,
  );
  const daemon = new Running("gobgpd", ["-f", config, "--api-hosts", `${NET}.2:${API}`]);
  t.teardown(() => daemon.stop());
  const gobgp = (...words: string[]) => must("gobgp", ["-u", `${NET}.2`, "-p", API, ...words]);
  await until(() => gobgp("neighbor"), { what: "gobgpd to answer" });
  const families = [
    [1, 1],
    [25, 70],
    [16388, 71],
  ];
  const peer = async (host: number, as: number) =>
    (await rawPeer(t, `${NET}.${host}`, `${NET}.2`, PORT)).establish(as, {
      id: 0x0a000060 + host,
      capabilities: capabilities(families, as),
    });
  const receiver = await peer(3, 65_003);
  const next = async (what: string, before: number) =>
    until(() => updates(receiver)[before]?.[1], { what, state: () => [daemon.stdout.slice(-2000)] });
  for (const add of GOBGP) {
    const before = updates(receiver).length;
    await gobgp("global", "rib", "add", ...add.split(" "));
    keep(`gobgp global rib add ${add}`, await next(add, before));
  }
  const sender = await peer(1, 65_001);
  for (const { what, nlri, attribute, shownAs } of LINK_STATE_ROUTES) {
    const before = updates(receiver).length;
    const wire = bgplsNlri.encode(nlri, false);
    const reach = encodeAttribute(0x80, 14, Buffer.concat([Buffer.from("40044704c000020100", "hex"), wire]));
    const context = jsonContext({ 14: { afi_safi: [16388, 71], nlri: [nlri] } });
    const others = encodeAttributes({ 1: 0, 2: [[2, [65_001]]], 29: attribute }, true, context);
    const attributes = Buffer.concat([reach, others]);
    const head = Buffer.from([0, 0, attributes.length >> 8, attributes.length & 255]);
    sender.send(message(2, Buffer.concat([head, attributes])));
    const body = await next(what, before);
    const names = Object.keys(JSON.parse(await gobgp("global", "rib", "-a", "ls", "-j")) as object);
    keep(`${what}, through GoBGP`, body, { gobgp: names.find((name) => name.includes(shownAs)) });
  }
}

async function exabgpVectors(): Promise<void> {
  const server = createServer();
  server.listen(PORT, `${NET}.5`);
  await once(server, "listening");
  t.teardown(() => server.close());
  const config = join(tmpDir(t, "exabgp"), "exabgp.conf");
  const routes = EXABGP.map((words, i) => `    route 10.${i}.0.0/24 next-hop 192.0.2.1 ${words};`);
  writeFileSync(
    config,
    `neighbor ${NET}.5 {
  router-id 10.0.0.6;
  local-address ${NET}.6;
  local-as 65002;
  peer-as 65001;
  family { ipv4 unicast; ipv4 nlri-mpls; ipv4 mpls-vpn; }
  static {\n${routes.join("\n")}\n  }
}
`,
  );
  const env = {
    exabgp_tcp_port: String(PORT),
    exabgp_daemon_user: "root",
    exabgp_api_cli: "false",
    exabgp_daemon_drop: "false",
    "exabgp.tcp.port": String(PORT),
    "exabgp.daemon.user": "root",
    "exabgp.api.cli": "false",
  };
  const daemon = new Running("exabgp", [config], { env });
  t.teardown(() => daemon.stop());
  const [socket] = (await Promise.race([
    once(server, "connection"),
    daemon.exited.then(() => Promise.reject(new Error(daemon.stdout + daemon.stderr))),
  ])) as [Socket];
  t.teardown(() => socket.destroy());
  const peer = new RawPeer(socket);
  const families = [
    [1, 1],
    [1, 4],
    [1, 128],
  ];
  peer.send(open(65_001, { id: 0x0a000065, capabilities: capabilities(families, 65_001) }), message(4));
  await until(() => updates(peer).length >= EXABGP.length, {
    what: "all of ExaBGP's routes",
    state: () => [daemon.stdout.slice(-3000), updates(peer).length],
  });
  for (const [, body] of updates(peer)) {
    const view = updateView(message(2, body), { fourOctetAs: true, addPath: () => false });
    const text = JSON.stringify(view);
    const route = /10\.(\d)\.0\.0\/24/.exec(text)?.[1];
    keep(`route 10.${route}.0.0/24 next-hop 192.0.2.1 ${EXABGP[Number(route)]}`, body);
  }
}

try {
  await gobgpVectors();
  await exabgpVectors();
  const versions = [await must("gobgpd", ["--version"]), await must("exabgp", ["--version"])];
  const made_by = versions.map((text) => text.trim().split("\n")[0]).join(", ");
  const file = fileURLToPath(new URL("../../../test/vectors/bgp/structured.json", import.meta.url));
  const command = "node dist/test/helpers/make_structured_vectors.js";
  writeFileSync(file, `${JSON.stringify({ made_by, command, vectors }, null, 2)}\n`);
  console.log(`${vectors.length} vectors in ${file}`);
} finally {
  for (const handler of undo.reverse()) await handler();
}
process.exit();
