// The channel's own messages against os-ken's bytes, and what it reads in them; how they look in REST.

import { readFileSync } from "node:fs";
import t from "tap";
import {
  ASYNC_ROWS,
  asyncBody,
  readAsync,
  readSwitchConfig,
  switchConfigBody,
} from "../../../src/openflow/async_config.js";
import { message } from "../../../src/openflow/messages.js";
import { ROLE, readRole, roleRequest } from "../../../src/openflow/roles.js";
import { MESSAGE } from "../../../src/wasm/openflow.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { FakeSwitch, ofp, TYPE } from "../../helpers/fake_switch.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "../../helpers/openflow_room.js";
import { until } from "../../helpers/wait.js";

interface Vectors {
  readonly xid: number;
  readonly messages: Readonly<Record<string, string>>;
  readonly read: {
    readonly role_reply: { readonly role: number; readonly generation_id: string };
    readonly get_async_reply: Readonly<Record<string, [number, number]>>;
    readonly get_config_reply: { readonly flags: number; readonly miss_send_len: number };
  };
}

const FILE = new URL("../../../../test/vectors/openflow/channel.json", import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(FILE, "utf8"));
const bytes = (name: string): Buffer => Buffer.from(vectors.messages[name] ?? "", "hex");
const hex = (type: number, body?: Uint8Array): string => message(type, vectors.xid, body).toString("hex");

t.test("roles", async (t) => {
  const { role, generation_id } = vectors.read.role_reply;
  t.equal(role, ROLE.MASTER);
  t.same(readRole(bytes("role_reply")), { role: "master", generation: BigInt(generation_id) });
  t.equal(hex(MESSAGE.ROLE_REQUEST, roleRequest(role, BigInt(generation_id))), vectors.messages["role_request"]);
});

t.test("asynchronous messages", async (t) => {
  const config = readAsync(bytes("get_async_reply"));
  for (const { name } of ASYNC_ROWS) {
    const [masterEqual, slave] = vectors.read.get_async_reply[`${name}_mask`] ?? [];
    t.same(config[name], { masterEqual, slave }, name);
  }
  t.equal(hex(MESSAGE.SET_ASYNC, asyncBody(config)), vectors.messages["set_async"]);
  t.equal(hex(MESSAGE.GET_ASYNC_REQUEST), vectors.messages["get_async_request"]);
});

t.test("the switch's configuration", async (t) => {
  const { flags, miss_send_len: missSendLen } = vectors.read.get_config_reply;
  t.same(readSwitchConfig(bytes("get_config_reply")), { flags, missSendLen });
  t.equal(hex(MESSAGE.SET_CONFIG, switchConfigBody({ flags, missSendLen })), vectors.messages["set_config"]);
  t.equal(hex(MESSAGE.GET_CONFIG_REQUEST), vectors.messages["get_config_request"]);
});

async function played(t: Teardown): Promise<{ room: OpenFlowRoom; fake: FakeSwitch }> {
  const room = await startOpenFlowRoom(t);
  const fake = new FakeSwitch(t, room.port);
  await fake.shakeHands();
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  return { room, fake };
}

