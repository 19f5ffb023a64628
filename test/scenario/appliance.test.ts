// The whole process from outside: how it starts, answers, ends, and says in one sentence why it cannot start.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import t from "tap";
import { CONFIG_PATH } from "../../src/bond/channel.js";
import { encodeKey, encodeValue } from "../../src/store/codec.js";
import { META_TABLE, openEnv, stateFile } from "../../src/store/env.js";
import { http, MAIN, startAppliance } from "../helpers/appliance.js";
import { makeBond } from "../helpers/bonding.js";
import { need } from "../helpers/need.js";
import { hello, say } from "../helpers/node_channel.js";
import { run, start } from "../helpers/processes.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

const OFF = ["--bgp", "off", "--openflow", "off"];

/** Runs `sennit serve` that is expected to refuse; resolves with its exit code and stderr. */
function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const argv = [MAIN, "serve", "--http", "127.0.0.1:0", ...OFF, ...args];
  return run(process.execPath, argv, { env: { SENNIT_ADMIN_PASSWORD: "given", ...env }, timeoutMs: 20_000 });
}

/** One sentence on stderr: a line that begins with the program's name, no stack. */
function oneSentence(stderr: string): boolean {
  return /^sennit: [^\n]+\n$/.test(stderr) && !/\n\s+at /.test(stderr);
}

t.test("the first start prints a password once, private to the terminal", async (t) => {
  const env = { SENNIT_ADMIN_PASSWORD: undefined, SENNIT_ADMIN_USER: undefined };
  const box = await startAppliance(t, { env });
  const printed = /log in as admin with password (\S+) \(shown only this once\)/.exec(box.process.stderr);
  t.ok(printed, box.process.stderr);
  t.ok((printed?.[1] ?? "").length >= 16, "a long one");
  t.notMatch(box.process.stdout, printed?.[1] ?? "none", "not in the log");
  await box.restart();
  t.notMatch(box.process.output, /password/);
});

t.test("a password that is given is not printed", async (t) => {
  const box = await startAppliance(t, { password: "a-secret-of-the-operator" });
  t.notMatch(box.process.output, /a-secret-of-the-operator|log in as/);
});

t.test("health, metrics, front page, and what is not there", async (t) => {
  const box = await startAppliance(t);
  const get = (path: string, method = "GET") => http(box.address, method, path);
  const health = await get("/healthz");
  t.match(health.json(), { status: "ok", version: /^\d+\.\d+/, role: "both" });
  t.equal(health.headers["content-type"], "application/json");
  const metrics = await get("/metrics");
  t.match(metrics.headers["content-type"], /^text\/plain; version=0\.0\.4/);
  t.match(metrics.text, /^sennit_build_info\{version="[^"]+"\} 1$/m);
  t.match(metrics.text, /^process_cpu_seconds_total /m);
  t.match(metrics.text, /^sennit_store_commits_total [1-9]/m);
  t.match((await get("/")).json(), { name: "sennit", surfaces: { bonding: "/api/v4/" } });
  const head = await get("/healthz", "HEAD");
  t.match([head.status, head.text], [200, ""]);
  const options = await get("/healthz", "OPTIONS");
  t.match([options.status, options.headers["allow"]], [200, /GET/]);
  t.equal((await get("/no/such/thing")).status, 404);
  const post = await get("/healthz", "POST");
  t.match([post.status, post.headers["allow"]], [405, /GET/]);
  t.equal((await get("/healthz", "BREW")).status >= 400, true);
});

t.test("connections are kept alive", async (t) => {
  const box = await startAppliance(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ports = new Set<number>();
  for (let i = 0; i < 20; i++) {
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(`http://${box.address}/healthz`, { agent }, (response) => {
        ports.add(response.socket.localPort ?? 0);
        response.resume().on("end", resolve);
      });
      request.on("error", reject).end();
    });
  }
  t.equal(ports.size, 1);
});

