// The stream that the benches feed must be what they say that it is.

import t from "tap";
import { decodeInJs } from "../../../bench/bgp_baseline.js";
import { PrefixCounter } from "../../../bench/bgp_count.js";
import { head, makeStream, withdrawalOf } from "../../../bench/bgp_stream.js";

const stream = makeStream(50_000, { sets: 5_000 });

/** Counts a stream that comes in chunks. */
function count(bytes: Buffer, chunk: number): PrefixCounter {
  const counter = new PrefixCounter();
  for (let at = 0; at < bytes.length; at += chunk) counter.push(bytes.subarray(at, at + chunk));
  return counter;
}

t.test("a table's proportions", async (t) => {
  t.equal(decodeInJs(stream.bytes), 50_000);
  const each = stream.prefixes / stream.updates;
  t.ok(each > 3.6 && each < 3.9, `${each} prefixes an UPDATE`);
  const size = stream.bytes.length / stream.prefixes;
  t.ok(size > 21.5 && size < 24.5, `${size} bytes a prefix`);
});

t.test("the counter of a sink, whatever the chunks", async (t) => {
  for (const chunk of [1, 18, 1000, 65_536, stream.bytes.length]) {
    const { announced, withdrawn, updates } = count(stream.bytes, chunk);
    t.same([announced, withdrawn, updates], [50_000, 0, stream.updates], `${chunk} bytes at a time`);
  }
});

t.test("the same prefixes with another next hop", async (t) => {
  const other = makeStream(50_000, { sets: 5_000, nextHop: [192, 0, 2, 77] });
  t.equal(other.bytes.length, stream.bytes.length);
  t.equal(other.last, stream.last);
  t.not(other.bytes.compare(stream.bytes), 0);
});

t.test("a part, and its withdrawal", async (t) => {
  const part = head(stream, 10_000);
  t.ok(part.prefixes >= 10_000 && part.prefixes < 10_020);
  t.equal(count(part.bytes, 4_096).announced, part.prefixes);
  t.equal(part.bytes.compare(stream.bytes, 0, part.bytes.length), 0);
  t.equal(head(stream, 50_000).last, stream.last);
  const gone = withdrawalOf(part);
  const counted = count(gone.bytes, 4_096);
  t.same([counted.announced, counted.withdrawn, counted.updates], [0, part.prefixes, gone.updates]);
  for (let at = 0; at < gone.bytes.length; at += gone.bytes.readUInt16BE(at + 16)) {
    t.ok(gone.bytes.readUInt16BE(at + 16) <= 4_096);
  }
});
