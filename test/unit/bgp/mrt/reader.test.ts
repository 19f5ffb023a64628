// Reading MRT files: what bgpdump prints of the same bytes, however they come, and where it is told what is wrong.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { gunzipSync } from "node:zlib";
import t from "tap";
import { parseAddress } from "../../../../src/base/ip.js";
import { LIMITS } from "../../../../src/base/limits.js";
import { MrtDecoder } from "../../../../src/bgp/mrt/decode.js";
import { MrtError, MrtFramer } from "../../../../src/bgp/mrt/framer.js";
import { Ink } from "../../../../src/bgp/mrt/ink.js";
import { recordLines } from "../../../../src/bgp/mrt/lines.js";
import { printMrt } from "../../../../src/bgp/mrt/print.js";
import { mrtRecord, mrtVector, readAll } from "../../../helpers/mrt.js";
import { findProgram } from "../../../helpers/need.js";
import { tmpDir } from "../../../helpers/tmp.js";

const NAMES = [
  "updates.20160811.1600",
  "updates.20071015.1505",
  "bview.20020722.2337",
  "bview.20000111.0032",
  "bview.ipv4_unicast_add_path",
  "bview.ipv6_unicast_add_path",
];

/** What the command prints, and its complaints. */
async function print(files: readonly string[], json = false): Promise<{ text: string; complaints: string[] }> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on("data", (chunk: Buffer) => chunks.push(chunk));
  const complaints: string[] = [];
  const faults = await printMrt(files, { json, out, complain: (text) => complaints.push(text) });
  if (faults !== complaints.length) throw new Error("each fault is told of");
  return { text: Buffer.concat(chunks).toString(), complaints };
}

const golden = (name: string) => gunzipSync(readFileSync(mrtVector(`${name}.m.gz`))).toString();
const plain = (name: string) => gunzipSync(readFileSync(mrtVector(`${name}.gz`)));

t.test("lines are bgpdump's", async (t) => {
  for (const name of NAMES) {
    const { text, complaints } = await print([mrtVector(`${name}.gz`)]);
    const expected = golden(name);
    t.ok(expected.split("\n").length > 50, `${name} has lines`);
    t.same(complaints, []);
    // Not t.equal: a difference in half a megabyte is told by its line.
    const lines = text.split("\n");
    const at = expected.split("\n").findIndex((line, i) => line !== lines[i]);
    t.equal(at < 0 ? "" : `${at}: ${lines[at]}`, "", name);
    t.equal(text.length, expected.length, name);
  }
});

t.test("records are found however the bytes are cut", async (t) => {
  for (const name of NAMES.slice(3)) {
    const bytes = plain(name);
    for (const size of [1, 7, 4_099]) {
      const ink = new Ink();
      const decoder = new MrtDecoder();
      const framer = new MrtFramer(name, (record) => recordLines(ink, record, decoder.decode(record)));
      const some = size === 1 ? bytes.subarray(0, 8_000) : bytes;
      for (let at = 0; at < some.length; at += size) framer.push(some.subarray(at, at + size));
      if (size > 1) framer.end();
      const text = ink.text();
      t.ok(text.length > 1_000 || size === 1);
      t.ok(golden(name).startsWith(text), `${name} in pieces of ${size}`);
    }
  }
});

t.test("packed and plain files are the same", async (t) => {
  const dir = tmpDir(t, "mrt");
  const name = NAMES[4] as string;
  const file = join(dir, "plain");
  writeFileSync(file, plain(name));
  t.equal((await print([file])).text, golden(name));
  if (!findProgram("bzip2")) return;
  execFileSync("bzip2", ["-k", file]);
  t.equal((await print([`${file}.bz2`, file])).text, golden(name) + golden(name), "and files follow one another");
  writeFileSync(join(dir, "broken.bz2"), readFileSync(`${file}.bz2`).subarray(0, 300));
  t.match((await print([join(dir, "broken.bz2")])).complaints[0], /broken\.bz2: offset 0: bzip2 has failed: \S/);
});