t.test("settings over REST: what is named changes, the rest stays", async (t) => {
  const { room, fake } = await played(t);
  const kept = new Map([
    [MESSAGE.SET_ASYNC as number, bytes("get_async_reply").subarray(8)],
    [MESSAGE.SET_CONFIG as number, bytes("get_config_reply").subarray(8)],
  ]);
  const replies = new Map<number, [number, number]>([
    [MESSAGE.GET_ASYNC_REQUEST, [MESSAGE.GET_ASYNC_REPLY, MESSAGE.SET_ASYNC]],
    [MESSAGE.GET_CONFIG_REQUEST, [MESSAGE.GET_CONFIG_REPLY, MESSAGE.SET_CONFIG]],
  ]);
  fake.onMessage = ({ type, xid, bytes: whole }) => {
    if (kept.has(type)) kept.set(type, Buffer.from(whole.subarray(8)));
    const [reply, set] = replies.get(type) ?? [];
    if (reply !== undefined) fake.send(ofp(reply, xid, kept.get(set as number)));
  };
  const path = "/of/datapaths/1";
  t.same((await room.call("GET", `${path}/async`)).json, {
    async: {
      packet_in: { master_equal: ["no_match", "action"], slave: ["invalid_ttl"] },
      port_status: { master_equal: ["add", "delete", "modify"], slave: ["modify"] },
      flow_removed: { master_equal: ["idle_timeout", "group_delete"], slave: [] },
    },
    version: "1.3.0",
  });
  const changed = await room.call("PUT", `${path}/async`, { async: { packet_in: { slave: ["action"] } } });
  t.equal(changed.status, 200);
  t.same(changed.json.async.packet_in, { master_equal: ["no_match", "action"], slave: ["action"] });
  t.same(changed.json.async.flow_removed.master_equal, ["idle_timeout", "group_delete"]);
  t.same((await room.call("GET", `${path}/config`)).json, {
    config: { flags: ["frag_reasm"], miss_send_len: 128 },
    version: "1.3.0",
  });
  const config = await room.call("PUT", `${path}/config`, { miss_send_len: 65_535 });
  t.same(config.json.config, { flags: ["frag_reasm"], miss_send_len: 65_535 });

  for (const [setting, body, text] of [
    [
      "async",
      { async: { packet_in: { slave: ["rain"] } } },
      /^packet_in\.slave: "rain" is not valid; allowed: a list of/,
    ],
    ["async", { weather: {} }, /^async: "weather" is not valid; allowed: packet_in, port_status, flow_removed$/],
    ["async", { packet_in: 3 }, /^packet_in: 3 is not valid/],
    ["config", { miss_send_len: 65_536 }, /^miss_send_len: 65536 is not valid; allowed: 0\.\.65535$/],
    ["config", { flags: "frag_drop" }, /^flags: "frag_drop" is not valid; allowed: a list of frag_drop, frag_reasm$/],
    ["config", { other: 1 }, /^config: "other" is not valid/],
  ] as const) {
    const { status, json } = await room.call("PUT", `${path}/${setting}`, body);
    t.equal(status, 400);
    t.match(json, { error: "java.lang.IllegalArgumentException", message: text });
  }
  fake.onMessage = ({ type, xid }) => {
    const [reply, set] = replies.get(type) ?? [];
    if (reply !== undefined) fake.send(ofp(reply, xid, kept.get(set as number)));
    if (type === MESSAGE.SET_CONFIG) fake.send(ofp(TYPE.ERROR, xid, Buffer.from([0, 10, 0, 0])));
  };
  const refused = await room.call("PUT", `${path}/config`, { flags: ["frag_drop", "frag_reasm"] });
  t.equal(refused.status, 500);
  t.match(refused.json.message, /SWITCH_CONFIG_FAILED\/BAD_FLAGS/);
});

t.test("what nothing here understands is kept by its bytes, in bounds", async (t) => {
  const { room, fake } = await played(t);
  const read = async () => (await room.call("GET", "/of/datapaths/1/messages")).json.messages;
  t.same(await read(), []);
  fake.send(bytes("experimenter"), ofp(99, 7, Buffer.from("abc")));
  await until(async () => (await read()).length === 2, { what: "both" });
  t.same(await read(), [
    { type: 99, xid: 7, length: 11, bytes: `0x0463000b00000007${Buffer.from("abc").toString("hex")}` },
    {
      type: "experimenter",
      xid: vectors.xid,
      length: 24,
      experimenter: "0x2320",
      exp_type: 10,
      bytes: `0x${vectors.messages["experimenter"]}`,
    },
  ]);
  fake.send(...Array.from({ length: 100 }, (_, i) => ofp(98, i)));
  await until(async () => (await read())[0]?.xid === 99, { what: "the last" });
  t.equal((await read()).length, 32);
});
