// The message files: yabgp's records to the letter, numbered on through files and restarts, within their bounds.

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { type FeedCounters, FeedFile, noCounters } from "../../../src/bgp/feed_file.js";
import type { MessageLogConfig } from "../../../src/bgp/message_log/config.js";
import { MessageLog } from "../../../src/bgp/message_log/message_log.js";
import { pythonFloat, pythonJson } from "../../../src/bgp/message_log/python_json.js";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { KEEPALIVE, MANDATORY, message, open, update } from "../../helpers/bgp_raw.js";
import { announce, announce6, observedPeer } from "../../helpers/observed.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const NOW = 1_795_307_087_380;
const NONE = () => undefined;

const config = (dir: string, given: Partial<MessageLogConfig> = {}): MessageLogConfig => ({
  write_disk: true,
  write_dir: dir,
  write_msg_max_size: 1,
  write_keepalive: false,
  ...given,
});

const files = (dir: string, address = "192.0.2.1") => readdirSync(join(dir, address, "msg")).sort();
const read = (dir: string, name: string, address = "192.0.2.1") =>
  readFileSync(join(dir, address, "msg", name), "utf8");

t.test("text is Python's", async (t) => {
  t.equal(
    pythonJson({ a: [1, 'é\u{1f600}\u007f"\\\n'], b: {}, c: [], d: null, e: true, f: undefined }),
    ['{"a": [1, "\\u00e9\\ud83d\\ude00\\u007f\\"\\\\\\n"], "b": {}, "c": [], "d": null, "e": true}'][0],
  );
  t.equal(pythonFloat(3), "3.0");
  t.equal(pythonFloat(1_795_307_087.38), "1795307087.38");
});

t.test("records", async (t) => {
  const dir = tmpDir(t, "log");
  const log = new MessageLog(config(dir, { write_keepalive: true }), NONE, () => NOW);
  const peer = observedPeer({
    openSent: open(65_009, { id: 0x0a000009 }),
    openReceived: message(1, [4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1, 0]),
  });
  log.up(peer);
  const malformed = update({ attributes: [0x40, 1, 2, 0, 0] });
  const refresh = message(5, [0, 1, 0, 1]);
  log.messages(peer, false, Buffer.concat([announce(1), KEEPALIVE, update({ withdrawn: [24, 10, 1, 1] }), update({})]));
  log.messages(peer, true, announce(9));
  log.messages(peer, false, announce6(1));
  log.messages(peer, false, update({ attributes: [0x80, 15, 3, 0, 2, 1] }));
  log.messages(peer, false, Buffer.concat([malformed, refresh, message(128, [0, 2, 1, 1])]));
  log.down(peer, { kind: "remote", notification: message(3, [6, 2]) });
  await log.close();
  const head = (seq: number, type: number) => `{"t": 1795307087.38, "seq": ${seq}, "type": ${type}, "msg": `;
  const attr = '{"1": 0, "2": [[2, [65002]]], "3": "192.0.2.1"}';
  const capabilities = '{"afi_safi": [[1, 1], [2, 1]], "route_refresh": true, "four_bytes_as": true}';
  const reach = '"14": {"afi_safi": [2, 1], "nexthop": "2001:db8::1", "nlri": ["2001:db8:1::/48"]}';
  const expected = [
    `${head(1, 1)}{"version": 4, "asn": 65009, "hold_time": 90, "bgp_id": "10.0.0.9", "capabilities": ${capabilities}}}`,
    `${head(2, 1)}{"version": 4, "asn": 65001, "hold_time": 90, "bgp_id": "10.0.0.1", "capabilities": {}}}`,
    `${head(3, 2)}{"attr": ${attr}, "nlri": ["10.1.1.0/24"], "withdraw": [], "afi_safi": "ipv4"}}`,
    `${head(4, 4)}null}`,
    `${head(5, 2)}{"attr": {}, "nlri": [], "withdraw": ["10.1.1.0/24"], "afi_safi": "ipv4"}}`,
    `${head(6, 2)}{"attr": {}, "nlri": [], "withdraw": [], "afi_safi": null}}`,
    `${head(7, 2)}{"attr": {"1": 0, "2": [[2, [65002]]], ${reach}}, "nlri": [], "withdraw": [], "afi_safi": "ipv6"}}`,
    `${head(8, 2)}{"attr": {"15": {"afi_safi": [2, 1], "withdraw": []}}, "nlri": [], "withdraw": [], "afi_safi": "ipv6"}}`,
    `${head(9, 6)}{"attr": {}, "nlri": [], "withdraw": [], "hex": "b'0000000540010200${"00"}'"}}`,
    `${head(10, 5)}{"afi": 1, "res": 0, "safi": 1}}`,
    `${head(11, 128)}{"afi": 2, "res": 1, "safi": 1}}`,
    `${head(12, 3)}{"error": "Cease", "sub_error": "Administrative shutdown", "data": "b''"}}`,
    `${head(13, 0)}null}`,
  ];
  t.same(files(dir), ["1795307087.38.msg"]);
  t.same(read(dir, "1795307087.38.msg").split("\n"), [...expected, ""]);
  t.match(log.counters, { records: 13, dropped: 0 });
});

