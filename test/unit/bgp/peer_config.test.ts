import t from "tap";
import { bodyFault, PEER_KEYS, type PeerConfig, parsePeer } from "../../../src/bgp/config.js";
import type { Key } from "../../../src/store/engine.js";
import { MIGRATIONS, type MigrationStore } from "../../../src/store/migrate.js";

const REQUIRED = { remote_addr: "10.0.0.2", remote_as: 65002 };
const parse = (body: unknown, base?: PeerConfig) =>
  parsePeer(body, { path: "", localAs: 65001, fault: bodyFault, ...(base ? { base } : {}) });

t.test("a peer that an older sennit kept has all options, and does what it did", async (t) => {
  const old = {
    ...REQUIRED,
    local_as: 65001,
    local_addr: "",
    port: 179,
    passive: false,
    afi_safi: ["ipv4"],
    md5: "",
    hold_time: 90,
    connect_retry_time: 10,
    idle_hold_time: 5,
    open_time: 240,
    description: "",
  };
  const peers = new Map<Key, Record<string, unknown>>([["10.0.0.2", old]]);
  const store: MigrationStore = {
    list: (table) => (table === "bgp_peers" ? [...peers].map(([key, value]) => ({ key, value })) : []),
    put: (_, key, value) => void peers.set(key, value),
    remove: (_, key) => void peers.delete(key),
  };
  for (const migration of MIGRATIONS) migration.run(store);
  const migrated = peers.get("10.0.0.2") ?? {};
  t.same(Object.keys(migrated).sort(), [...PEER_KEYS].sort(), "no key is missing, none is too many");
  t.same(migrated, parse({ ...REQUIRED, hold_time: 90 }), "the defaults are those of a new peer");
  t.equal(migrated["hold_time"], 90, "what was set stays");
});

t.test("ADD-PATH in yabgp's forms", async (t) => {
  const paths = (add_path: unknown) => parse({ ...REQUIRED, afi_safi: ["ipv4", "ipv6"], add_path }).add_path;
  t.same(paths(null), []);
  t.same(paths(""), []);
  t.same(paths("ipv4_both"), ["ipv4_both"]);
  t.same(paths(["ipv4_send", "ipv6_receive"]), ["ipv4_send", "ipv6_receive"]);
  for (const bad of ["ipv4", "ipv4_all", ["ipv4_send", "ipv4_receive"], [1], {}, 7, ["evpn_both"]]) {
    t.throws(() => paths(bad), { code: "BODY_INVALID" }, JSON.stringify(bad));
  }
});

t.test("options that do not go together, or have no such value", async (t) => {
  const bad: Record<string, unknown>[] = [
    { ttl_security: 1, multihop: 2 },
    { ttl_security: 255 },
    { role: "peer", remote_as: 65001 },
    { role: "friend" },
    { role_strict: true },
    { ext_nexthop: ["ipv6"] },
    { ext_nexthop: ["vpnv4"] },
    { graceful_restart: "maybe" },
    { restart_time: 4_096 },
    { delay_open_time: 241 },
    { max_prefix_warn: 0 },
    { remote_addr: "fe80::1" },
  ];
  for (const body of bad)
    t.throws(() => parse({ ...REQUIRED, ...body }), { code: "BODY_INVALID" }, JSON.stringify(body));
  t.equal(parse({ ...REQUIRED, graceful_restart: true }).graceful_restart, true);
  t.equal(parse({ ...REQUIRED, remote_addr: "fe80::1%eth0" }).remote_addr, "fe80::1%eth0");
});

t.test("a change keeps what it does not name", async (t) => {
  const base = parse({ ...REQUIRED, role: "customer", add_path: "ipv4_send", graceful_restart: false });
  t.same(parse({ hold_time: 30 }, base), { ...base, hold_time: 30 });
});
