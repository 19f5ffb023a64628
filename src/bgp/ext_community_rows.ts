// THE table of extended communities that have a name (RFC 4360 and the IANA registry): type, name, and the six value bytes
// as text both ways. Several rows with one name are the shapes of one community.

import { formatAddress } from "../base/ip.js";
import { bad, ipv4, u16, u32, unsigned, ValueError } from "./attribute_values.js";

export interface ExtCommunityRow {
  readonly name: string;
  /** Type and subtype. */
  readonly type: number;
  /** The six value bytes as text ("" when the name says it all), and back; null when the text is of another row with the same name. */
  show(value: Buffer): string;
  read(text: string): Buffer | null;
}

const join = (...parts: Uint8Array[]) => Buffer.concat(parts);

function pair(text: string): [string, string] {
  const at = text.lastIndexOf(":");
  return at < 0 ? bad(text, "two values with a colon between them") : [text.slice(0, at), text.slice(at + 1)];
}

/** Values of one to four octets with colons between them; a negative size is octets that are 0. `least`: how many must be given. */
function numbers(
  name: string,
  type: number,
  sizes: readonly number[],
  least = sizes.filter((size) => size > 0).length,
): ExtCommunityRow {
  return {
    name,
    type,
    show: (value) => {
      let at = 0;
      const shown = sizes.map((size) => {
        at += Math.abs(size);
        return size > 0 ? value.readUIntBE(at - size, size) : null;
      });
      return shown.filter((number) => number !== null).join(":");
    },
    read: (text) => {
      const given = text === "" ? [] : text.split(":");
      const most = sizes.filter((size) => size > 0).length;
      if (given.length < least || given.length > most) return bad(text, `${most} numbers with colons between them`);
      return join(
        ...sizes.map((size) => {
          const bytes = Buffer.alloc(Math.abs(size));
          if (size > 0) bytes.writeUIntBE(unsigned(given.shift() ?? 0, 256 ** size - 1), 0, size);
          return bytes;
        }),
      );
    },
  };
}

const as2 = (name: string, type: number): ExtCommunityRow => {
  const row = numbers(name, type, [2, 4]);
  return {
    ...row,
    read: (text) => {
      const [as] = pair(text);
      return as.includes(".") || unsigned(as, 0xffffffff) > 0xffff ? null : row.read(text);
    },
  };
};

const address = (name: string, type: number): ExtCommunityRow => ({
  name,
  type,
  show: (value) => `${formatAddress(value.subarray(0, 4))}:${value.readUInt16BE(4)}`,
  read: (text) => {
    const [left, number] = pair(text);
    return left.split(".").length === 4 ? join(ipv4(left), u16(unsigned(number, 0xffff))) : null;
  },
});

/** A four-octet AS; one that two octets would have held is "0.n" (RFC 5396), to be told from the other shape. */
const as4 = (name: string, type: number): ExtCommunityRow => ({
  name,
  type,
  show: (value) => {
    const as = value.readUInt32BE(0);
    return `${as > 0xffff ? as : `0.${as}`}:${value.readUInt16BE(4)}`;
  },
  read: (text) => {
    const [left, number] = pair(text);
    const [high, low, ...more] = left.split(".");
    if (more.length > 0) return null;
    const as =
      low === undefined ? unsigned(high, 0xffffffff) : unsigned(high, 0xffff) * 0x10000 + unsigned(low, 0xffff);
    return join(u32(as), u16(unsigned(number, 0xffff)));
  },
});

/** as2:n32, ip:n16 and as4:n16, the three shapes of RFC 4360 §3.1, §3.2 and RFC 5668. `type`: of the first. */
const threeShapes = (name: string, type: number): ExtCommunityRow[] => [
  as2(name, type),
  address(name, type + 0x0100),
  as4(name, type + 0x0200),
];

/** Two octets of an AS and a float. `whole`: what the number is, for a reader. */
function rate(name: string, type: number): ExtCommunityRow {
  return {
    name,
    type,
    show: (value) => {
      const number = value.readFloatBE(2);
      if (!Number.isFinite(number) || number < 0) throw new ValueError("no rate");
      return `${value.readUInt16BE(0)}:${number}`;
    },
    read: (text) => {
      const [as, number] = pair(text);
      const bytes = Buffer.alloc(4);
      const value = /^\d+(\.\d+)?(e[-+]?\d+)?$/i.test(number) ? Math.fround(Number(number)) : Number.NaN;
      if (!Number.isFinite(value)) return bad(text, "n:number");
      bytes.writeFloatBE(value);
      return join(u16(unsigned(as, 0xffff)), bytes);
    },
  };
}

function mac(name: string, type: number): ExtCommunityRow {
  return {
    name,
    type,
    show: (value) => [...value].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("-"),
    read: (text) =>
      /^[0-9a-f]{2}([-:][0-9a-f]{2}){5}$/i.test(text)
        ? Buffer.from(text.replace(/[-:]/g, ""), "hex")
        : bad(text, "six hex pairs with dashes"),
  };
}