t.test("a connection that could not be made: yabgp's words for why", async (t) => {
  const dir = tmpDir(t, "log");
  const { ours, theirs } = loopbackPair(23);
  const lines = (address: string) => {
    const names = existsSync(join(dir, address, "msg")) ? files(dir, address) : [];
    return names.flatMap((name) => read(dir, name, address).trimEnd().split("\n"));
  };
  const room = await startRoom(t, {
    listen: null,
    local_as: 65_001,
    peer: [{ remote_addr: theirs, remote_as: 65_002, local_addr: ours, port: 9, connect_retry_time: 1 }],
    message: config(dir),
  });
  await until(() => lines(theirs).length >= 2, { what: "two attempts" });
  const refused = '"Connection was refused by other side: 111: Connection refused."';
  for (const [i, line] of lines(theirs).slice(0, 2).entries()) {
    t.match(line, new RegExp(`^\\{"t": \\d+\\.\\d+, "seq": ${i + 1}, "type": 0, "msg": ${refused}\\}$`));
  }
  const { files: figures } = (await room.rest("GET", "/v1/feeds")).json();
  t.ok(figures[0].records >= 2);
  const log = new MessageLog(config(dir), NONE, () => NOW);
  const failure = (code: string, errno?: number) => Object.assign(new Error(`connect ${code}`), { code, errno });
  log.unreachable("192.0.2.1", null);
  log.unreachable("192.0.2.1", failure("ENETUNREACH", -101));
  log.unreachable("192.0.2.1", failure("EHOSTUNREACH", -113));
  log.unreachable("192.0.2.1", failure("ETIMEDOUT", -110));
  log.unreachable("192.0.2.1", failure("ERR_SOMETHING"));
  await log.close();
  t.same(
    lines("192.0.2.1").map((line) => JSON.parse(line).msg),
    [
      "User timeout caused connection failure.",
      "No route to host: 101: Network is unreachable.",
      "An error occurred while connecting: 113: No route to host.",
      "TCP connection timed out: 110: Connection timed out.",
      "An error occurred while connecting: connect ERR_SOMETHING.",
    ],
  );
});

t.test("numbers go on through sessions and restarts, in the same file", async (t) => {
  const dir = tmpDir(t, "log");
  const peer = observedPeer({ address: "2001:db8::1" });
  const lost = { kind: "lost", notification: null } as const;
  for (let run = 0; run < 2; run++) {
    const log = new MessageLog(config(dir), NONE, () => NOW + run);
    for (let session = 0; session < 2; session++) {
      log.up(peer);
      log.down(peer, lost);
    }
    await log.close();
  }
  const names = files(dir, "2001:db8::1");
  t.same(names, ["1795307087.38.msg"]);
  const numbers = read(dir, names[0] as string, "2001:db8::1")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).seq);
  t.same(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

t.test("a file whose last line was cut off is not continued, its numbers are", async (t) => {
  const dir = tmpDir(t, "log");
  mkdirSync(join(dir, "192.0.2.1/msg"), { recursive: true });
  const path = join(dir, "192.0.2.1/msg/1795307000.0.msg");
  writeFileSync(path, '{"t": 1.0, "seq": 41, "type": 0, "msg": null}\n');
  appendFileSync(path, '{"t": 1.0, "seq": 42, "ty');
  const log = new MessageLog(config(dir), NONE, () => NOW);
  log.messages(observedPeer(), false, announce(1));
  await log.close();
  t.same(files(dir), ["1795307000.0.msg", "1795307087.38.msg"]);
  t.equal(JSON.parse(read(dir, "1795307087.38.msg")).seq, 42);
});

t.test("a full file is followed by another", async (t) => {
  const dir = tmpDir(t, "log");
  let now = NOW;
  const log = new MessageLog(config(dir), NONE, () => now);
  const peer = observedPeer();
  const batch = Buffer.concat(new Array(4_000).fill(announce(1)));
  for (let i = 0; i < 4; i++) {
    log.messages(peer, false, batch);
    await log.close();
    now += 1_000;
  }
  const names = files(dir);
  t.ok(names.length >= 2, `${names.length} files`);
  const lines = names.flatMap((name) => read(dir, name).trimEnd().split("\n"));
  t.same([lines.length, JSON.parse(lines.at(-1) as string).seq], [16_000, 16_000]);
});

t.test("what a disk does not take in time is dropped and counted", async (t) => {
  const dir = tmpDir(t, "log");
  const counters: FeedCounters = noCounters();
  const file = new FeedFile({ path: () => join(dir, "f"), counters, note: NONE, mostBytes: 1 << 30 });
  const piece = new Uint8Array(8 << 20);
  const fit = LIMITS.bgpFeedQueueBytes / piece.length;
  for (let i = 0; i < fit + 3; i++) file.append(piece, 2);
  t.equal(counters.dropped, 6);
  await file.close();
  t.match(counters, { records: 2 * fit, bytes: LIMITS.bgpFeedQueueBytes, dropped: 6 });
  file.append(Buffer.from("x"));
  await file.close();
  t.equal(counters.dropped, 6, "there is room again");
});

t.test("path identifiers and two-octet AS numbers are read as the session has them", async (t) => {
  const dir = tmpDir(t, "log");
  const log = new MessageLog(config(dir), NONE, () => NOW);
  const path = update({ attributes: MANDATORY, nlri: [0, 0, 0, 7, 24, 10, 1, 1] });
  const old = update({ attributes: [0x40, 2, 4, 2, 1, 0xfd, 0xea] });
  log.messages(observedPeer({ addPathIn: [0] }), false, path);
  log.messages(observedPeer({ fourOctetAs: false }), false, old);
  await log.close();
  const [first, second] = read(dir, files(dir)[0] as string)
    .split("\n")
    .map((line) => line && JSON.parse(line));
  t.same(first.msg.nlri, [{ prefix: "10.1.1.0/24", path_id: 7 }]);
  t.same(second.msg.attr, { 2: [[2, [65002]]] });
});
