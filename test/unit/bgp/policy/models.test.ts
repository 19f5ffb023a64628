// The Wasm half against models that are slow and plain: prefixes, communities and regular expressions.

import fc from "fast-check";
import t from "tap";
import { formatAddress, parsePrefix } from "../../../../src/base/ip.js";
import { bodyFault } from "../../../../src/bgp/config.js";
import { parsePolicy } from "../../../../src/bgp/policy/policy.js";
import { attributesOf, matches, view, withPolicy } from "../../../helpers/policy.js";

interface Range {
  readonly prefix: string;
  readonly ge: number;
  readonly le: number;
}

/** Few different bits, so that prefixes meet often. */
function prefixes(width: 4 | 16): fc.Arbitrary<string> {
  const bytes = fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: width, maxLength: width });
  return fc.tuple(bytes, fc.nat(width * 8)).map(([address, length]) => {
    const { bytes: cut } = parsePrefix(`${formatAddress(Uint8Array.from(address))}/${length}`) as { bytes: Uint8Array };
    return `${formatAddress(cut)}/${length}`;
  });
}

function ranges(width: 4 | 16): fc.Arbitrary<Range> {
  return fc.tuple(prefixes(width), fc.nat(128), fc.nat(128)).map(([prefix, a, b]) => {
    const length = Number(prefix.split("/")[1]);
    const within = (value: number) => length + (value % (width * 8 - length + 1));
    return { prefix, ge: Math.min(within(a), within(b)), le: Math.max(within(a), within(b)) };
  });
}

const bitsOf = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");

function covers(range: Range, text: string): boolean {
  const outer = parsePrefix(range.prefix);
  const inner = parsePrefix(text);
  if (!outer || !inner || outer.bytes.length !== inner.bytes.length) return false;
  const head = (bytes: Uint8Array) => bitsOf(bytes).slice(0, outer.length);
  return head(outer.bytes) === head(inner.bytes) && inner.length >= range.ge && inner.length <= range.le;
}

t.test("prefix lists", async (t) => {
  for (const width of [4, 16] as const) {
    fc.assert(
      fc.property(
        fc.array(ranges(width), { minLength: 1, maxLength: 40 }),
        fc.array(prefixes(width)),
        (list, asked) => {
          const rules = [{ if: { prefix: list }, then: { action: "accept" } }];
          withPolicy({ rules }, (handle) => {
            // Beside those of chance the list's own, which must meet.
            for (const text of [...asked, ...list.map(({ prefix }) => prefix)]) {
              const prefix = parsePrefix(text) ?? undefined;
              const { accepted } = view.run(handle, null, {
                attributes: new Uint8Array(),
                family: width === 4 ? 0 : 1,
                ...(prefix ? { prefix } : {}),
              });
              if (accepted !== list.some((range) => covers(range, text))) throw new Error(`${text}: ${accepted}`);
            }
          });
        },
      ),
      { numRuns: 60 },
    );
  }
  t.pass("as the model");
});

const PARTS = fc.constantFrom("0", "1", "7", "65535");
const WIDE = fc.constantFrom("0", "1", "4294967295");
const wildcard = (part: fc.Arbitrary<string>) => fc.oneof(part, fc.constant("*"));
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(":"));

const KINDS = [
  { key: "communities", code: 8, value: joined(PARTS, PARTS), pattern: joined(wildcard(PARTS), wildcard(PARTS)) },
  {
    key: "large_communities",
    code: 32,
    value: joined(WIDE, WIDE, WIDE),
    pattern: joined(wildcard(WIDE), wildcard(WIDE), wildcard(WIDE)),
  },
  {
    key: "extended_communities",
    code: 16,
    value: joined(fc.constant("route-target"), PARTS, WIDE),
    pattern: joined(fc.constant("route-target"), PARTS, wildcard(WIDE)),
  },
];

const like = (pattern: string, value: string) => {
  const parts = pattern.split(":");
  return value.split(":").every((part, i) => parts[i] === "*" || parts[i] === part);
};

