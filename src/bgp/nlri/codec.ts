// The JSON form of one NLRI, both ways: what each family's codec offers, and the forms that several families share.

import { formatAddress, parseAddress } from "../../base/ip.js";
import { type AttributeContext, bad } from "../attribute_values.js";

export interface NlriCodec {
  /**
   * JSON of one NLRI as on the wire: its length octets included, path identifier not. `withdraw`: it stood in a withdrawal.
   * `context`: what it hangs on in the attributes beside it.
   */
  decode(wire: Buffer, withdraw: boolean, context?: AttributeContext): unknown;
  /** The wire form of one. Throws ValueError. */
  encode(json: unknown, withdraw: boolean, context?: AttributeContext): Buffer;
}

export interface NextHopCodec {
  /** The next hop of an MP_REACH_NLRI as the members that yabgp gives it: `nexthop`, for some more beside it. */
  decode(hop: Buffer): Record<string, unknown>;
  /** The next hop that the members stand for. Throws ValueError. */
  encode(body: Readonly<Record<string, unknown>>): Buffer;
}

/** A codec whose decoder throws RangeError for what it cannot read: that is shown as hex digits instead. */
export function orHex(codec: NlriCodec): NlriCodec {
  return {
    decode: (wire, withdraw, context) => {
      try {
        return codec.decode(wire, withdraw, context);
      } catch (error) {
        if (error instanceof RangeError) return wire.toString("hex");
        throw error;
      }
    },
    encode: codec.encode,
  };
}

/** The members of a JSON object. Throws ValueError, with the form that is allowed. */
export function members(json: unknown, allowed: string): Readonly<Record<string, unknown>> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return bad(json, allowed);
  return json as Readonly<Record<string, unknown>>;
}

/** NLRI of a family without a form of its own: hex digits. */
export const rawNlri: NlriCodec = {
  decode: (wire) => wire.toString("hex"),
  encode: (json) => {
    const text = typeof json === "object" && json !== null && "prefix" in json ? json.prefix : json;
    if (typeof text !== "string" || !/^([0-9a-f]{2})+$/i.test(text)) return bad(json, "hex digits");
    return Buffer.from(text, "hex");
  },
};

/** An address, or a global and a link-local IPv6 one (RFC 2545 §3). */
export const addressHop: NextHopCodec = {
  decode: (hop) => {
    if (hop.length === 32) {
      return { nexthop: formatAddress(hop.subarray(0, 16)), linklocal_nexthop: formatAddress(hop.subarray(16)) };
    }
    return { nexthop: hop.length === 4 || hop.length === 16 ? formatAddress(hop) : hop.toString("hex") };
  },
  encode: (body) => {
    const hop = typeof body["nexthop"] === "string" ? parseAddress(body["nexthop"]) : null;
    if (!hop) return bad(body["nexthop"], "an address as nexthop");
    const local = body["linklocal_nexthop"];
    if (local === undefined) return Buffer.from(hop);
    const bytes = typeof local === "string" ? parseAddress(local) : null;
    return bytes?.length === 16 && hop.length === 16
      ? Buffer.concat([hop, bytes])
      : bad(local, "an IPv6 address as linklocal_nexthop");
  },
};