t.test("nonsense on the socket ends the connection, not the process", async (t) => {
  const box = await startAppliance(t);
  const { port, hostname } = new URL(`http://${box.address}`);
  const nonsense = [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20),
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\n${"x-filler: y\r\n".repeat(20_000)}\r\n`,
    "POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n",
    "POST /api/v4/bonds/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{",
  ];
  for (const text of nonsense) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end(text, "latin1"));
      socket.on("error", () => resolve());
      socket.on("close", () => resolve());
      socket.resume();
    });
  }
  t.equal((await http(box.address, "GET", "/healthz")).status, 200);
  t.equal(box.process.exit, null);
});

t.test("SIGTERM ends it cleanly; its directory can be used again at once", async (t) => {
  const box = await startAppliance(t);
  t.ok(existsSync(join(box.data, "http.addr")));
  const since = Date.now();
  t.match(await box.stop(), { code: 0, signal: null });
  t.ok(Date.now() - since < 3_000, "without waiting for idle connections");
  t.notOk(existsSync(join(box.data, "http.addr")));
  await box.restart();
  t.equal((await http(box.address, "GET", "/healthz")).status, 200);
});

t.test("SIGTERM does not wait for a bonder that waits for its next configuration", async (t) => {
  const env = { SENNIT_DATAPLANE: "off" };
  const manager = await startAppliance(t, { role: "aggregator", env });
  const { bond } = await makeBond(manager, ["leg1"]);
  const session = await hello(manager, bond.bonder.key);
  const { revision } = (await say(manager, session, CONFIG_PATH, 1, '{"revision":"","wait":0}')).json();
  const waiting = say(manager, session, CONFIG_PATH, 2, JSON.stringify({ revision, wait: 20 }));
  await say(manager, session, CONFIG_PATH, 3, JSON.stringify({ revision, wait: 0 }));
  const since = Date.now();
  t.match(await manager.stop(), { code: 0, signal: null });
  t.ok(Date.now() - since < 3_000, `${Date.now() - since} ms`);
  t.match((await waiting).json(), { revision }, "the bonder has its answer");
});

t.test("kill -9 leaves nothing that a restart trips over", async (t) => {
  const box = await startAppliance(t);
  for (let i = 0; i < 3; i++) {
    await box.kill();
    await box.restart();
  }
  t.equal((await http(box.address, "GET", "/healthz")).status, 200);
});

t.test("a port in use is one sentence", async (t) => {
  const box = await startAppliance(t);
  const { code, stderr } = await refusal(["--data", tmpDir(t), "--http", box.address]);
  t.equal(code, 1);
  t.ok(oneSentence(stderr), stderr);
  t.match(stderr, `HTTP cannot listen on ${box.address}: the port is in use`);
  t.match(stderr, /--http/);
});

t.test("a bad configuration is one sentence with path, value and what is allowed", async (t) => {
  const file = join(tmpDir(t), "sennit.toml");
  const cases: [string, RegExp][] = [
    ["[bgp]\nlocal_ass = 1\n", /bgp\.local_ass: unknown key; known here: .*local_as/],
    ['role = "king"\n', /role: .*king.* is not valid; allowed: bonder, aggregator, both/],
    ["[bgp]\nlocal_as = -1\n", /bgp\.local_as: .*-1.* is not valid; allowed: /],
    ['[[bgp.peer]]\nremote_addr = "10.0.0.999"\n', /bgp\.peer.*remote_addr: .*10\.0\.0\.999/],
    ["this is = = no toml", /sennit\.toml/],
  ];
  for (const [text, expected] of cases) {
    writeFileSync(file, text);
    const { code, stderr } = await refusal(["--data", tmpDir(t), "--config", file]);
    t.equal(code, 1);
    t.match(stderr, expected);
    t.ok(oneSentence(stderr), stderr);
  }
  const missing = await refusal(["--data", tmpDir(t), "--config", "/no/such/file.toml"]);
  t.ok(missing.code === 1 && oneSentence(missing.stderr), missing.stderr);
  const flag = await refusal(["--data", tmpDir(t), "--role", "king"]);
  t.ok(flag.code === 1 && oneSentence(flag.stderr), flag.stderr);
  const variable = await refusal(["--data", tmpDir(t)], { SENNIT_ROLE: "king" });
  t.ok(variable.code === 1 && oneSentence(variable.stderr), variable.stderr);
});

t.test(
  "a data directory in use, of a newer program, damaged, or not writable is one sentence and stays as it is",
  async (t) => {
    const box = await startAppliance(t);
    const locked = await refusal(["--data", box.data]);
    t.match(locked, { code: 1, stderr: `in use by another sennit (process ${box.process.pid})` });
    t.ok(oneSentence(locked.stderr), locked.stderr);
    t.equal((await http(box.address, "GET", "/healthz")).status, 200, "the first goes on");
    await box.stop();

    const env = openEnv(box.data);
    env.tables[META_TABLE]?.putSync(encodeKey("meta", "schema"), encodeValue("meta", 99, env.msgpack));
    await env.root.close();
    const hash = (dir: string) =>
      createHash("sha256")
        .update(readFileSync(stateFile(dir)))
        .digest("hex");
    const before = hash(box.data);
    const newer = await refusal(["--data", box.data]);
    t.match(newer, { code: 1, stderr: /newer sennit \(schema 99/ });
    t.ok(oneSentence(newer.stderr), newer.stderr);
    t.equal(hash(box.data), before);

    const damaged = tmpDir(t);
    mkdirSync(join(damaged, "state"));
    writeFileSync(stateFile(damaged), "garbage ".repeat(2_000));
    const after = await refusal(["--data", damaged]);
    t.match(after, { code: 1, stderr: /is damaged \(.*\); nothing was changed/ });
    t.ok(oneSentence(after.stderr), after.stderr);
    t.equal(readFileSync(stateFile(damaged), "utf8"), "garbage ".repeat(2_000));

    const file = join(tmpDir(t), "file");
    writeFileSync(file, "");
    const unwritable = await refusal(["--data", join(file, "data")]);
    t.match(unwritable, { code: 1, stderr: /cannot be written/ });
    t.ok(oneSentence(unwritable.stderr), unwritable.stderr);
  },
);

t.test("without root, what needs no privilege works", async (t) => {
  if (!need.root(t) || !need.program(t, "setpriv", "util-linux")) return;
  const dir = tmpDir(t);
  const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  // The checkout may lie where only root may look (mktemp -d): reading is all that is granted.
  const reading = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"];
  await run("chown", ["65534:65534", dir]);
  const args = ["serve", "--data", dir, "--http", "127.0.0.1:0", "--openflow", "127.0.0.1:0"];
  const box = start(t, "setpriv", [...nobody, ...reading, process.execPath, MAIN, ...args], {
    env: { SENNIT_ADMIN_PASSWORD: "test-password-1" },
  });
  const health = await until(
    async () => {
      if (box.exit) return new Error(box.output);
      return (await http(readFileSync(join(dir, "http.addr"), "utf8").trim(), "GET", "/healthz")).json();
    },
    { what: "the unprivileged appliance", timeoutMs: 20_000, state: () => box.output },
  );
  t.match(health, { status: /ok|degraded/ });
});

t.test("without a data plane, bonds are kept and say why they are down", async (t) => {
  const box = await startAppliance(t, { role: "aggregator", env: { SENNIT_DATAPLANE: "off" } });
  const { bond } = await makeBond(box, ["leg1"]);
  const shown = (await box.rest("GET", `/api/v4/bonds/${bond.id}/`)).json();
  t.match(shown, { state: "down", problem: /no data plane/ });
});