t.test("communities: any, all, and removing", async (t) => {
  for (const { key, code, value, pattern } of KINDS) {
    const some = { minLength: 1, maxLength: 6 };
    fc.assert(
      fc.property(fc.array(value, some), fc.array(pattern, some), (values, patterns) => {
        // 65535:65535 and others would come back by name, if they had one: none of these has.
        const attr = { 1: 0, [code]: values };
        const met = (one: string) => values.some((item) => like(one, item));
        if (matches({ [key]: { any: patterns } }, attr) !== patterns.some(met)) throw new Error("any");
        if (matches({ [key]: { all: patterns } }, attr) !== patterns.every(met)) throw new Error("all");
        const rules = [{ then: { [key]: { remove: patterns }, action: "accept" } }];
        const left = values.filter((item) => !patterns.some((one) => like(one, item)));
        const expected = attributesOf(left.length > 0 ? { 1: 0, [code]: left } : { 1: 0 });
        withPolicy({ rules }, (handle) => {
          const outcome = view.run(handle, null, { family: 0, attributes: attributesOf(attr) });
          if (!outcome.accepted || !expected.equals(outcome.attributes)) throw new Error("remove");
        });
      }),
      { numRuns: 100 },
    );
  }
  t.pass("as the model");
});

const EXPRESSIONS = [
  "^$",
  "_1_",
  "^1_",
  "_12$",
  "^1( 2)*$",
  "^(1|12)_",
  ".*",
  "^[0-9]+$",
  "_1[0-2]_",
  "^1_.*_2$",
  "^(1 )+2$",
  "1?2",
  "_1{2}_",
  "^[^2]*$",
  "^1( 1){0,2} 2",
  "^_1",
  "2_$",
  "_",
  "^1|2$",
  "(_1|_2)+$",
  "[{,]2[,}]",
  "^\\(1",
  "(1|2|12){2,3}$",
  "12",
  "^.{3}$",
];

/** The same expression for JavaScript. */
const model = (text: string) => new RegExp(text.replace(/_/g, "(?:^|[,{}() ]|$)"));

const segment = fc.tuple(
  fc.integer({ min: 1, max: 4 }),
  fc.array(fc.constantFrom(1, 2, 12, 112, 21), { minLength: 1, maxLength: 4 }),
);

function textOf(segments: readonly [number, number[]][]): string {
  const one = ([type, numbers]: [number, number[]]) =>
    type === 2 ? numbers.join(" ") : type === 3 ? `(${numbers.join(" ")})` : `{${numbers.join(",")}}`;
  return segments.map(one).join(" ");
}

t.test("regular expressions over AS paths", async (t) => {
  for (const text of EXPRESSIONS) {
    withPolicy({ rules: [{ if: { as_path: text }, then: { action: "accept" } }] }, (handle) => {
      const check = (segments: [number, number[]][]) => {
        const { accepted } = view.run(handle, null, { family: 0, attributes: attributesOf({ 2: segments }) });
        const expected = model(text).test(textOf(segments));
        if (accepted !== expected) throw new Error(`${text} on "${textOf(segments)}": ${accepted}`);
      };
      check([]);
      check([[2, [4_294_967_295]]]);
      fc.assert(fc.property(fc.array(segment, { maxLength: 3 }), check), { numRuns: 60 });
    });
  }
  t.pass("as JavaScript's");
});

t.test("a hundred thousand prefixes", async (t) => {
  const list = Array.from({ length: 100_000 }, (_, i) => `${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`);
  const { program } = parsePolicy(
    { name: "big", rules: [{ if: { prefix: list }, then: { action: "accept" } }] },
    "",
    bodyFault,
  );
  const policy = view.load(program);
  const run = (text: string) =>
    view.run(policy, null, {
      family: 0,
      attributes: new Uint8Array(),
      prefix: parsePrefix(text) as NonNullable<ReturnType<typeof parsePrefix>>,
    }).accepted;
  t.ok(list.every((_, i) => i % 997 !== 0 || run(list[i] as string)));
  t.notOk(run("9.0.0.0/24") || run("1.0.0.0/23") || run("1.0.0.0/25"));
  view.free(policy);
});
