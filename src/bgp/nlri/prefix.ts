// NLRI that are a prefix and nothing else (RFC 4271 §4.3, RFC 4760 §5): unicast and multicast.

import { formatAddress, parsePrefix } from "../../base/ip.js";
import { bad } from "../attribute_values.js";
import type { NlriCodec } from "./codec.js";

/** `bytes`: 4 or 16, of the family's addresses. Host bits are cleared when a prefix is encoded. */
export function prefixNlri(bytes: 4 | 16): NlriCodec {
  return {
    decode: (wire) => {
      const address = Buffer.alloc(bytes);
      wire.copy(address, 0, 1, 1 + bytes);
      return `${formatAddress(address)}/${wire[0]}`;
    },
    encode: (json) => {
      const prefix = typeof json === "string" ? parsePrefix(json) : null;
      if (prefix?.bytes.length !== bytes) {
        return bad(json, bytes === 4 ? "IPv4 prefixes a.b.c.d/n" : "IPv6 prefixes x::/n");
      }
      return Buffer.concat([Uint8Array.of(prefix.length), prefix.bytes.subarray(0, (prefix.length + 7) >> 3)]);
    },
  };
}
