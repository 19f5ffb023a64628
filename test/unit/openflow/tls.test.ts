// TLS between switches and controller: who gets in, and what is said of those who do not. The configuration's faults.

import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import t from "tap";
import { OPENFLOW_DEFAULTS } from "../../../src/openflow/config.js";
import { Controller } from "../../../src/openflow/controller.js";
import { loadTls, type TlsTable } from "../../../src/openflow/tls_config.js";
import { Authority, pem } from "../../helpers/certificates.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { FakeSwitch } from "../../helpers/fake_switch.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const listen = { host: "127.0.0.1", port: 0 };
const ours = await Authority.make(t, "ours");
const strangers = await Authority.make(t, "strangers");
const controller = await ours.sign("controller");
const known = pem(await ours.sign("switch"));
const unknown = pem(await strangers.sign("stranger"));

async function start(t: Teardown, table: TlsTable): Promise<{ port: number; events: string[] }> {
  const events: string[] = [];
  const tls = loadTls({ listen, ...controller, ...table });
  if (!tls) throw new Error("no listener");
  const of = new Controller(
    { ...OPENFLOW_DEFAULTS, listen: null, tls, handshakeSeconds: 1 },
    {
      up: (dpid) => events.push(`up ${dpid}`),
      down: (dpid) => events.push(`down ${dpid}`),
      warned: (dpid, reason) => events.push(`warned ${dpid} ${reason}`),
      refused: (address, reason) => events.push(`refused ${address} ${reason}`),
    },
  );
  t.teardown(() => of.close());
  return { port: await of.listenTls(tls), events };
}

async function refused(events: string[], count: number): Promise<string> {
  await until(() => events.filter((event) => event.startsWith("refused")).length === count, {
    what: `${count} refusals`,
    state: () => events,
  });
  return events.at(-1) ?? "";
}

t.test("without an authority any switch gets in; what speaks no TLS does not", async (t) => {
  const { port, events } = await start(t, {});
  const fake = new FakeSwitch(t, port, { rejectUnauthorized: false });
  await fake.shakeHands(1);
  await until(() => events.includes("up 0000000000000001"), { what: "the switch" });

  const plain = new FakeSwitch(t, port);
  plain.send(Buffer.from("0400000800000001", "hex"));
  await until(() => plain.ended, { what: "the end of the plain one" });
  t.match(await refused(events, 1), /^refused 127\.0\.0\.1 TLS: ERR_SSL_\w+ /);
  const silent = connect(port, "127.0.0.1");
  t.teardown(() => silent.destroy());
  t.match(await refused(events, 2), /^refused 127\.0\.0\.1 TLS: ERR_TLS_HANDSHAKE_TIMEOUT/);
  const distrusting = new FakeSwitch(t, port);
  distrusting.drop();
  t.notOk(fake.ended, "the switch stays");
});

t.test("certificates of switches: wanted, or asked for", async (t) => {
  const optional = await start(t, { ca: ours.cert });
  const required = await start(t, { ca: ours.cert, require_client_cert: true });
  for (const { port, events } of [optional, required]) {
    await new FakeSwitch(t, port, { ...known, rejectUnauthorized: false }).shakeHands(2);
    await until(() => events.includes("up 0000000000000002"), { what: "the known switch", state: () => events });
    const stranger = new FakeSwitch(t, port, { ...unknown, rejectUnauthorized: false });
    await until(() => stranger.ended, { what: "the stranger to be hung up on" });
    t.match(
      await refused(events, 1),
      /^refused 127\.0\.0\.1 TLS: the switch's certificate is not accepted: UNABLE_TO_/,
    );
  }
  await new FakeSwitch(t, optional.port, { rejectUnauthorized: false }).shakeHands(3);
  await until(() => optional.events.includes("up 0000000000000003"), { what: "the switch without a certificate" });
  const nameless = new FakeSwitch(t, required.port, { rejectUnauthorized: false });
  await until(() => nameless.ended, { what: "the one without a certificate to be hung up on" });
  t.match(await refused(required.events, 2), /TLS: the switch showed no certificate/);
});

t.test("who is still shaking hands does not hold up the end", async (t) => {
  const tls = loadTls({ listen, ...controller });
  if (!tls) throw new Error("no listener");
  const listener = { up: () => undefined, down: () => undefined, warned: () => undefined, refused: () => undefined };
  const of = new Controller({ ...OPENFLOW_DEFAULTS, listen: null, tls, handshakeSeconds: 1_000 }, listener);
  const port = await of.listenTls(tls);
  const silent = connect(port, "127.0.0.1");
  let ended = false;
  silent.on("close", () => {
    ended = true;
  });
  await until(() => silent.readyState === "open", { what: "the connection" });
  const switched = new FakeSwitch(t, port, { rejectUnauthorized: false });
  await switched.shakeHands(1);
  await of.close();
  await until(() => ended && switched.ended, { what: "the end of both" });
});

t.test("what the configuration may not say", async (t) => {
  const dir = tmpDir(t, "tls");
  const noise = join(dir, "noise.pem");
  writeFileSync(noise, "noise");
  const other = await ours.sign("other");
  const cases: [TlsTable, string, RegExp][] = [
    [{}, "openflow.tls.cert", /^the path of a PEM file$/],
    [{ cert: controller.cert }, "openflow.tls.key", /^the path of a PEM file$/],
    [{ ...controller, cert: join(dir, "none.pem") }, "openflow.tls.cert", /no such file/],
    [{ ...controller, cert: noise }, "openflow.tls.cert", /a PEM file that fits/],
    [{ ...controller, key: other.key }, "openflow.tls.key", /a PEM file that fits \(.*mismatch/],
    [{ ...controller, ca: noise }, "openflow.tls.ca", /a PEM file with certificates/],
    [{ ...controller, require_client_cert: true }, "openflow.tls.require_client_cert", /unless ca is given/],
  ];
  for (const [table, path, allowed] of cases) {
    t.throws(() => loadTls({ listen, ...table }), { code: "CONFIG", details: { path, allowed } }, path);
  }
  t.equal(loadTls({ cert: noise }), null, "without listen nothing is read");
  t.equal(loadTls(), null);
});
