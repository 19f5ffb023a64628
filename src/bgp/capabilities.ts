// THE capability table (RFC 5492): what we announce, and how a received one reads in JSON. An unknown code is kept and
// shown by its bytes.

import { CAP } from "../wasm/bgp_numbers.js";
import type { OpenMessage } from "../wasm/bgp_types.js";
import type { PeerConfig } from "./config.js";
import { familyByNumbers, supported } from "./families.js";

type Json = Record<string, unknown>;

interface Row {
  readonly code: number;
  readonly name: string;
  readonly rfc: number;
  /** The values that we announce, one capability each; none when we do not. */
  announce?(config: PeerConfig): Uint8Array[];
  /** Adds what was received to the JSON form; values of the wrong length are shown as bytes. */
  show(value: Buffer, json: Json): boolean;
}

const present = (name: string) => (_: Buffer, json: Json) => {
  json[name] = true;
  return true;
};

function push(json: Json, name: string, ...items: unknown[]): boolean {
  json[name] = [...((json[name] as unknown[]) ?? []), ...items];
  return true;
}

const SEND_RECEIVE = ["", "receive", "send", "both"];

const ROWS: readonly Row[] = [
  {
    code: CAP.multiprotocol,
    name: "afi_safi",
    rfc: 4760,
    announce: (config) =>
      supported(config.afi_safi).map(({ afi, safi }) => Uint8Array.of(afi >> 8, afi & 255, 0, safi)),
    show: (value, json) => value.length === 4 && push(json, "afi_safi", [value.readUInt16BE(0), value[3]]),
  },
  {
    code: CAP.ciscoRefresh,
    name: "cisco_route_refresh",
    rfc: 2918,
    announce: () => [new Uint8Array()],
    show: present("cisco_route_refresh"),
  },
  {
    code: CAP.routeRefresh,
    name: "route_refresh",
    rfc: 2918,
    announce: () => [new Uint8Array()],
    show: present("route_refresh"),
  },
  {
    code: CAP.fourOctetAs,
    name: "four_bytes_as",
    rfc: 6793,
    announce: (config) => {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(config.local_as);
      return [value];
    },
    show: present("four_bytes_as"),
  },
  {
    code: CAP.extendedNextHop,
    name: "ext_nexthop",
    rfc: 8950,
    show: (value, json) => {
      if (value.length % 6 !== 0) return false;
      for (let at = 0; at < value.length; at += 6) {
        const afiSafi = [value.readUInt16BE(at), value.readUInt16BE(at + 2)];
        push(json, "ext_nexthop", { afi_safi: afiSafi, nexthop_afi: value.readUInt16BE(at + 4) });
      }
      return true;
    },
  },
  { code: CAP.gracefulRestart, name: "graceful_restart", rfc: 4724, show: present("graceful_restart") },
  {
    code: CAP.addPath,
    name: "add_path",
    rfc: 7911,
    show: (value, json) => {
      if (value.length % 4 !== 0) return false;
      for (let at = 0; at < value.length; at += 4) {
        const [afi, safi] = [value.readUInt16BE(at), value[at + 2] as number];
        const name = familyByNumbers(afi, safi)?.name ?? `${afi}/${safi}`;
        push(json, "add_path", { afi_safi: name, "send/receive": SEND_RECEIVE[value[at + 3] as number] ?? "" });
      }
      return true;
    },
  },
  {
    code: CAP.enhancedRefresh,
    name: "enhanced_route_refresh",
    rfc: 7313,
    show: present("enhanced_route_refresh"),
  },
  {
    code: CAP.longLivedGr,
    name: "LLGR",
    rfc: 9494,
    show: (value, json) => {
      if (value.length % 7 !== 0) return false;
      for (let at = 0; at < value.length; at += 7) {
        push(json, "LLGR", { afi_safi: [value.readUInt16BE(at), value[at + 2]], time: value.readUIntBE(at + 4, 3) });
      }
      return true;
    },
  },
  { code: CAP.ciscoMultiSession, name: "cisco_multi_session", rfc: 0, show: present("cisco_multi_session") },
];

/** The capabilities of our OPEN: {code, length, value} one after another, as BgpModule.encodeOpen takes them. */
export function announcedCapabilities(config: PeerConfig): Buffer {
  const parts = ROWS.flatMap(({ code, announce }) =>
    (announce?.(config) ?? []).map((value) => Buffer.concat([Uint8Array.of(code, value.length), value])),
  );
  return Buffer.concat(parts);
}

/** Our capabilities as yabgp's `capability.local`. */
export function localJson(config: PeerConfig): Json {
  const names = ["four_bytes_as", "route_refresh", "cisco_route_refresh", "enhanced_route_refresh"];
  const flags = [...names, "graceful_restart", "cisco_multi_session"].map((name) => {
    const row = ROWS.find((candidate) => candidate.name === name);
    return [name, row?.announce !== undefined];
  });
  return {
    ...Object.fromEntries(flags),
    add_path: null,
    afi_safi: supported(config.afi_safi).map(({ afi, safi }) => [afi, safi]),
  };
}

/** Received capabilities as yabgp's `capability.remote`. */
export function remoteJson(open: OpenMessage): Json {
  const json: Json = {};
  for (const { code, value } of open.capabilities) {
    const row = ROWS.find((candidate) => candidate.code === code);
    if (!row?.show(Buffer.from(value), json)) json[String(code)] = bytesText(value);
  }
  return json;
}

/** Bytes as yabgp prints them: a Python bytes literal. */
export function bytesText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    if (char === "\\" || char === "'") text += `\\${char}`;
    else if (byte >= 0x20 && byte < 0x7f) text += char;
    else text += { 9: "\\t", 10: "\\n", 13: "\\r" }[byte] ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `b'${text}'`;
}

/** What both OPENs together allow. */
export interface Negotiated {
  readonly families: readonly { afi: number; safi: number; rib: number }[];
  readonly fourOctetAs: boolean;
  /** The message type for a route refresh, 0 when the peer takes none. */
  readonly refreshType: number;
  readonly holdTime: number;
}

/** RFC 4760 §8: without any multiprotocol capability a peer speaks IPv4 unicast. */
export function negotiate(config: PeerConfig, open: OpenMessage): Negotiated {
  const has = (code: number) => open.capabilities.some((capability) => capability.code === code);
  const offered = open.capabilities
    .filter(({ code, value }) => code === CAP.multiprotocol && value.length === 4)
    .map(({ value }) => `${((value[0] as number) << 8) | (value[1] as number)}/${value[3]}`);
  const theirs = has(CAP.multiprotocol) ? offered : ["1/1"];
  return {
    families: supported(config.afi_safi).filter(({ afi, safi }) => theirs.includes(`${afi}/${safi}`)),
    fourOctetAs: open.capabilities.some(({ code, value }) => code === CAP.fourOctetAs && value.length === 4),
    refreshType: has(CAP.routeRefresh) ? 5 : has(CAP.ciscoRefresh) ? 128 : 0,
    holdTime: Math.min(config.hold_time, open.holdTime),
  };
}
