// The whole appliance with its file: TLS to switches and the role that it claims, before and after a restart.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { type Appliance, startAppliance } from "../helpers/appliance.js";
import { Authority } from "../helpers/certificates.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

async function controllers(appliance: Appliance): Promise<{ role?: string; generation_id?: string }> {
  const login = { login: { user: appliance.user, password: appliance.password } };
  const { record } = (await appliance.rest("POST", "/sdn/v2.0/auth", { body: login })).json();
  const headers = { "x-auth-token": record.token };
  const reply = await appliance.rest("GET", "/sdn/v2.0/of/datapaths/1/controllers", { headers, auth: false });
  return reply.status === 200 ? reply.json().controllers : {};
}

async function tlsAddress(appliance: Appliance): Promise<string> {
  const { rooms } = (await appliance.rest("GET", "/healthz")).json();
  return /([\d.]+:\d+) \(TLS\)/.exec(rooms.openflow.detail)?.[1] ?? "";
}

t.test("the file's role and TLS; generations go on after a restart", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const authority = await Authority.make(t, "ours");
  const [ours, theirs] = [await authority.sign("controller"), await authority.sign("switch")];
  const data = tmpDir(t, "openflow-data");
  const file = join(data, "sennit.toml");
  const lines = [
    "[openflow]",
    'listen = "off"',
    'role = "master"',
    "[openflow.tls]",
    'listen = "127.0.0.1:0"',
    ...Object.entries({ cert: ours.cert, key: ours.key, ca: authority.cert }).map(
      ([key, path]) => `${key} = "${path}"`,
    ),
    "require_client_cert = true",
  ];
  writeFileSync(file, lines.join("\n"));
  const appliance = await startAppliance(t, { data, openflow: "off", args: ["--config", file] });
  const ovs = await OpenVSwitch.start(t);
  await ovs.vsctl("set-ssl", theirs.key, theirs.cert, authority.cert);
  await ovs.addBridge({ controller: `ssl:${await tlsAddress(appliance)}` });
  await until(async () => (await controllers(appliance)).role === "master", { what: "the claim" });
  const first = BigInt((await controllers(appliance)).generation_id ?? 0);
  t.ok(first > 0n);

  await appliance.restart();
  await ovs.setController(`ssl:${await tlsAddress(appliance)}`);
  await until(async () => (await controllers(appliance)).role === "master", { what: "the claim after the restart" });
  const second = BigInt((await controllers(appliance)).generation_id ?? 0);
  t.ok(second > first, `${second} after ${first}`);
});
