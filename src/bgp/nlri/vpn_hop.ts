// Next hops of VPN families: an address behind a route distinguisher of zero (RFC 4364 §4.3.2, RFC 4659 §3.2,
// RFC 8950 §3), as {"nexthop": {"rd": "0:0", "str": "2.2.2.2"}}.

import { formatAddress, parseAddress } from "../../base/ip.js";
import { bad } from "../attribute_values.js";
import { addressHop, type NextHopCodec } from "./codec.js";
import { RD_BYTES, rdText, readRd } from "./rd.js";

const V4 = RD_BYTES + 4;
const V6 = RD_BYTES + 16;

function address(json: unknown, name: string): Uint8Array {
  const bytes = typeof json === "string" ? parseAddress(json) : null;
  return bytes ?? bad(json, `an address as ${name}`);
}

/** An IPv6 next hop may have a link-local one beside it: `linklocal_nexthop`. A plain address is sent with RD 0:0. */
export const vpnHop: NextHopCodec = {
  decode: (hop) => {
    if (hop.length !== V4 && hop.length !== V6 && hop.length !== 2 * V6) return addressHop.decode(hop);
    const first = hop.subarray(0, hop.length === V4 ? V4 : V6);
    const nexthop = { rd: rdText(first), str: formatAddress(first.subarray(RD_BYTES)) };
    if (hop.length !== 2 * V6) return { nexthop };
    return { nexthop, linklocal_nexthop: formatAddress(hop.subarray(V6 + RD_BYTES)) };
  },
  encode: (body) => {
    const { nexthop, linklocal_nexthop: local } = body;
    const given = typeof nexthop === "object" && nexthop !== null ? nexthop : { str: nexthop };
    const rd = "rd" in given ? readRd(given.rd) : Buffer.alloc(RD_BYTES);
    const global = address("str" in given ? given.str : undefined, "nexthop");
    if (local === undefined) return Buffer.concat([rd, global]);
    const second = address(local, "linklocal_nexthop");
    if (global.length !== 16 || second.length !== 16) return bad(local, "an IPv6 address beside an IPv6 nexthop");
    return Buffer.concat([rd, global, Buffer.alloc(RD_BYTES), second]);
  },
};

/** The next hop of a flow specification: mostly none, "" (RFC 8955 §4). */
export const flowHop: NextHopCodec = {
  decode: (hop) => (hop.length === 0 ? { nexthop: "" } : vpnHop.decode(hop)),
  encode: (body) => {
    if (body["nexthop"] === "" || body["nexthop"] === undefined) return Buffer.alloc(0);
    return typeof body["nexthop"] === "object" ? vpnHop.encode(body) : addressHop.encode(body);
  },
};
