import { crc32 as reference } from "node:zlib";
import fc from "fast-check";
import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { crc32, decodeKey, encodeKey, packOps, unpackOps } from "../../../src/store/codec.js";
import type { Key } from "../../../src/store/engine.js";

const keys = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: "grapheme" }));

t.test("keys come back as they went in", async (t) => {
  fc.assert(fc.property(keys, (key) => decodeKey(encodeKey("users", key)) === key));
  fc.assert(
    fc.property(fc.uint8Array(), (key) => Buffer.from(key).equals(decodeKey(encodeKey("users", key)) as Buffer)),
  );
  t.throws(() => encodeKey("users", new Uint8Array(LIMITS.storeKeyBytes + 1)), { code: "KEY_TOO_LONG" });
  t.throws(() => encodeKey("users", 1.5), /not an integer/);
  t.throws(() => encodeKey("users", Number.NaN), /not an integer/);
  t.throws(() => encodeKey("users", null as never), /neither/);
  t.throws(() => encodeKey("users", "x".repeat(LIMITS.storeKeyBytes + 1)), { code: "KEY_TOO_LONG" });
  t.throws(() => decodeKey(Buffer.from([9, 9])), /not a key/);
});

t.test("integers sort by value and before strings, bytes after them", async () => {
  const order = (a: Key, b: Key) => Buffer.compare(encodeKey("x", a), encodeKey("x", b));
  fc.assert(fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => Math.sign(a - b) === order(a, b)));
  fc.assert(fc.property(fc.maxSafeInteger(), fc.string(), (a, b) => order(a, b) < 0));
  fc.assert(fc.property(fc.string(), fc.uint8Array(), (a, b) => order(a, b) < 0));
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => order(a, b) === Buffer.compare(a, b)));
});

t.test("sums are those of zlib", async () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === reference(bytes)));
});

t.test("a packed batch unpacks to the same changes", async () => {
  const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array));
  const op = fc.record({ table: fc.nat(300), key: bytes, value: fc.option(bytes) });
  fc.assert(
    fc.property(fc.array(op, { maxLength: 20 }), (ops) => {
      const back = [...unpackOps(packOps(ops))];
      return JSON.stringify(back) === JSON.stringify(ops);
    }),
  );
});
