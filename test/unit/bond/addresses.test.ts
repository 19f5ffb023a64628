import t from "tap";
import { defaultRouteInterface, freeSubnet, poolSize, tunnelAddresses } from "../../../src/bond/addresses.js";
import { overallState } from "../../../src/bond/live.js";

t.test("a tunnel has the two addresses of its subnet", async (t) => {
  t.same(tunnelAddresses("198.18.0.254/31"), {
    subnet: "198.18.0.254/31",
    aggregator: "198.18.0.254",
    bonder: "198.18.0.255",
  });
  t.match(tunnelAddresses("fd00::fffe/127"), { aggregator: "fd00::fffe", bonder: "fd00::ffff" });
});

t.test("subnets are taken from the pool until it is empty", async (t) => {
  t.equal(poolSize("198.18.0.0/15"), 65_536);
  t.equal(poolSize("192.0.2.4/31"), 1);
  t.equal(poolSize("192.0.2.4/32"), 0, "one address is no tunnel");
  t.equal(freeSubnet("198.18.0.0/15", new Set(), 65_535), "198.19.255.254/31");
  t.equal(freeSubnet("198.18.0.0/15", new Set(), 65_536), "198.18.0.0/31", "round and round");
  const taken = new Set<string>();
  for (let i = 0; i < 4; i++) taken.add(freeSubnet("192.0.2.0/29", taken, 2) ?? "");
  t.same([...taken], ["192.0.2.4/31", "192.0.2.6/31", "192.0.2.0/31", "192.0.2.2/31"]);
  t.equal(freeSubnet("192.0.2.0/29", taken, 2), null);
});

t.test("the default route with the smallest metric decides the address", async (t) => {
  const table = [
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT",
    "wan1\t00000000\t0102A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0",
    "wan2\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    "down\t00000000\t0102A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0",
    "lan\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
  ].join("\n");
  t.equal(defaultRouteInterface(table), "wan2");
  t.equal(defaultRouteInterface("Iface\n"), null);
});

t.test("a leg's state is the worse of what its ends say", async (t) => {
  const both = (bonderState: string | null, aggregatorState: string | null, mode = "active") =>
    overallState(mode, { bonderState, aggregatorState });
  t.equal(both("up", "up"), "up");
  t.equal(both("up", null), "up");
  t.equal(both("up", "down"), "down");
  t.equal(both("handshaking", "up"), "handshaking");
  t.equal(both(null, null), "down");
  t.equal(both("up", "up", "offline"), "offline");
});
