// A peer's figures in shared memory: what is written is what is read, from one thread and from two.

import { Worker } from "node:worker_threads";
import t from "tap";
import { noMessages } from "../../../src/bgp/connection.js";
import { FAMILIES } from "../../../src/bgp/families.js";
import {
  monotonicSeconds,
  type PeerNumbers,
  StateReader,
  StateWriter,
  versionOf,
} from "../../../src/bgp/shared_state.js";
import { type BlockEvent, StateBoard } from "../../../src/bgp/state_board.js";
import { until } from "../../helpers/wait.js";

const numbers = (more: Partial<PeerNumbers> = {}): PeerNumbers => ({
  fsm: "IDLE",
  stopped: false,
  localAs: 65001,
  remoteAs: 4_200_000_000,
  upSince: 0,
  statistic: { receive: noMessages(), send: noMessages() },
  versionIn: [],
  versionOut: [],
  ...more,
});
const capability = { local: { four_bytes_as: true }, remote: {} };
const texts = { localAddress: "192.0.2.1", capability, lastNotification: null, lastMalformed: null };

t.test("what is written is read", async (t) => {
  const writer = new StateWriter();
  const reader = new StateReader(writer.block);
  reader.describe(texts);
  writer.update(numbers());
  t.same(reader.state("192.0.2.2"), {
    fsm: "IDLE",
    local_as: 65001,
    remote_as: 4_200_000_000,
    local_addr: "192.0.2.1",
    remote_addr: "192.0.2.2",
    last_notification: null,
    last_malformed: null,
    uptime: 0,
    capability: texts.capability,
  });
  const receive = { Opens: 1, Updates: 2 ** 40, Notifications: 3, Keepalives: 4, RouteRefresh: 5 };
  const send = { Opens: 6, Updates: 7, Notifications: 8, Keepalives: 9, RouteRefresh: 10 };
  const index = (name: string) => FAMILIES.findIndex((family) => family.name === name);
  const versionIn = FAMILIES.map((_, i) => i + 1);
  writer.update(
    numbers({
      fsm: "ESTABLISHED",
      upSince: monotonicSeconds() - 61.5,
      statistic: { receive, send },
      versionIn,
      versionOut: [7],
    }),
  );
  const state = reader.state("192.0.2.2");
  t.equal(state?.fsm, "ESTABLISHED");
  t.ok((state?.uptime ?? 0) >= 61.5 && (state?.uptime ?? 0) < 65, `uptime ${state?.uptime}`);
  t.same(reader.statistic(), { receive, send });
  const version = reader.version(false);
  t.equal(version?.ipv4, 1);
  t.equal(version?.flowspec, index("flowspec") + 1);
  t.equal(version?.mpls_vpn, index("vpnv4") + 1 + index("vpnv6") + 1, "both VPN families together");
  t.equal(version?.["evpn"], index("evpn") + 1);
  t.equal(reader.version(true)?.ipv4, 7);
  t.equal(reader.version(true)?.["evpn"], 0);
});

t.test("each family is counted under some name", async (t) => {
  for (const [i, { name }] of FAMILIES.entries()) {
    const changes = new Array<number>(FAMILIES.length).fill(0);
    changes[i] = 5;
    t.ok(
      Object.values(versionOf(changes)).some((count) => count === 5),
      name,
    );
  }
});

t.test("a writer that dies in the middle of a write", async (t) => {
  const writer = new StateWriter();
  const reader = new StateReader(writer.block);
  writer.update(numbers());
  Atomics.add(new Int32Array(writer.block, 0, 1), 0, 1);
  t.equal(reader.state("192.0.2.2"), null);
  t.equal(reader.statistic(), null);
  t.equal(reader.version(true), null);
});

t.test("a reader never sees half of a write of another thread", async (t) => {
  const writer = new StateWriter();
  const reader = new StateReader(writer.block);
  writer.update(numbers());
  const source = `
    import { workerData } from "node:worker_threads";
    const lock = new Int32Array(workerData, 0, 1);
    const words = new Float64Array(workerData, 8);
    for (let n = 1; Atomics.load(lock, 0) >= 0; n++) {
      Atomics.add(lock, 0, 1);
      words.fill(n);
      Atomics.add(lock, 0, 1);
    }`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const worker = new Worker(url, { workerData: writer.block });
  t.teardown(() => worker.terminate());
  await until(() => reader.statistic()?.send.Opens !== 0, { what: "the writer to run" });
  let reads = 0;
  for (const end = Date.now() + 500; Date.now() < end; reads++) {
    const statistic = reader.statistic();
    if (!statistic) continue;
    const all = [...Object.values(statistic.receive), ...Object.values(statistic.send)];
    if (new Set(all).size !== 1) t.same(all, [], "all from one write");
  }
  t.ok(reads > 1_000, `${reads} reads`);
  Atomics.store(new Int32Array(writer.block, 0, 1), 0, -1_000_000);
});

t.test("the board writes at the end of a turn, and tells of texts only when they change", async (t) => {
  const events: BlockEvent[] = [];
  const board = new StateBoard((event) => events.push(event));
  t.teardown(() => board.close());
  let peer = numbers();
  let said = texts;
  let asked = 0;
  const source = {
    numbers: () => {
      asked++;
      return peer;
    },
    texts: () => said,
  };
  const entry = board.open("192.0.2.2", source);
  t.same([events.length, events[0]?.texts], [1, texts]);
  const reader = new StateReader(events[0]?.block as SharedArrayBuffer);
  peer = numbers({ fsm: "ACTIVE" });
  const before = asked;
  for (let i = 0; i < 100; i++) entry.touch();
  t.equal(asked, before, "nothing within the turn");
  board.flush();
  t.equal(asked, before + 1, "one write for a hundred changes");
  t.equal(reader.state("192.0.2.2")?.fsm, "ACTIVE");
  peer = numbers({ fsm: "OPENSENT" });
  entry.touch();
  await until(() => reader.state("192.0.2.2")?.fsm === "OPENSENT", { what: "the end of the turn" });
  t.equal(events.length, 1, "no event for numbers");
  said = { ...texts, localAddress: "192.0.2.9" };
  peer = numbers({ fsm: "ESTABLISHED" });
  entry.touch();
  board.flush();
  t.same(events.slice(1), [{ address: "192.0.2.2", texts: said }]);
  board.open("192.0.2.2", source);
  entry.close();
  t.equal(events.filter(({ block }) => block === null).length, 0, "the entry that was replaced takes nothing away");
});

t.test("peers that nothing happens to cost the same however many they are", async (t) => {
  const board = new StateBoard(() => undefined);
  t.teardown(() => board.close());
  let looks = 0;
  let fsm: PeerNumbers["fsm"] = "IDLE";
  const source = {
    numbers() {
      looks++;
      return numbers({ fsm });
    },
    texts: () => texts,
  };
  const blocks = Array.from({ length: 1_024 }, (_, i) => board.open(`192.0.2.${i}`, source));
  looks = 0;
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(looks > 0 && looks <= 8 * 8, `${looks} looks in 300 ms, not 1,024 each time`);
  looks = 0;
  fsm = "ACTIVE";
  for (let i = 0; i < 1_000; i++) blocks[77]?.touch();
  board.flush();
  t.equal(looks, 1, "one that was touched is written once a turn");
});