t.test("what is wrong with a file is told with its place", async (t) => {
  const dir = tmpDir(t, "mrt");
  const file = join(dir, "bad");
  const say = async (bytes: Uint8Array) => {
    writeFileSync(file, bytes);
    return (await print([file])).complaints;
  };
  const good = mrtRecord(16, 5, [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 5, 0, 6]);
  t.same(await say(Buffer.concat([good, good.subarray(0, 20)])), [
    `${file}: offset 36: the file ends after 20 bytes, a record has 36`,
  ]);
  t.same(await say(Buffer.concat([good, good.subarray(0, 5)])), [
    `${file}: offset 36: the file ends after 5 bytes, the header of a record has 12`,
  ]);
  const huge = Buffer.from(good);
  huge.writeUInt32BE(LIMITS.mrtRecordBytes + 1, 8);
  t.match(await say(huge), [/offset 0: a record of 16777217 bytes; at most 16777216$/]);
  t.match(await say(plain("bview.20020722.2337").subarray(0, 0)), []);
  const gz = readFileSync(mrtVector("updates.20071015.1505.gz"));
  t.match(await say(gz.subarray(0, 5_000)), [/offset \d+: it cannot be read: unexpected end of file/]);
  const spoilt = await say(Buffer.concat([gz.subarray(0, 5_000), Buffer.alloc(5_000, 0x55)]));
  t.ok(spoilt.length > 0 && spoilt.every((text) => text.includes(": offset ")), "in the midst of a packed file");
  t.match((await print([join(dir, "none")])).complaints, [/none: offset 0: it cannot be read: ENOENT/]);
  t.match((await print([dir])).complaints, [/cannot be read: EISDIR/]);
});

t.test("a record that cannot be read is left out, the next is not", async (t) => {
  const file = join(tmpDir(t, "mrt"), "records");
  const good = mrtRecord(16, 5, [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 5, 0, 6]);
  const bad = [
    mrtRecord(16, 5, good.subarray(12, 30)),
    mrtRecord(16, 4, [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9]),
    mrtRecord(13, 2, [0, 0, 0, 0, 24, 10, 0, 0, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0]),
    mrtRecord(13, 2, [0, 0, 0, 0, 33, 10, 0, 0, 0, 0]),
    mrtRecord(12, 1, [0, 0, 0, 0, 10, 0, 0, 0, 40, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0]),
  ];
  const skipped = [mrtRecord(11, 0, [1, 2, 3]), mrtRecord(16, 99, [1]), mrtRecord(13, 99, [1])];
  writeFileSync(file, Buffer.concat([...bad, ...skipped, good]));
  const { text, complaints } = await print([file]);
  t.equal(text, "BGP4MP|1000|STATE|1.1.1.1|1|5|6\n");
  t.equal(complaints.length, bad.length);
  t.match(complaints[1], /offset 30: a record of type 16\/4: peers of address family 9/);
  t.match(complaints[2], /a route of peer 7; the peer index table has 0/);
  t.match(complaints[3], /a prefix of 33 bits/);
});

t.test("JSON has each message and route", async (t) => {
  const json = async (name: string) =>
    (await print([mrtVector(`${name}.gz`)], true)).text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  const updates = await json("updates.20160811.1600");
  t.equal(updates.length, (await readAll(mrtVector("updates.20160811.1600.gz"))).contents.length);
  t.same(updates[0], {
    t: 1470931200,
    seq: 1,
    type: 2,
    peer: "2001:7f8:54::188",
    peer_as: 59689,
    local: "2001:7f8:54::1:99",
    local_as: 12654,
    sent: false,
    msg: {
      attr: {
        1: 0,
        2: [[2, [59689, 6939, 3356, 4230, 28573]]],
        8: ["59689:200", "59689:240"],
        14: { afi_safi: [2, 1], nexthop: "2001:7f8:54::10", nlri: ["2804:14d::/40"] },
      },
      nlri: [],
      withdraw: [],
      afi_safi: "ipv6",
    },
  });
  t.match(
    updates.find(({ type }) => type === 0),
    { peer: String, msg: { from: /^[A-Z]+$/, to: /^[A-Z]+$/ } },
    "states are named",
  );
  const [peers, route] = await json("bview.ipv4_unicast_add_path");
  t.match(peers, { type: "peers", msg: { bgp_id: "10.0.16.1", view: "master" } });
  t.match(route, {
    type: "route",
    peer: "10.0.15.1",
    msg: { nlri: [{ prefix: "10.0.10.0/24", path_id: 36 }], afi_safi: "ipv4", originated: 1452167987 },
  });
});

t.test("errors are of one kind", async (t) => {
  const error = new MrtError("f", 7, "it is bad");
  t.equal(error.message, "f: offset 7: it is bad");
});

t.test("IPv6 addresses", async (t) => {
  const one = (text: string) => new Ink().address6(parseAddress(text) as Uint8Array, 0).text();
  const plain = [
    "::",
    "::1",
    "1::",
    "2001:db8::1:0:0:1",
    "1:0:2:3:4:5:6:7",
    "1:2:3:4:5:6::",
    "0:2:3:4:5:6:7:8",
    "fe80::1",
  ];
  for (const text of [...plain, "0:0:1::", "::1:2:3", "1:0:0:2::3", "1::2:0:0:3"]) t.equal(one(text), text);
  t.equal(one("::ffff:102:304"), "::ffff:1.2.3.4");
  t.equal(one("::102:304"), "::1.2.3.4");
});
