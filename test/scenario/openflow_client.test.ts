// The calls of the Python client hpsdnclient 1.1.1 and of HPE's sample scripts, byte for byte as they send them, and what
// they take for granted in the answers. Each rule below breaks one of them when it does not hold.

import { request as httpRequest } from "node:http";
import t from "tap";
import { type OpenFlowRoom, startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";

const DPID = "000000000000002a";
/** The client escapes the colons of a datapath id. */
const ESCAPED = "00%3A00%3A00%3A00%3A00%3A00%3A00%3A2a";
const DP = `of/datapaths/${ESCAPED}`;

/** Names that the client has a class for: one of them must be the only key of an answer besides `version`. */
const MANY =
  "datapaths controller_stats stats ports meters flows groups clusters links nodes arps lldp_suppressed".split(" ");
const ONE = "datapath meter_features group_features port meter flow group cluster path".split(" ");

interface Reply {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

/** The client's own way to ask: its headers, and no more than them. */
class Client {
  readonly #base: URL;
  #token = "";

  constructor(room: OpenFlowRoom) {
    this.#base = new URL(room.base);
  }

  send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Reply> {
    const sent: Record<string, string> = {
      "user-agent": "hpsdnclient/1.1.1 python-requests/2.7.0",
      "accept-encoding": "gzip, deflate",
      accept: "*/*",
      ...(this.#token === "" ? {} : { "X-Auth-Token": this.#token }),
      ...headers,
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    };
    const { hostname, port } = this.#base;
    return new Promise((resolve, reject) => {
      const asked = httpRequest({ hostname, port, method, path: `/sdn/v2.0/${path}`, headers: sent }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, type: answer.headers["content-type"], text }));
      });
      asked.on("error", reject).end(body);
    });
  }

  /** It logs in without a content type and without a domain, and waits half a second at most. */
  async login(): Promise<void> {
    const reply = await this.send("POST", "auth", '{"login": {"password": "skyline", "user": "sdn"}}');
    t.equal(reply.status, 200);
    const { record } = JSON.parse(reply.text);
    t.match(record.token, /^[0-9a-f]{32}$/);
    t.ok(record.expiration > Date.now() + 3_000_000, "in milliseconds");
    this.#token = record.token;
  }

  async logout(): Promise<number> {
    const { status } = await this.send("DELETE", "auth");
    return status;
  }

  /** The object in an answer, found as the client finds it: with other types or keys it finds nothing, or fails. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  async get(path: string): Promise<any> {
    const reply = await this.send("GET", path, undefined, { "content-type": "application/json" });
    if (reply.type !== "application/json") return null;
    const body = JSON.parse(reply.text) as Record<string, unknown>;
    if (reply.status !== 200) {
      if (typeof body["error"] !== "string" || typeof body["message"] !== "string") throw new Error("KeyError");
      throw new Error(`${reply.status} ${body["error"]}`);
    }
    const keys = Object.keys(body).filter((key) => key !== "version");
    const [key] = keys;
    if (keys.length !== 1 || key === undefined || (!MANY.includes(key) && !ONE.includes(key))) {
      throw new Error(`NotFound(${keys.join()})`);
    }
    if (MANY.includes(key) !== Array.isArray(body[key])) throw new Error(`${key} is of another kind`);
    return body[key];
  }

  change(method: string, path: string, body?: unknown): Promise<Reply> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    return this.send(method, path, text, { "content-type": "application/json" });
  }
}

/** The client's flow: keys in the order of the alphabet, empty lists always there, neither table nor version. */
const flow = {
  actions: [{ output: 2 }],
  flow_mod_flags: [],
  idle_timeout: 30,
  instructions: [],
  match: [
    { eth_type: "ipv4" },
    { ip_proto: "tcp" },
    { ipv4_dst: "10.0.0.22" },
    { ipv4_src: "10.0.0.1" },
    { tcp_dst: "80" },
  ],
  priority: 30000,
};

