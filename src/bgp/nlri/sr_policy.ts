// SR policies (RFC 9830 §2.1): {"distinguisher": 0, "color": 10, "endpoint": "192.168.76.1"}. The policy itself is in the
// tunnel encapsulation attribute (tunnel_encaps.ts).

import { formatAddress, parseAddress } from "../../base/ip.js";
import { bad, u32, unsigned } from "../attribute_values.js";
import { members, type NlriCodec, orHex } from "./codec.js";
import type { Width } from "./prefix.js";

const HEAD_BYTES = 8;

export function srPolicy(width: Width): NlriCodec {
  const bytes = HEAD_BYTES + width;
  return orHex({
    decode: (wire) => {
      if (wire[0] !== bytes * 8 || wire.length !== 1 + bytes) throw new RangeError("an SR policy is malformed");
      return {
        distinguisher: wire.readUInt32BE(1),
        color: wire.readUInt32BE(5),
        endpoint: formatAddress(wire.subarray(1 + HEAD_BYTES)),
      };
    },
    encode: (json) => {
      const body = members(json, '{"distinguisher", "color", "endpoint"}');
      const number = (name: string) => u32(unsigned(body[name], 0xffffffff));
      const endpoint = typeof body["endpoint"] === "string" ? parseAddress(body["endpoint"]) : null;
      if (endpoint?.length !== width) {
        return bad(body["endpoint"], `an ${width === 4 ? "IPv4" : "IPv6"} address as endpoint`);
      }
      return Buffer.concat([Uint8Array.of(bytes * 8), number("distinguisher"), number("color"), endpoint]);
    },
  });
}
