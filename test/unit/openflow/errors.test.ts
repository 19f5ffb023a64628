// What every route answers to callers without a token, for datapaths that are not there, to other methods, to bad bodies;
// how the spellings of a datapath id and quoted query values are read.

import t from "tap";
import { openflowSurface } from "../../../src/api/openflow/rows.js";
import type { OpenFlowHandle } from "../../../src/openflow/agent.js";
import { FakeSwitch, multipart, TYPE } from "../../helpers/fake_switch.js";
import { request, startOpenFlowRoom } from "../../helpers/openflow_room.js";
import { until } from "../../helpers/wait.js";

const PREFIX = "/sdn/v2.0";
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];
const { routes } = openflowSurface({} as OpenFlowHandle, { login: async () => null, logout: async () => false });

/** A path that the route takes, under the prefix, with a datapath that nobody has. */
function pathOf(path: string): string {
  const values: Record<string, string> = { dpid: "00:00:00:00:00:00:00:63", port: "1", id: "1" };
  return path.slice(PREFIX.length).replace(/:(\w+)/g, (_, name: string) => values[name] ?? "1");
}

/** Bodies that are right, by the last part of the path. */
const BODIES: Record<string, unknown> = {
  flows: { flow: { match: [], instructions: [] } },
  groups: { group: { id: 1, type: "all", buckets: [] } },
  meters: { meter: { id: 1, flags: ["kbps"], bands: [] } },
  packetout: { packetout: { actions: [], data: "00".repeat(14) } },
  action: "enable",
  controllers: { role: "equal" },
};

function bodyOf(path: string, method: string): unknown {
  if (method === "GET") return undefined;
  const words = path.split("/");
  const word = [words.at(-1), words.at(-2)].find((each) => each !== undefined && each in BODIES);
  return word === undefined ? {} : BODIES[word];
}

t.test("errors of every route", async (t) => {
  const room = await startOpenFlowRoom(t);
  const taken = new Map<string, Set<string>>();
  for (const { method, path } of routes) {
    if (!taken.has(path)) taken.set(path, new Set());
    taken.get(path)?.add(method);
  }
  for (const [path, methods] of taken) {
    const url = pathOf(path);
    for (const method of METHODS) {
      if (methods.has(method)) {
        if (path !== `${PREFIX}/auth`) {
          const stranger = await request(`${room.base}${url}`, { method });
          t.equal(stranger.status, 401, `${method} ${url}`);
          t.match(stranger.json, { error: "com.hp.api.UnauthorizedException", message: /./ });
        }
        if (!path.includes(":dpid")) continue;
        const none = await room.call(method, url, bodyOf(path, method));
        t.equal(none.status, 404, `${method} ${url}`);
        t.same(none.json, {
          error: "com.hp.api.NotFoundException",
          message: "No such device: 00:00:00:00:00:00:00:63",
        });
      } else {
        const wrong = await room.call(method, url, method === "GET" ? undefined : "{}");
        t.equal(wrong.status, 405, `${method} ${url}`);
        t.match(wrong.json, { error: "com.hp.api.MethodNotAllowedException", message: /not allowed here; allowed: / });
        const allow = (wrong.headers.get("allow") ?? "").split(", ");
        for (const each of methods) t.ok(allow.includes(each), `${url} allows ${each}`);
      }
    }
  }
  const nowhere = await room.call("GET", "/of/nowhere");
  t.equal(nowhere.status, 404);
  t.match(nowhere.json, { error: "com.hp.api.NotFoundException" });
});

t.test("bodies that are no JSON, or not of the right kind", async (t) => {
  const room = await startOpenFlowRoom(t);
  const fake = new FakeSwitch(t, room.port);
  await fake.shakeHands(0x63);
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  for (const { method, path } of routes) {
    if (!["POST", "PUT"].includes(method) || !path.includes(":dpid") || path.endsWith("/action")) continue;
    // The last takes no body.
    if (/\/(async|config|reconciliation)$/.test(path)) continue;
    for (const body of ["", "nonsense", "[]", "7", "null", '{"nothing": 1}']) {
      const bad = await room.call(method, pathOf(path), body);
      t.equal(bad.status, 400, `${method} ${path} ${body}`);
      t.match(bad.json, { error: "com.hp.api.BadRequestException", message: /^Invalid JSON format: / });
    }
    if (path.endsWith("/controllers")) continue;
    const versioned = { ...(BODIES[path.split("/").find((word) => word in BODIES) ?? ""] as object), version: "1.0.0" };
    const mismatch = await room.call(method, pathOf(path), versioned);
    t.equal(mismatch.status, 400);
    t.match(mismatch.json, { error: "com.hp.of.lib.VersionMismatchException", message: /1\.3$/ });
  }
  t.equal((await room.call("POST", pathOf(`${PREFIX}/of/datapaths/:dpid/ports/1/action`), "toggle")).status, 400);
});

t.test("spellings of a datapath id, in the path and in queries", async (t) => {
  const room = await startOpenFlowRoom(t);
  const fake = new FakeSwitch(t, room.port);
  fake.onMessage = ({ type, xid, bytes }) => {
    const kind = type === TYPE.MULTIPART_REQUEST ? bytes.readUInt16BE(8) : 0;
    // Statistics of ports, groups and meters: none.
    if ([4, 6, 9].includes(kind)) fake.send(multipart(xid, kind, Buffer.alloc(0)));
  };
  await fake.shakeHands(0xab);
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  const spellings = [
    "00:00:00:00:00:00:00:ab",
    "00:00:00:00:00:00:00:AB",
    "00%3A00%3A00%3A00%3A00%3A00%3A00%3Aab",
    "00%3a00%3a00%3a00%3a00%3a00%3a00%3aAB",
    "0xab",
    "0XAB",
    "0x00000000000000ab",
    "171",
    "00000000000000AB",
    "%2200:00:00:00:00:00:00:ab%22",
  ];
  for (const spelling of spellings) {
    const { json } = await room.call("GET", `/of/datapaths/${spelling}`);
    t.equal(json.datapath?.dpid, "00:00:00:00:00:00:00:ab", spelling);
    for (const kind of ["ports", "groups", "meters"]) {
      const stats = await room.call("GET", `/of/stats/${kind}?dpid=${spelling}`);
      t.equal(stats.json.stats?.[0]?.dpid, "00:00:00:00:00:00:00:ab", `${kind} ${spelling}`);
    }
  }
  for (const none of ["ab", "0x", "00:00:00:00:00:00:00", "00:00:00:00:00:00:00:0g", "18446744073709551616", "-1"]) {
    t.equal((await room.call("GET", `/of/datapaths/${none}`)).status, 404, none);
    t.equal((await room.call("GET", `/of/stats/ports?dpid=${none}`)).status, 404, none);
  }
  for (const query of ["port=1", 'port="1"', "port_id=1", "port_id=%221%22", 'dpid="0xab"&port="LOCAL"']) {
    t.equal((await room.call("GET", `/of/stats/ports?${query}`)).status, 200, query);
  }
  for (const query of ["port=x", 'port="-1"', "port=4294967296"]) {
    const bad = await room.call("GET", `/of/stats/ports?${query}`);
    t.equal(bad.status, 400, query);
    t.match(bad.json, { error: "java.lang.IllegalArgumentException", message: /^port: / });
  }
});
