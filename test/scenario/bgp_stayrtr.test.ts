import t from "tap";
import { RpkiClient } from "../../src/bgp/rtr/client.js";
import { BgpModule } from "../../src/wasm/bgp.js";
import { need } from "../helpers/need.js";
import { startStayRtr } from "../helpers/stayrtr.js";
import { until } from "../helpers/wait.js";

const ACROSS = { timeoutMs: 20_000 };
/** Prefixes of a big table: more than a socket hands over at once. */
const MANY = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24 ${(i % 1_000) + 1}`);

for (const protocol of [2, 1, 0]) {
  t.test(`StayRTR that speaks version ${protocol}`, async (t) => {
    if (!need.program(t, "stayrtr")) return;
    const cache = await startStayRtr(t, protocol, "192.0.2.0/24-25 64496", "2001:db8::/32-48 64497", ...MANY);
    const config = { host: "127.0.0.1", port: cache.port, preference: 1, refresh: 1, retry: 1, expire: 0 };
    let changes = 0;
    const client = new RpkiClient(new BgpModule().roaTable(), [config], {
      changed: () => {
        changes++;
      },
      note: () => undefined,
    });
    t.teardown(() => client.close());
    client.start();
    const first = () => client.figures().caches[0];
    const state = (prefix: string, asn: number) => client.validate({ prefix, asn }).state;
    await until(() => first()?.state === "READY", { what: "the data", state: first, ...ACROSS });
    t.match(first(), { version: Math.min(protocol, 1), vrps: { ipv4: MANY.length + 1, ipv6: 1 }, used: true });
    t.equal(state("192.0.2.128/25", 64_496), "valid");
    t.equal(state("192.0.2.128/26", 64_496), "invalid");
    t.equal(state("2001:db8:7::/48", 64_497), "valid");
    t.equal(state("10.78.31.0/24", 1_000), "valid");
    t.equal(state("203.0.113.0/24", 1), "not-found");
    const { session } = first() ?? {};

    cache.write("192.0.2.0/24-25 64496", "203.0.113.0/24 7", ...MANY.slice(1));
    await until(() => state("203.0.113.0/24", 7) === "valid", { what: "a VRP more", state: first, ...ACROSS });
    t.equal(state("2001:db8:7::/48", 64_497), "not-found", "and those that are gone");
    t.match(first(), { session, vrps: { ipv4: MANY.length + 1, ipv6: 0 }, connections: 1 });

    await cache.process.stop("SIGKILL");
    await until(() => first()?.state !== "READY", { what: "the loss of the cache", ...ACROSS });
    t.equal(state("203.0.113.0/24", 7), "valid", "its data counts on");
    cache.write("203.0.113.0/24 8");
    cache.restart();
    const again = () => first()?.state === "READY" && state("203.0.113.0/24", 8) === "valid";
    await until(again, { what: "the cache to be back with other data", state: first, ...ACROSS });
    t.equal(state("203.0.113.0/24", 7), "invalid");
    t.same(client.figures().vrps, { ipv4: 1, ipv6: 0 });
    t.ok(changes >= 3);
  });
}
