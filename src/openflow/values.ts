// Kinds of values in match fields and actions: JSON to network bytes and back. A row of match_fields.ts names its kind.
// Printers return JSON text, since listings of 100,000 flows are printed field by field.

import { AppError } from "../base/errors.js";
import { formatAddress, parseAddress } from "../base/ip.js";
import { VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";

/** What a kind needs to know of the field. */
export interface Shape {
  readonly name: string;
  readonly bytes: number;
  /** Bits in use, from the low end. */
  readonly bits: number;
}

export interface Value {
  readonly value: Uint8Array;
  /** Set when the value's own text says which bits count (CIDR, "present", extension headers). */
  readonly mask?: Uint8Array;
}

export interface Kind {
  /** What is allowed, for error texts and docs/openflow.md. */
  readonly allowed: string;
  parse(value: unknown, shape: Shape): Value | null;
  /** JSON text of the `n` bytes at `at`. */
  print(bytes: Buffer, at: number, n: number): string;
  /** Masks in another form than values; default: the same. */
  parseMask?(value: unknown, shape: Shape): Uint8Array | null;
  printMask?(bytes: Buffer, at: number, n: number): string;
  /** The whole of a masked field after its name, when value and mask are not printed apart. */
  printBoth?(bytes: Buffer, at: number, n: number): string | null;
}

/** The error for a value that a field cannot have. */
export function badValue(name: string, value: unknown, allowed: string): AppError {
  return new AppError("OPENFLOW_VALUE", {
    reason: `${name}: ${(JSON.stringify(value) ?? "nothing").slice(0, 100)} is not valid; allowed: ${allowed}`,
  });
}

/** The error for what OpenFlow 1.0 does not have; clients take the version that is needed from the text's end. */
export function beforeV13(what: string): AppError {
  return new AppError("OPENFLOW_BEFORE_1_3", { what });
}

/** A whole number from JSON: a number, decimal text or 0x text; null when it is none or needs more bits. */
export function wholeNumber(value: unknown, bits: number): bigint | null {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits ? BigInt(value) : null;
  }
  if (typeof value !== "string" || !/^(\d{1,20}|0[xX][0-9a-fA-F]{1,16})$/.test(value)) return null;
  const number = BigInt(value);
  return number >> BigInt(bits) === 0n ? number : null;
}

/** As `wholeNumber`, for up to 48 bits and without BigInt: most values of most flows. */
export function smallNumber(value: unknown, bits: number): number | null {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 && value < 2 ** bits ? value : null;
  const number = wholeNumber(value, bits);
  return number === null ? null : Number(number);
}