t.test("hpsdnclient and HPE's scripts", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ dpid: DPID, controller: room.target, ports: 4 });
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  const client = new Client(room);
  const own = async () => (await ovs.flows()).filter((line) => line.includes("priority=30000"));

  t.equal((await client.send("GET", "of/datapaths")).status, 401, "no token yet");
  await client.login();

  await t.test("what is there", async (t) => {
    t.equal((await client.get("of/datapaths"))[0].dpid, "00:00:00:00:00:00:00:2a");
    t.equal((await client.get(DP)).negotiated_version, "1.3.0");
    t.type((await client.get("of/stats"))[0].msg_in, "number");
    const stats = await client.get(`of/stats/ports?dpid=${ESCAPED}&port_id=1`);
    t.match(stats, [{ dpid: "00:00:00:00:00:00:00:2a", port_stats: [{ port_id: 1, rx_packets: Number }] }]);
    t.equal((await client.get(`of/stats/ports?dpid="00:00:00:00:00:00:00:2a"`))[0].port_stats.length, 5, "in quotes");
    t.type((await client.get(`${DP}/features/meter`)).max_meters, "number");
    t.ok(Array.isArray((await client.get(`${DP}/features/group`)).types));
    t.equal((await client.get(`${DP}/ports`)).length, 5);
    t.equal((await client.get(`${DP}/ports/1`)).id, 1);
    t.equal((await client.change("POST", `${DP}/ports/1/action`, "disable")).status, 202);
    t.equal((await client.change("POST", `${DP}/ports/1/action`, "enable")).status, 202);
    await t.rejects(
      client.get("of/datapaths/00%3A00%3A00%3A00%3A00%3A00%3A00%3A01"),
      /404 com.hp.api.NotFoundException/,
    );
  });

  await t.test("flows", async (t) => {
    t.equal((await client.change("POST", `${DP}/flows`, { flow })).status, 201);
    const match = "tcp,nw_src=10.0.0.1,nw_dst=10.0.0.22,tp_dst=80";
    t.same(await own(), [`idle_timeout=30, priority=30000,${match} actions=output:2`]);
    const listed = (await client.get(`${DP}/flows`)).find(({ priority }: { priority: number }) => priority === 30000);
    t.same(listed.instructions, [{ apply_actions: [{ output: 2 }] }]);
    t.equal((await client.change("PUT", `${DP}/flows`, { flow: { ...flow, actions: [{ output: 3 }] } })).status, 204);
    t.match(await own(), [/actions=output:3$/]);
    const two = [flow, { ...flow, match: [{ in_port: 1 }] }];
    t.equal((await client.change("DELETE", `${DP}/flows`, { flow })).status, 204);
    t.equal((await client.change("POST", `${DP}/flows`, { flows: two })).status, 201);
    t.equal((await own()).length, 2);
    t.equal((await client.change("DELETE", `${DP}/flows`, { flows: two })).status, 204);
    t.same(await own(), []);
    const gone = await client.change("DELETE", `${DP}/flows`, { flow });
    t.equal(gone.status, 404);
    t.match(JSON.parse(gone.text).error, /NotFoundException/);
  });

  await t.test("groups and meters", async (t) => {
    const bucket = { actions: [{ output: 1 }], watch_group: 4294967295, watch_port: 4294967295, weight: 0 };
    const group = { bucket_stats: [], buckets: [bucket], id: 1, type: "all" };
    t.equal((await client.change("POST", `${DP}/groups`, { group })).status, 201);
    t.match(await ovs.ofctl("dump-groups"), /group_id=1,type=all/);
    t.equal((await client.get(`${DP}/groups`)).length, 1);
    const changed = { ...group, buckets: [{ ...bucket, actions: [{ output: 2 }] }] };
    t.equal((await client.change("POST", `${DP}/groups/1`, changed)).status, 200, "bare, by POST");
    t.same((await client.get(`${DP}/groups/1`)).buckets[0].actions, [{ output: 2 }]);
    t.equal((await client.get(`of/stats/groups?dpid=${ESCAPED}&group_id=1`))[0].group_stats[0].id, 1);
    t.equal((await client.change("DELETE", `${DP}/groups/1`)).status, 204);
    const meter = { bands: [{ burst_size: 100, mtype: "drop", rate: 1000 }], command: "add", flags: ["kbps"], id: 1 };
    t.equal((await client.change("POST", `${DP}/meters`, meter)).status, 201, "bare");
    t.equal((await client.get(`${DP}/meters`)).length, 1);
    t.equal((await client.get(`${DP}/meters/1`)).bands[0].rate, 1000);
    t.equal((await client.get(`of/stats/meters?dpid=${ESCAPED}&meter=1`))[0].meter_stats[0].id, 1);
    t.equal((await client.change("PUT", `${DP}/meters/1`, { meter: { ...meter, command: "modify" } })).status, 200);
  });

  await t.test("HPE's scripts: cookies are hex, whatever they look like; a meter before the actions", async (t) => {
    const scripted = {
      flow: {
        cookie: 1234,
        match: [{ eth_type: "ipv4" }, { ipv4_src: "10.0.0.9" }],
        instructions: [{ meter: 1 }, { apply_actions: [{ output: 4294967290 }] }],
        priority: 30000,
      },
    };
    t.equal((await client.change("POST", `${DP}/flows`, scripted)).status, 201);
    t.match(await own(), [/cookie=0x1234, .*actions=meter:1,NORMAL$/]);
    t.match(await client.get(`${DP}/flows?cookie=1234`), [{ cookie: "0x1234" }]);
    const dropped = { flow: { ...scripted.flow, instructions: [] } };
    t.equal((await client.change("PUT", `${DP}/flows`, dropped)).status, 204);
    t.match(await own(), [/actions=drop$/]);
    t.equal((await client.change("DELETE", `${DP}/flows`, scripted)).status, 204);
    t.equal((await client.change("DELETE", `${DP}/meters/1`)).status, 204);
  });

  await t.test("the network", async (t) => {
    for (const what of ["links", "clusters", "nodes", "arps"])
      t.ok(Array.isArray(await client.get(`net/${what}`)), what);
    const dpid = "00:00:00:00:00:00:00:2a";
    t.same(await client.get("net/lldp"), []);
    const suppressed = { lldp_suppressed: [{ dpid, ports: [3, 4] }] };
    t.match(await client.change("POST", "net/lldp", suppressed), { status: /^20\d$/ });
    t.same(await client.get("net/lldp"), suppressed.lldp_suppressed);
    t.match(await client.change("DELETE", "net/lldp", suppressed), { status: /^20\d$/ });
    const far = "00%3A00%3A00%3A00%3A00%3A00%3A00%3A01";
    await t.rejects(client.get(`net/paths/forward?src_dpid=${ESCAPED}&dst_dpid=${far}`), /404/);
  });

  t.equal(await client.logout(), 204);
  t.equal((await client.send("GET", "of/datapaths")).status, 401, "the token has ended");
});
