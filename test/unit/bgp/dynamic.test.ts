import t from "tap";
import { peerAddress, remotePeerAddress } from "../../../src/bgp/addresses.js";
import { parseBgpConfig } from "../../../src/bgp/config.js";
import { DynamicNeighbours } from "../../../src/bgp/dynamic.js";

const config = (...dynamic: unknown[]) => parseBgpConfig({ local_as: 65001, router_id: "10.0.0.1", dynamic });
const ranges = (...dynamic: unknown[]) => new DynamicNeighbours(config(...dynamic).dynamic);

t.test("which range takes an address", async (t) => {
  const neighbours = ranges(
    { prefix: "10.0.0.0/8", remote_as: "any", description: "wide" },
    { prefix: "10.1.2.0/23", remote_as: [65002, 65003], description: "narrow", hold_time: 9 },
    { prefix: "2001:db8::/33", remote_as: 65004 },
  );
  const taken = (address: string) => {
    const found = neighbours.admit(address);
    return found.kind === "peer" ? [found.config.description, found.config.remote_as] : found.kind;
  };
  t.same(taken("10.1.3.255"), ["narrow", 0]);
  t.same(taken("10.1.4.0"), ["wide", 0]);
  t.same(taken("11.0.0.1"), "stranger");
  t.same(taken("2001:db8:7fff::1"), ["", 65004], "one AS number is known from the start");
  t.same(taken("2001:db8:8000::1"), "stranger");
  t.same(taken("nonsense"), "stranger");
  const narrow = neighbours.admit("10.1.2.1");
  t.match(narrow, { config: { remote_addr: "10.1.2.1", passive: true, hold_time: 9, local_as: 65001 } });
  t.same(narrow.kind === "peer" && [65002, 65003, 65004, 0].map(narrow.accepts), [true, true, false, false]);
  const wide = neighbours.admit("10.9.9.9");
  t.same(wide.kind === "peer" && [1, 4_200_000_000, 0].map(wide.accepts), [true, true, false]);
});

t.test("a range has a bound, and gives places back", async (t) => {
  const neighbours = ranges({ prefix: "10.0.0.0/8", remote_as: "any", max_peers: 2 });
  t.equal(neighbours.admit("10.0.0.1").kind, "peer");
  t.equal(neighbours.admit("10.0.0.2").kind, "peer");
  t.same(neighbours.admit("10.0.0.3"), { kind: "full", prefix: "10.0.0.0/8", limit: 2 });
  t.equal(neighbours.admit("10.0.0.2").kind, "peer", "one that is there already");
  t.equal(neighbours.count, 2);
  neighbours.release("10.0.0.1");
  neighbours.release("10.0.0.1");
  t.equal(neighbours.count, 1);
  t.equal(neighbours.admit("10.0.0.3").kind, "peer");
});

t.test("what a range may say", async (t) => {
  const fails = (dynamic: unknown, path: RegExp) => t.throws(() => config(dynamic), { message: path });
  fails({ remote_as: "any" }, /^bgp\.dynamic\[0\]\.prefix: nothing is not valid/);
  fails({ prefix: "10.0.0.1/8", remote_as: "any" }, /prefix: 10\.0\.0\.1\/8/);
  fails({ prefix: "10.0.0.0/8" }, /remote_as: nothing/);
  fails({ prefix: "10.0.0.0/8", remote_as: [] }, /remote_as/);
  fails({ prefix: "10.0.0.0/8", remote_as: [0] }, /remote_as/);
  fails({ prefix: "10.0.0.0/8", remote_as: "any", max_peers: 0 }, /max_peers: 0/);
  fails({ prefix: "10.0.0.0/8", remote_as: "any", remote_addr: "10.0.0.1" }, /remote_addr: unknown key/);
  fails({ prefix: "10.0.0.0/8", remote_as: "any", hold_time: 1 }, /^bgp\.dynamic\[0\]\.hold_time: 1/);
  fails({ prefix: "10.0.0.0/8", remote_as: [65001, 65002], role: "peer" }, /role/);
  fails({ prefix: "2001:db8::/32", remote_as: "any", local_addr: "10.0.0.1" }, /local_addr/);
  const twice = { prefix: "10.0.0.0/8", remote_as: "any" };
  t.throws(() => config(twice, twice), { message: /^bgp\.dynamic\[1\]\.prefix/ });
  t.match(ranges({ ...twice, ttl_security: 1 }), { ttlSecurity: true });
});

t.test("addresses that name peers", async (t) => {
  t.equal(peerAddress("2001:DB8::0:1"), "2001:db8::1");
  t.equal(peerAddress("FE80::1%eth0"), "fe80::1%eth0");
  t.equal(peerAddress("fe80::1"), null, "which interface?");
  t.equal(peerAddress("2001:db8::1%eth0"), null);
  t.equal(peerAddress("10.0.0.1%eth0"), null);
  t.equal(peerAddress("fe80::1%a/b"), null);
  t.equal(peerAddress("fe80::1%"), null);
  t.equal(remotePeerAddress("::ffff:10.0.0.1"), "10.0.0.1");
  t.equal(remotePeerAddress("fe80::1%eth0"), "fe80::1%eth0");
  t.equal(remotePeerAddress(undefined), null);
});
