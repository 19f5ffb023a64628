// Route target membership (RFC 4684 §4): {"origin_as": 65001, "route_target": "route-target:65001:100"}. A prefix of
// fewer than 96 bits says so in "prefix_length": 0 is the default, which asks for all routes, 32 an AS without a target.

import { bad, u32, unsigned } from "../attribute_values.js";
import { extCommunities } from "../ext_communities.js";
import { members, type NlriCodec, orHex } from "./codec.js";
import { prefixOctets } from "./prefix.js";

const AS_BITS = 32;
const WHOLE_BITS = 96;

/** The octets of the first `bits` bits, the others cleared. */
function cut(bytes: Buffer, bits: number): Uint8Array {
  const octets = Buffer.from(bytes);
  for (let bit = bits; bit < octets.length * 8; bit++) {
    octets[bit >> 3] = (octets[bit >> 3] as number) & ~(0x80 >> (bit & 7));
  }
  return prefixOctets({ bytes: octets, length: bits });
}

const isLength = (bits: number) => bits === 0 || (bits >= AS_BITS && bits <= WHOLE_BITS);

export const rtc: NlriCodec = orHex({
  decode: (wire) => {
    const bits = wire.readUInt8(0);
    const octets = wire.subarray(1);
    if (!isLength(bits) || octets.length < (bits + 7) >> 3) throw new RangeError("a route target prefix is malformed");
    if (bits === 0) return { origin_as: 0, prefix_length: 0 };
    const origin_as = octets.readUInt32BE(0);
    if (bits === AS_BITS) return { origin_as, prefix_length: bits };
    const whole = Buffer.alloc(WHOLE_BITS / 8);
    whole.set(cut(octets, bits));
    const [route_target] = extCommunities.decode(whole.subarray(4), 4) as string[];
    return bits === WHOLE_BITS ? { origin_as, route_target } : { origin_as, route_target, prefix_length: bits };
  },
  encode: (json) => {
    const body = members(json, '{"origin_as", "route_target"}');
    const target = body["route_target"];
    const bits = unsigned(body["prefix_length"] ?? (target === undefined ? AS_BITS : WHOLE_BITS), WHOLE_BITS);
    if (!isLength(bits)) return bad(bits, "a prefix_length of 0, or 32 to 96");
    if (bits > AS_BITS && target === undefined) return bad(target, "a route_target");
    const as = u32(unsigned(body["origin_as"] ?? (bits === 0 ? 0 : undefined), 0xffffffff));
    const value = target === undefined ? Buffer.alloc(8) : extCommunities.encode([target], 4);
    if (value.length !== 8) return bad(target, "one extended community as route_target");
    return Buffer.concat([Uint8Array.of(bits), cut(Buffer.concat([as, value]), bits)]);
  },
});