/** `bytes` bytes of a number in network order. */
export function bigEndian(value: bigint | number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  if (typeof value === "number" && value <= 0xffffffff) {
    for (let i = bytes - 1, rest = value; i >= 0; i--, rest >>>= 8) out[i] = rest;
  } else if (typeof value === "number") {
    for (let i = bytes - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest & 0xff;
  } else {
    for (let i = bytes - 1, rest = value; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  }
  return out;
}

function hexDigits(bytes: Buffer, at: number, n: number): string {
  const digits = bytes.toString("hex", at, at + n).replace(/^0+/, "");
  return digits === "" ? "0" : digits;
}

function printHex(bytes: Buffer, at: number, n: number): string {
  return `"0x${hexDigits(bytes, at, n)}"`;
}

function printNumber(bytes: Buffer, at: number, n: number): string {
  return String(bytes.readUIntBE(at, n));
}

/** Text is hex with or without 0x, as HP's codec reads it; a JSON number is its value. */
function parseHex(value: unknown, shape: Shape): Uint8Array | null {
  const hex = typeof value === "string" && /^[0-9a-fA-F]{1,16}$/.test(value) ? `0x${value}` : value;
  const number = shape.bits <= 48 ? smallNumber(hex, shape.bits) : wholeNumber(hex, shape.bits);
  return number === null ? null : bigEndian(number, shape.bytes);
}

const PORT_NAMES: Readonly<Record<string, number>> = {
  MAX: 0xffffff00,
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
};
const PORT_OF_NUMBER = new Map(Object.entries(PORT_NAMES).map(([name, number]) => [number, name]));

/** OFPP_ANY of 1.3 is OFPP_NONE in 1.0. */
const ANY_PORT = 0xffffffff;
const NONE = "NONE";
/** In 1.0 ports from here on are reserved, with the numbers of 1.3 cut to 16 bits. */
const RESERVED_1_0 = 0xff00;

/**
 * A port from a number, decimal or 0x text, or a reserved name in any case; null when it is none. 1.0: reserved numbers in
 * 16 or in 32 bits; the result has 32 in both versions.
 */
export function parsePort(value: unknown, version: number = VERSION_1_3): number | null {
  const old = version === VERSION_1_0;
  if (typeof value === "string") {
    const name = value.toUpperCase();
    if (old && name === NONE) return ANY_PORT;
    const named = PORT_NAMES[name];
    if (named !== undefined) return named;
  }
  const port = smallNumber(value, 32);
  if (port === null || (port > 0xffffff00 && port < 0xfffffff8)) return null;
  if (!old || port < RESERVED_1_0 || port >= 0xffffff00) return port;
  return port <= 0xffff ? parsePort(port + 0xffff0000) : null;
}

/** JSON text of a port: its number, or the reserved name in quotes. */
export function printPort(port: number, version: number = VERSION_1_3): string {
  const name = port >= 0xffffff00 ? portView(port, version) : port;
  return typeof name === "number" ? String(name) : `"${name}"`;
}

/** A port as a JSON value: number or reserved name. */
export function portView(port: number, version: number = VERSION_1_3): number | string {
  if (port === ANY_PORT && version === VERSION_1_0) return NONE;
  return PORT_OF_NUMBER.get(port) ?? port;
}

const PORT_ALLOWED = `a port number, or one of ${Object.keys(PORT_NAMES).join(", ")}`;

/** What is allowed as a port, for error texts. */
export function portAllowed(version: number): string {
  if (version !== VERSION_1_0) return PORT_ALLOWED;
  const names = Object.keys(PORT_NAMES).map((name) => (name === "ANY" ? NONE : name));
  return `a port number below ${RESERVED_1_0}, or one of ${names.join(", ")}`;
}

/** Names of a number space; printed by name where there is one, read by name or number. */
interface Names {
  readonly toNumber: ReadonlyMap<string, number>;
  readonly toName: ReadonlyMap<number, string>;
}

function names(table: Readonly<Record<string, number>>, aliases: Readonly<Record<string, number>> = {}): Names {
  return {
    toNumber: new Map([...Object.entries(table), ...Object.entries(aliases)]),
    toName: new Map(Object.entries(table).map(([name, number]) => [number, name])),
  };
}

export const ETH_TYPES = names({
  ipv4: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  vlan: 0x8100,
  snmp: 0x814c,
  ipv6: 0x86dd,
  mpls_u: 0x8847,
  mpls_m: 0x8848,
  prv_brdg: 0x88a8,
  lldp: 0x88cc,
  pbb: 0x88e7,
  bddp: 0x8999,
});

// IANA's protocol keywords, lower case.
const IP_PROTOCOLS = names(
  {
    icmp: 1,
    igmp: 2,
    ipv4: 4,
    tcp: 6,
    udp: 17,
    dccp: 33,
    ipv6: 41,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    rsvp: 46,
    gre: 47,
    esp: 50,
    ah: 51,
    "ipv6-icmp": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    eigrp: 88,
    ospfigp: 89,
    etherip: 97,
    pim: 103,
    vrrp: 112,
    l2tp: 115,
    sctp: 132,
    udplite: 136,
    "mpls-in-ip": 137,
  },
  { icmpv6: 58, ospf: 89 },
);

const ICMPV4_TYPES = names({}, { echo_reply: 0, dst_unreach: 3, redirect: 5, echo_request: 8, time_exceeded: 11 });
const ICMPV6_TYPES = names(
  { nbr_sol: 135, nbr_adv: 136 },
  { echo_request: 128, echo_reply: 129, rtr_sol: 133, rtr_adv: 134 },
);

function named(table: Names, allowed: string, hex = false): Kind {
  return {
    allowed,
    parse(value, shape) {
      const known = typeof value === "string" ? table.toNumber.get(value.toLowerCase()) : undefined;
      const number = known ?? smallNumber(value, shape.bits);
      return number === null ? null : { value: bigEndian(number, shape.bytes) };
    },
    print(bytes, at, n) {
      const number = bytes.readUIntBE(at, n);
      const name = table.toName.get(number);
      if (name !== undefined) return `"${name}"`;
      return hex ? `"0x${number.toString(16).padStart(n * 2, "0")}"` : String(number);
    },
  };
}

const VID_PRESENT = 0x1000; // OFPVID_PRESENT (spec §7.2.3.7)
const EXTENSION_HEADERS = ["no_next", "esp", "auth", "dest", "frag", "router", "hop", "un_rep", "un_seq"];

/** A hex digit's value by its character code, -1 for others. */
const HEX_VALUE = Int8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase()),
);

