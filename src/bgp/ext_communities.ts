// EXTENDED COMMUNITIES (RFC 4360): THE table of the forms that yabgp writes as "name:value", each both ways.
// What is in no row reads and writes as "unknown:<16 hex digits>".

import { formatAddress } from "../base/ip.js";
import { bad, type Codec, ipv4, list, u16, u32, unsigned } from "./attribute_values.js";

interface Row {
  readonly name: string;
  /** Type and subtype. */
  readonly type: number;
  /** The six value bytes as text, and back; null when the text is of another row with the same name. */
  show(value: Buffer): string;
  read(text: string): Buffer | null;
}

const join = (...parts: Uint8Array[]) => Buffer.concat(parts);

function pair(text: string): [string, string] {
  const at = text.lastIndexOf(":");
  return at < 0 ? bad(text, "two values with a colon between them") : [text.slice(0, at), text.slice(at + 1)];
}

/** as2:n32, ip:n16 and as4:n16, the three shapes of RFC 4360 §3.1, §3.2 and RFC 5668. */
function threeShapes(name: string, subtype: number): Row[] {
  return [
    {
      name,
      type: subtype,
      show: (value) => `${value.readUInt16BE(0)}:${value.readUInt32BE(2)}`,
      read: (text) => {
        const [as, number] = pair(text);
        if (as.includes(".") || unsigned(as, 0xffffffff) > 0xffff) return null;
        return join(u16(unsigned(as, 0xffff)), u32(unsigned(number, 0xffffffff)));
      },
    },
    {
      name,
      type: 0x0100 | subtype,
      show: (value) => `${formatAddress(value.subarray(0, 4))}:${value.readUInt16BE(4)}`,
      read: (text) => {
        const [address, number] = pair(text);
        return address.includes(".") ? join(ipv4(address), u16(unsigned(number, 0xffff))) : null;
      },
    },
    {
      name,
      type: 0x0200 | subtype,
      show: (value) => `${value.readUInt32BE(0)}:${value.readUInt16BE(4)}`,
      read: (text) => {
        const [as, number] = pair(text);
        return as.includes(".") ? null : join(u32(unsigned(as, 0xffffffff)), u16(unsigned(number, 0xffff)));
      },
    },
  ];
}

function mac(name: string, type: number): Row {
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

const COLOR_FLAGS: Record<string, number> = {
  "color-00": 0,
  "color-01": 0x4000,
  "color-10": 0x8000,
  "color-11": 0xc000,
};

const ROWS: readonly Row[] = [
  ...threeShapes("route-target", 0x02),
  ...threeShapes("route-origin", 0x03),
  {
    name: "redirect-vrf",
    type: 0x8008,
    show: (value) => `${value.readUInt16BE(0)}:${value.readUInt32BE(2)}`,
    read: (text) => {
      const [as, number] = pair(text);
      return join(u16(unsigned(as, 0xffff)), u32(unsigned(number, 0xffffffff)));
    },
  },
  {
    name: "traffic-rate",
    type: 0x8006,
    show: (value) => `${value.readUInt16BE(0)}:${Math.trunc(value.readFloatBE(2))}`,
    read: (text) => {
      const [as, number] = pair(text);
      const rate = Buffer.alloc(4);
      rate.writeFloatBE(unsigned(number, 2 ** 53));
      return join(u16(unsigned(as, 0xffff)), rate);
    },
  },
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
  {
    name: "redirect-nexthop",
    type: 0x0800,
    show: (value) => `${formatAddress(value.subarray(0, 4))}:${value.readUInt16BE(4)}`,
    read: (text) => {
      const [address, copy] = pair(text);
      return join(ipv4(address), u16(unsigned(copy, 0xffff)));
    },
  },
  {
    name: "color",
    type: 0x030b,
    show: (value) => String(value.readUInt32BE(2)),
    read: (text) => join(u16(0), u32(unsigned(text, 0xffffffff))),
  },
  {
    name: "encapsulation",
    type: 0x030c,
    show: (value) => String(value.readUInt16BE(4)),
    read: (text) => join(u32(0), u16(unsigned(text, 0xffff))),
  },
  mac("es-import", 0x0602),
  mac("router-mac", 0x0603),
  {
    name: "mac-mobility",
    type: 0x0600,
    show: (value) => `${value[0]}:${value.readUInt32BE(2)}`,
    read: (text) => {
      const [flag, sequence] = pair(text);
      return join(Buffer.of(unsigned(flag, 255), 0), u32(unsigned(sequence, 0xffffffff)));
    },
  },
  {
    name: "esi-label",
    type: 0x0601,
    show: (value) => `${value[0]}:${value.readUIntBE(3, 3) >> 4}`,
    read: (text) => {
      const [flag, label] = pair(text);
      const word = (unsigned(label, 0xfffff) << 4) | 1;
      return Buffer.of(unsigned(flag, 255), 0, 0, word >> 16, (word >> 8) & 255, word & 255);
    },
  },
  {
    name: "dmzlink-bw",
    type: 0x4004,
    show: (value) => `${value.readUInt16BE(0)}:${value.readUInt32BE(2)}`,
    read: (text) => {
      const [as, rate] = pair(text);
      return join(u16(unsigned(as, 0xffff)), u32(unsigned(rate, 0xffffffff)));
    },
  },
];

const byType = new Map(ROWS.map((row) => [row.type, row]));

function show(bytes: Buffer): string {
  const row = byType.get(bytes.readUInt16BE(0));
  return row ? `${row.name}:${row.show(bytes.subarray(2))}` : `unknown:${bytes.toString("hex")}`;
}

/** One item of the JSON list; a comma separates several values of one name, as in "route-target:1:1,2:2". */
function read(item: unknown): Buffer {
  const at = typeof item === "string" ? item.indexOf(":") : -1;
  if (typeof item !== "string" || at < 0) return bad(item, '"name:value"');
  const name = item.slice(0, at).trim().toLowerCase();
  const value = item.slice(at + 1).trim();
  if (name === "unknown" && /^[0-9a-f]{16}$/i.test(value)) return Buffer.from(value, "hex");
  const flags = COLOR_FLAGS[name];
  if (flags !== undefined) return join(u16(0x030b), u16(flags), u32(unsigned(value, 0xffffffff)));
  const rows = ROWS.filter((row) => row.name === name);
  if (rows.length === 0) return bad(item, `one of ${[...new Set(ROWS.map((row) => row.name))].join(", ")}`);
  const values = name === "traffic-action" ? [value] : value.split(",");
  return Buffer.concat(
    values.map((text) => {
      for (const row of rows) {
        const bytes = row.read(text.trim());
        if (bytes) return join(u16(row.type), bytes);
      }
      return bad(item, `a value of ${name}`);
    }),
  );
}

export const extCommunities: Codec = {
  decode: (value) => {
    const result: string[] = [];
    for (let at = 0; at + 8 <= value.length; at += 8) result.push(show(value.subarray(at, at + 8)));
    return result;
  },
  encode: (json) => Buffer.concat(list(json, 1).map(read)),
};
