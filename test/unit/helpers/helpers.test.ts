// The helpers themselves: a test that cannot trust its helpers tests nothing.

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import t from "tap";
import { http } from "../../helpers/appliance.js";
import { need } from "../../helpers/need.js";
import { joinNetns, makeNetns } from "../../helpers/netns.js";
import { must, run, start } from "../../helpers/processes.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

t.test("until resolves with the first true value and names what it waited for in vain", async (t) => {
  let looks = 0;
  t.equal(await until(() => (looks++ < 2 ? null : looks), { what: "three looks", everyMs: 1 }), 3);
  const late = until(() => false, { what: "the moon", timeoutMs: 5, everyMs: 1, state: () => ({ phase: "new" }) });
  await t.rejects(late, /waited 5 ms for the moon; state: \{"phase":"new"\}/);
});

t.test("temporary directories go with the test", async (t) => {
  let dir = "";
  await t.test("in a test", async (t) => {
    dir = tmpDir(t);
    t.ok(existsSync(dir));
  });
  t.notOk(existsSync(dir));
});

t.test("programs", async (t) => {
  t.match(await run("node", ["-e", "console.log(1); process.exit(3)"]), { code: 3, stdout: "1\n" });
  t.match(await run("/no/such/program", []), { code: null, stderr: /ENOENT/ });
  await t.rejects(must("node", ["-e", "console.error('alas'); process.exit(1)"]), /alas/);
  const running = start(t, "node", ["-e", "console.log('hello 42'); setInterval(() => {}, 1000)"]);
  t.equal((await running.says(/hello (\d+)/))[1], "42");
  t.match(await running.stop(), { signal: "SIGTERM" });
  const short = start(t, "node", ["-e", "console.log('bye')"]);
  await t.rejects(short.says(/never/), /ended .* before it said/);
});

t.test("REST requests", async (t) => {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ path: request.url, auth: request.headers.authorization }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const reply = await http(`127.0.0.1:${port}`, "GET", "/x", { auth: { user: "a", password: "b" } });
  t.match(reply.json(), { path: "/x", auth: "Basic YTpi" });
});

t.test("namespaces are joined, shaped and removed", async (t) => {
  if (!need.namespaces(t)) return;
  let name = "";
  await t.test("in a test", async (t) => {
    const [a, b] = [await makeNetns(t, "a"), await makeNetns(t, "b")];
    name = a.name;
    const left = { netns: a, ifname: "left", addresses: ["192.0.2.1/24", "2001:db8::1/64"] };
    await joinNetns(left, { netns: b, ifname: "right", addresses: ["192.0.2.2/24", "2001:db8::2/64"] });
    await a.shape("left", { rateMbps: 10 });
    t.equal((await a.run("ping", ["-c", "1", "-W", "2", "192.0.2.2"])).code, 0);
    t.equal((await a.run("ping", ["-c", "1", "-W", "2", "2001:db8::2"])).code, 0);
    t.match(await a.must("tc", ["qdisc", "show", "dev", "left"]), /tbf.*rate 10Mbit/);
    t.match(await a.ipJson("link", "show", "left"), [{ ifname: "left" }]);
  });
  t.notMatch(await must("ip", ["netns", "list"]), name);
});

t.test("what is missing skips with the reason", async (t) => {
  const seen: unknown[] = [];
  const fake = { plan: (...args: unknown[]) => seen.push(args) };
  t.notOk(need.program(fake, "no-such-program", "no-such-package"));
  t.ok(need.program(fake, "sh"));
  t.notOk(need.device(fake, "/dev/no-such-device"));
  t.match(seen, [
    [0, "needs the program no-such-program (Debian package no-such-package)"],
    [0, "needs /dev/no-such-device"],
  ]);
});