/** A label in the high 20 bits of the last three octets. What is below it is 1 (yabgp), or a third number. */
function labelled(name: string, type: number): ExtCommunityRow {
  return {
    name,
    type,
    show: (value) => {
      const word = value.readUIntBE(3, 3);
      return `${value[0]}:${word >> 4}${(word & 15) === 1 ? "" : `:${word & 15}`}`;
    },
    read: (text) => {
      const [flag, label, low = "1", ...more] = text.split(":");
      if (more.length > 0) return bad(text, "flag:label");
      const word = unsigned(label, 0xfffff) * 16 + unsigned(low, 15);
      return Buffer.of(unsigned(flag, 255), 0, 0, word >> 16, (word >> 8) & 255, word & 255);
    },
  };
}

/** The Color community's CO bits (RFC 9256 §8.8.1) are part of the name. */
const color = (name: string, bits: number): ExtCommunityRow => ({
  name,
  type: 0x030b,
  show: (value) => {
    if (value.readUInt16BE(0) !== bits) throw new ValueError("other flags");
    return String(value.readUInt32BE(2));
  },
  read: (text) => join(u16(bits), u32(unsigned(text, 0xffffffff))),
});

const VALIDATION_STATES = ["valid", "not-found", "invalid"];

export const EXT_COMMUNITY_ROWS: readonly ExtCommunityRow[] = [
  ...threeShapes("route-target", 0x0002),
  ...threeShapes("route-origin", 0x0003),
  ...threeShapes("ospf-domain-id", 0x0005),
  ...threeShapes("bgp-data-collection", 0x0008),
  as2("source-as", 0x0009),
  as4("source-as", 0x0209),
  as2("l2vpn-id", 0x000a),
  address("l2vpn-id", 0x010a),
  address("ospf-router-id", 0x0107),
  address("vrf-route-import", 0x010b),
  // Flow specification (RFC 8955 §7, RFC 7674, draft-ietf-idr-flowspec-redirect-ip).
  ...threeShapes("redirect-vrf", 0x8008),
  rate("traffic-rate", 0x8006),
  rate("traffic-rate-packets", 0x800c),
  {
    name: "traffic-action",
    type: 0x8007,
    show: (value) => `S:${((value[5] as number) >> 1) & 1},T:${(value[5] as number) & 1}`,
    read: (text) => {
      const match = /^S:([01]),T:([01])$/i.exec(text);
      return match ? Buffer.of(0, 0, 0, 0, 0, Number(match[1]) * 2 + Number(match[2])) : bad(text, "S:0|1,T:0|1");
    },
  },
  {
    name: "traffic-marking-dscp",
    type: 0x8009,
    show: (value) => String(value[5]),
    read: (text) => Buffer.of(0, 0, 0, 0, 0, unsigned(text, 63)),
  },
  address("redirect-nexthop", 0x0800),
  address("redirect-ip", 0x010c),
  // Opaque ones.
  color("color", 0),
  color("color-00", 0),
  color("color-01", 0x4000),
  color("color-10", 0x8000),
  color("color-11", 0xc000),
  numbers("encapsulation", 0x030c, [-4, 2]),
  numbers("default-gateway", 0x030d, [-6]),
  {
    // RFC 4577 §4.2.6: area, route type, options.
    name: "ospf-route-type",
    type: 0x0306,
    show: (value) => `${formatAddress(value.subarray(0, 4))}:${value[4]}:${value[5]}`,
    read: (text) => {
      const [area = "", type, options = "0", ...more] = text.split(":");
      if (more.length > 0) return bad(text, "area:type:options");
      return join(ipv4(area), Buffer.of(unsigned(type, 255), unsigned(options, 255)));
    },
  },
  // Point of insertion, community identifier, cost (draft-retana-idr-bgp-custom-decision).
  numbers("cost", 0x4301, [1, 1, 4]),
  numbers("cost-transitive", 0x0301, [1, 1, 4]),
  {
    // RFC 8097 §2.
    name: "origin-validation-state",
    type: 0x4300,
    show: (value) => VALIDATION_STATES[value[5] as number] ?? "",
    read: (text) => {
      const state = VALIDATION_STATES.indexOf(text.toLowerCase());
      return state < 0 ? bad(text, VALIDATION_STATES.join(", ")) : Buffer.of(0, 0, 0, 0, 0, state);
    },
  },
  // EVPN (RFC 7432 §7, RFC 9135 §8, RFC 8214 §3.1, RFC 8317 §5).
  numbers("mac-mobility", 0x0600, [1, -1, 4]),
  labelled("esi-label", 0x0601),
  mac("es-import", 0x0602),
  mac("router-mac", 0x0603),
  numbers("evpn-l2-attributes", 0x0604, [2, 2, -2]),
  labelled("e-tree", 0x0605),
  // Encapsulation, control flags, MTU, preference (RFC 4761 §3.2.4).
  numbers("l2-info", 0x800a, [1, 1, 2, 2], 3),
  // draft-ietf-idr-link-bandwidth: octets a second, a float. yabgp writes the float's bits as an integer.
  rate("dmzlink-bw", 0x4004),
  rate("dmzlink-bw-transitive", 0x0004),
];
