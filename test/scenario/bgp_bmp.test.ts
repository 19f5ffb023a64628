// BMP stations that others wrote: pmacct's collector takes a session from beginning to end, Wireshark dissects all kinds
// of messages without a complaint.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { BmpSender } from "../../src/bgp/bmp/sender.js";
import { message, update } from "../helpers/bgp_raw.js";
import { BmpListener } from "../helpers/bmp_listener.js";
import { need } from "../helpers/need.js";
import { announce, announce6, observedPeer, ribOf, route, SET6 } from "../helpers/observed.js";
import { tcpCapture } from "../helpers/pcap.js";
import { freePort } from "../helpers/ports.js";
import { run, start } from "../helpers/processes.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

const six = { family: 1, attributes: SET6, nlri: Buffer.from([48, 0x20, 1, 0xd, 0xb8, 0, 1]) };
const RIB = ribOf([route(1), route(2), route(3, six)]);
const FIGURES = { adjRibIn: [{ afi: 1, safi: 1, routes: 2 }], treatedAsWithdraw: 1 };

const sender = (port: number) =>
  new BmpSender([{ host: "127.0.0.1", port, retry: 1, statistics: 1, name: "box" }], {
    rib: RIB,
    description: "Sennit 1.2",
    statistics: () => FIGURES,
    note: () => undefined,
    now: Date.now,
  });

t.test("pmacct", async (t) => {
  if (!need.program(t, "pmbmpd", "pmacct")) return;
  const dir = tmpDir(t, "bmp");
  const port = await freePort();
  const log = join(dir, "log.json");
  const lines = ["daemonize: false", "bmp_daemon_ip: 127.0.0.1", `bmp_daemon_port: ${port}`];
  writeFileSync(join(dir, "conf"), [...lines, `bmp_daemon_msglog_file: ${log}`, ""].join("\n"));
  const daemon = start(t, "pmbmpd", ["-f", join(dir, "conf")]);
  await daemon.says(/waiting for BMP data/);
  const bmp = sender(port);
  t.teardown(() => bmp.close());
  const peer = observedPeer();
  const other = observedPeer({ address: "2001:db8::7", localAddress: "2001:db8::9", remoteAs: 4_200_000_007 });
  bmp.up(peer);
  bmp.up(other);
  const records = () =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const soon = (what: string, holds: (record: Record<string, unknown>) => boolean) =>
    until(() => records().some(holds), { what, state: () => daemon.output.slice(-1_000) });
  await soon("the RIB to be told of", (record) => record["ip_prefix"] === "2001:db8:1::/48");
  bmp.messages(peer, false, Buffer.concat([announce(7), update({ withdrawn: [24, 10, 1, 7] })]));
  bmp.messages(other, false, announce6(4));
  await soon("UPDATEs", (record) => record["ip_prefix"] === "2001:db8:4::/48");
  await soon("reports", (record) => record["bmp_msg_type"] === "stats");
  bmp.down(peer, { kind: "remote", notification: message(3, [6, 2]) });
  await soon("the end of a session", (record) => record["bmp_msg_type"] === "peer_down");
  await bmp.close();
  await soon("the end", (record) => record["bmp_msg_type"] === "term");
  const all = records();
  t.match(
    all.find((record) => record["bmp_msg_type"] === "init"),
    { bmp_init_info_sysname: "box", bmp_init_info_sysdescr: /^Sennit / },
  );
  const ups = all.filter((record) => record["bmp_msg_type"] === "peer_up");
  t.match(ups, [
    { peer_ip: "192.0.2.1", peer_asn: 65_001, bgp_id: "10.0.0.1", local_ip: "192.0.2.9", local_port: 33_333 },
    { peer_ip: "2001:db8::7", peer_asn: 4_200_000_007, is_post: 0, is_in: 1 },
  ]);
  const routes = all.filter((record) => record["bmp_msg_type"] === "route_monitor");
  const told = routes.map(({ log_type, peer_ip, ip_prefix }) => `${log_type} ${peer_ip} ${ip_prefix}`);
  t.same(told, [
    "update 192.0.2.1 10.1.1.0/24",
    "update 192.0.2.1 10.1.2.0/24",
    "update 192.0.2.1 2001:db8:1::/48",
    "update 192.0.2.1 10.1.7.0/24",
    "withdraw 192.0.2.1 10.1.7.0/24",
    "update 2001:db8::7 2001:db8:4::/48",
  ]);
  t.match(routes[2], { bgp_nexthop: "2001:db8::1", as_path: "65002", origin: "i" });
  t.match(all.filter((record) => record["counter_type"] === 9)[0], { afi: 1, safi: 1, counter_value: 2 });
});

t.test("Wireshark", async (t) => {
  if (!need.program(t, "tshark")) return;
  const listener = new BmpListener(t);
  const bmp = sender(await listener.listen());
  await until(() => bmp.wantsMessages, { what: "the connection" });
  const notification = message(3, [4, 0]);
  for (const fourOctetAs of [true, false]) {
    const peer = observedPeer({ fourOctetAs });
    bmp.up(peer);
    bmp.messages(peer, false, Buffer.concat([announce6(1), update({})]));
    await until(() => listener.types().includes(1), { what: "a report" });
    bmp.down(peer, { kind: "local", notification });
  }
  for (const reason of [
    { kind: "local", notification: null },
    { kind: "remote", notification },
    { kind: "lost", notification: null },
    { kind: "deconfigured", notification: null },
  ] as const) {
    bmp.up(observedPeer());
    bmp.down(observedPeer(), reason);
  }
  await bmp.close();
  await until(() => listener.types().at(-1) === 5, { what: "the last word" });
  const file = join(tmpDir(t, "bmp"), "pcap");
  writeFileSync(file, tcpCapture(listener.bytes, 11_019));
  const fields = [
    "-T",
    "fields",
    "-E",
    "separator=;",
    "-e",
    "bmp.type",
    "-e",
    "_ws.expert.message",
    "-e",
    "_ws.malformed",
  ];
  const decode = ["-r", file, "-d", "tcp.port==11019,bmp", "-o", "tcp.check_checksum:false"];
  const { stdout, stderr } = await run("tshark", [...decode, ...fields]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(";"));
  t.same(
    rows.flatMap(([types]) => types?.split(",") ?? []).filter((type) => type !== ""),
    listener.types().map(String),
    stderr,
  );
  const complaints = rows
    .map(([, expert = "", malformed = ""]) => `${expert}${malformed}`)
    .filter((text) => /malformed|bmp/i.test(text));
  t.same(complaints, []);
});
