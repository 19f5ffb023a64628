// Every family's codec: what is encoded reads as it was given, and what is read encodes to the same bytes.

import fc from "fast-check";
import t from "tap";
import { parsePrefix } from "../../../../src/base/ip.js";
import { type Family, familyByName } from "../../../../src/bgp/families.js";
import { decodeItems, encodeItems } from "../../../../src/bgp/nlri/items.js";
import { prefixText } from "../../../../src/bgp/nlri/prefix.js";

const RUNS = { numRuns: 300 };

const prefix = (width: 4 | 16) =>
  fc
    .tuple(fc.uint8Array({ minLength: width, maxLength: width }), fc.integer({ min: 0, max: width * 8 }))
    .map(([bytes, bits]) => prefixText(bits, bytes, width));
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
/** Label 0 is for the bottom of the stack. */
const label = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 0xfffff }), { maxLength: 2 }), fc.integer({ min: 0, max: 0xfffff }))
  .map(([above, bottom]) => [...above, bottom]);
const rd = fc.oneof(
  fc.tuple(u16, u32).map(([as, n]) => `${as}:${n}`),
  fc.tuple(fc.ipV4(), u16).map(([address, n]) => `${address}:${n}`),
  fc.tuple(fc.integer({ min: 0x10000, max: 0xffffffff }), u16).map(([as, n]) => `${as}:${n}`),
  fc.tuple(u16, u16).map(([as, n]) => `0.${as}:${n}`),
  fc.bigInt({ min: 3n << 48n, max: (1n << 64n) - 1n }).map((n) => `unknown:${n.toString(16).padStart(16, "0")}`),
);
const address = (width: 4 | 16) =>
  prefix(width).map(
    (text) => prefixText(width * 8, parsePrefix(text)?.bytes ?? Buffer.alloc(0), width).split("/")[0] as string,
  );

const number = fc
  .bigInt({ min: 0n, max: (1n << 64n) - 1n })
  .chain((top) => fc.integer({ min: 0, max: 63 }).map((shift) => top >> BigInt(shift)));
const list = (signs: readonly string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom("|", "&"), fc.constantFrom(...signs), number), { minLength: 1, maxLength: 8 })
    .map((items) => items.map(([join, sign, n], i) => `${i === 0 ? "" : join}${sign}${n}`).join(""));
const numeric = list(["=", "!=", ">", ">=", "<", "<=", "><="]);
const bitmask = list(["", "=", "!", "!="]);
const offsetPrefix = prefix(16).chain((text) => {
  const bits = Number(text.split("/")[1]);
  return fc.integer({ min: 0, max: Math.max(bits - 1, 0) }).map((offset) => {
    const bytes = parsePrefix(text)?.bytes ?? Buffer.alloc(16);
    // Bits before the offset are not sent.
    const masked = bytes.map((byte, i) => byte & (offset >= i * 8 + 8 ? 0 : 0xff >> Math.max(offset - i * 8, 0)));
    return { prefix: prefixText(bits, masked, 16), offset };
  });
});

function rule(width: 4 | 16, vpn: boolean): fc.Arbitrary<Record<string, unknown>> {
  const ends = width === 4 ? prefix(4) : offsetPrefix;
  const parts: Record<string, fc.Arbitrary<unknown>> = { 1: ends, 2: ends, 9: bitmask, 12: bitmask };
  for (const type of [3, 4, 5, 6, 7, 8, 10, 11, ...(width === 16 ? [13] : [])]) parts[type] = numeric;
  const some = fc.record(parts, { requiredKeys: [] }).filter((json) => Object.keys(json).length > 0);
  return vpn ? fc.tuple(rd, some).map(([value, json]) => ({ rd: value, ...json })) : some;
}

const policy = (width: 4 | 16) => fc.record({ distinguisher: u32, color: u32, endpoint: address(width) });
const target = fc.oneof(
  fc.record({ origin_as: u32, route_target: fc.tuple(u16, u32).map(([as, n]) => `route-target:${as}:${n}`) }),
  fc.record({ origin_as: u32, prefix_length: fc.constant(32) }),
  fc.constant({ origin_as: 0, prefix_length: 0 }),
  fc.record({
    origin_as: u32,
    route_target: u16.map((as) => `route-target:${as}:0`),
    prefix_length: fc.integer({ min: 64, max: 95 }),
  }),
);

const ITEMS: Record<string, fc.Arbitrary<unknown>> = {
  ipv4: prefix(4),
  ipv6: prefix(16),
  ipv4_mcast: prefix(4),
  ipv6_mcast: prefix(16),
  ipv4_lu: fc.record({ label, prefix: prefix(4) }),
  ipv6_lu: fc.record({ label, prefix: prefix(16) }),
  vpnv4: fc.record({ label, rd, prefix: prefix(4) }),
  // Three labels, a distinguisher and 128 bits are more than a length octet can say.
  vpnv6: fc.record({ label: label.map((labels) => labels.slice(-2)), rd, prefix: prefix(16) }),
  flowspec: rule(4, false),
  ipv6_flowspec: rule(16, false),
  vpnv4_flowspec: rule(4, true),
  vpnv6_flowspec: rule(16, true),
  ipv4_srte: policy(4),
  ipv6_srte: policy(16),
  rtc: target,
};

const withdrawn = (json: unknown) =>
  typeof json === "object" && json !== null && "label" in json ? { ...json, label: [0x80000] } : json;

for (const [name, item] of Object.entries(ITEMS)) {
  t.test(`${name}: lists go out and come back`, async () => {
    const family = familyByName(name) as Family;
    const items = fc.array(item, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(items, fc.boolean(), (json, withdraw) => {
        const wire = Buffer.concat(encodeItems(family, json, { addPath: false, withdraw }));
        const back = decodeItems(family, wire, { addPath: false, withdraw });
        t.same(back, withdraw ? json.map(withdrawn) : json);
        const again = Buffer.concat(encodeItems(family, back, { addPath: false, withdraw }));
        return again.equals(wire);
      }),
      RUNS,
    );
  });

  t.test(`${name}: path identifiers`, async () => {
    const family = familyByName(name) as Family;
    fc.assert(
      fc.property(item, u32, (json, id) => {
        const given =
          typeof json === "object" && json !== null ? { ...json, path_id: id } : { prefix: json, path_id: id };
        const wire = Buffer.concat(encodeItems(family, [given], { addPath: true, withdraw: false }));
        t.same(decodeItems(family, wire, { addPath: true, withdraw: false }), [given]);
        return wire.readUInt32BE(0) === id;
      }),
      { numRuns: 50 },
    );
  });

  t.test(`${name}: any bytes are read, and what is no rubbish encodes again`, async () => {
    const family = familyByName(name) as Family;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, withdraw) => {
        const json = family.nlri.decode(Buffer.from(bytes), withdraw);
        return json !== undefined && JSON.stringify(json).length > 0;
      }),
      RUNS,
    );
  });
}