/** Six bytes from hex pairs with colons or dashes, or null. */
function parseMac(value: unknown): Uint8Array | null {
  if (typeof value !== "string" || value.length !== 17) return null;
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) {
    const high = HEX_VALUE[value.charCodeAt(3 * i)] ?? -1;
    const low = HEX_VALUE[value.charCodeAt(3 * i + 1)] ?? -1;
    const separator = value.charCodeAt(3 * i + 2);
    if (high < 0 || low < 0 || (i < 5 && separator !== 58 && separator !== 45)) return null;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

const HEX_PAIR = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Colon-separated lower-case hex of `n` bytes. */
export function colonHex(bytes: Uint8Array, at = 0, n = bytes.length): string {
  let text = HEX_PAIR[bytes[at] as number] as string;
  for (let i = 1; i < n; i++) text += `:${HEX_PAIR[bytes[at + i] as number]}`;
  return text;
}

function address(length: 4 | 16): Kind {
  const parseOne = (value: unknown): Uint8Array | null => {
    const bytes = typeof value === "string" ? parseAddress(value) : null;
    return bytes?.length === length ? bytes : null;
  };
  return {
    allowed: length === 4 ? "an IPv4 address, or ADDRESS/LENGTH" : "an IPv6 address, or ADDRESS/LENGTH",
    parse(value) {
      const plain = parseOne(value);
      if (plain) return { value: plain };
      const [text, prefix] = typeof value === "string" ? value.split("/", 2) : [];
      const bytes = prefix === undefined ? null : parseOne(text);
      if (!bytes || prefix === undefined) return null;
      if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > length * 8) return null;
      const mask = new Uint8Array(length);
      for (let bit = 0; bit < Number(prefix); bit++) mask[bit >> 3] = (mask[bit >> 3] as number) | (0x80 >> (bit & 7));
      return { value: bytes, mask };
    },
    parseMask: parseOne,
    print(bytes, at) {
      if (length === 4) return `"${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}"`;
      return `"${formatAddress(bytes.subarray(at, at + 16))}"`;
    },
  };
}

export const KINDS = {
  port: {
    allowed: PORT_ALLOWED,
    parse(value) {
      const port = parsePort(value);
      return port === null ? null : { value: bigEndian(port, 4) };
    },
    print: (bytes, at) => printPort(bytes.readUInt32BE(at)),
  },
  number: {
    allowed: "a number, decimal or 0x text, within the field's bits",
    parse(value, shape) {
      const number = smallNumber(value, shape.bits);
      return number === null ? null : { value: bigEndian(number, shape.bytes) };
    },
    print: printNumber,
    printMask: printHex,
  },
  hex: {
    allowed: "hex text with or without 0x, or a number, within the field's bits",
    parse(value, shape) {
      const bytes = parseHex(value, shape);
      return bytes ? { value: bytes } : null;
    },
    print: printHex,
  },
  mac: {
    allowed: "six hex bytes with colons",
    parse(value) {
      const bytes = parseMac(value);
      return bytes ? { value: bytes } : null;
    },
    print: (bytes, at) => `"${colonHex(bytes, at, 6)}"`,
  },
  ethType: named(ETH_TYPES, `one of ${[...ETH_TYPES.toNumber.keys()].join(", ")}, a number or 0x text`, true),
  ipProto: named(IP_PROTOCOLS, "an IANA protocol keyword (tcp, udp, icmp, ipv6-icmp, …) or a number"),
  icmpv4Type: named(ICMPV4_TYPES, `a number, or one of ${[...ICMPV4_TYPES.toNumber.keys()].join(", ")}`),
  icmpv6Type: named(ICMPV6_TYPES, `a number, or one of ${[...ICMPV6_TYPES.toNumber.keys()].join(", ")}`),
  ipv4: address(4),
  ipv6: address(16),
  vlanVid: {
    allowed: 'a VLAN id 0..4095, "none", or "present"',
    parse(value) {
      if (value === "none") return { value: bigEndian(0, 2) };
      if (value === "present") return { value: bigEndian(VID_PRESENT, 2), mask: bigEndian(VID_PRESENT, 2) };
      const vid = smallNumber(value, 12);
      return vid === null ? null : { value: bigEndian(vid | VID_PRESENT, 2) };
    },
    parseMask(value) {
      const mask = smallNumber(value, 13);
      return mask === null ? null : bigEndian(mask | VID_PRESENT, 2);
    },
    print(bytes, at) {
      const vid = bytes.readUInt16BE(at);
      return vid === 0 ? '"none"' : String(vid & 0xfff);
    },
    printMask: printHex,
    printBoth: (bytes, at) =>
      bytes.readUInt16BE(at) === VID_PRESENT && bytes.readUInt16BE(at + 2) === VID_PRESENT ? '"present"' : null,
  },
  extensionHeaders: {
    allowed: `an object of ${EXTENSION_HEADERS.join(", ")} to true or false`,
    parse(value) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
      let bits = 0;
      let mask = 0;
      for (const [name, present] of Object.entries(value)) {
        const bit = EXTENSION_HEADERS.indexOf(name);
        if (bit < 0 || typeof present !== "boolean") return null;
        mask |= 1 << bit;
        if (present) bits |= 1 << bit;
      }
      if (mask === 0x1ff) return { value: bigEndian(bits, 2) };
      return { value: bigEndian(bits, 2), mask: bigEndian(mask, 2) };
    },
    parseMask: () => null,
    print: (bytes, at) => printHeaders(bytes.readUInt16BE(at), 0x1ff),
    printBoth: (bytes, at) => printHeaders(bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)),
  },
} as const satisfies Record<string, Kind>;

function printHeaders(bits: number, mask: number): string {
  const parts = EXTENSION_HEADERS.flatMap((name, bit) =>
    mask & (1 << bit) ? [`"${name}":${(bits & (1 << bit)) !== 0}`] : [],
  );
  return `{${parts.join(",")}}`;
}

export type KindName = keyof typeof KINDS;
