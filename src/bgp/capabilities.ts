// THE capability table (RFC 5492): what we announce, and how a received one reads in JSON. An unknown code is kept and
// shown by its bytes. What two OPENs together mean is for negotiate.ts.

import { CAP } from "../wasm/bgp_numbers.js";
import type { OpenMessage } from "../wasm/bgp_types.js";
import { addPaths } from "./add_path.js";
import {
  readAddPaths,
  readFqdn,
  readLongLived,
  readMultiprotocol,
  readNextHops,
  readRestart,
  writeAddPaths,
  writeLongLived,
  writeMultiprotocol,
  writeNextHops,
  writeRestart,
} from "./capability_values.js";
import type { PeerConfig } from "./config.js";
import { familyByNumbers, supported } from "./families.js";
import { announcesFourOctetAs, NOTHING_WITHHELD, type Withheld, withholds } from "./negotiate.js";
import { ROLES } from "./roles.js";

export { type Negotiated, negotiate, type PeerRestart } from "./negotiate.js";

type Json = Record<string, unknown>;

/** What an OPEN says beside the configuration. */
export interface OpenContext {
  /** R: this speaker has restarted and does not know yet what its peers had (RFC 4724 §4.1). */
  readonly restarting: boolean;
  /** F: indices of the families whose forwarding state it has kept. */
  readonly forwarding: readonly number[];
  readonly withheld: Withheld;
}

export const PLAIN_OPEN: OpenContext = { restarting: false, forwarding: [], withheld: NOTHING_WITHHELD };

interface Row {
  readonly code: number;
  readonly name: string;
  readonly rfc: number;
  /** yabgp has no name for it: it is shown under its code, too, as there. */
  readonly nameless?: true;
  /** The values that we announce, one capability each; none when we do not. */
  announce?(config: PeerConfig, context: OpenContext): Uint8Array[];
  /** Adds what was received to the JSON form; false for a malformed value, which is shown as bytes. */
  show(value: Buffer, json: Json): boolean;
}

const EMPTY = new Uint8Array();
const flag = (on: boolean) => (on ? [EMPTY] : []);

const present = (name: string) => (_: Buffer, json: Json) => {
  json[name] = true;
  return true;
};

/** Shows a value, or the items of a list beside those of earlier instances. */
function put(json: Json, name: string, value: unknown): boolean {
  if (value === null) return false;
  json[name] = Array.isArray(value) ? [...((json[name] as unknown[]) ?? []), ...value] : value;
  return true;
}

const SEND_RECEIVE = ["", "receive", "send", "both"];
const IPV6_AFI = 2;

/** In the order of yabgp's OPEN, then the others. */
const ROWS: readonly Row[] = [
  {
    code: CAP.multiprotocol,
    name: "afi_safi",
    rfc: 4760,
    announce: (config) => supported(config.afi_safi).map(writeMultiprotocol),
    show: (value, json) => {
      const family = readMultiprotocol(value);
      return put(json, "afi_safi", family && [[family.afi, family.safi]]);
    },
  },
  {
    code: CAP.ciscoRefresh,
    name: "cisco_route_refresh",
    rfc: 2918,
    announce: (config) => flag(config.cisco_route_refresh),
    show: present("cisco_route_refresh"),
  },
  {
    code: CAP.routeRefresh,
    name: "route_refresh",
    rfc: 2918,
    announce: (config) => flag(config.route_refresh),
    show: present("route_refresh"),
  },
  {
    code: CAP.fourOctetAs,
    name: "four_bytes_as",
    rfc: 6793,
    announce: (config) => {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(config.local_as);
      return announcesFourOctetAs(config) ? [value] : [];
    },
    show: present("four_bytes_as"),
  },
  {
    code: CAP.extendedNextHop,
    name: "ext_nexthop",
    rfc: 8950,
    announce: (config) => {
      const families = supported(config.ext_nexthop);
      return families.length === 0 ? [] : [writeNextHops(families, IPV6_AFI)];
    },
    show: (value, json) =>
      put(
        json,
        "ext_nexthop",
        readNextHops(value)?.map(({ afi, safi, nextHopAfi }) => ({ afi_safi: [afi, safi], nexthop_afi: nextHopAfi })) ??
          null,
      ),
  },
  {
    code: CAP.addPath,
    name: "add_path",
    rfc: 7911,
    announce: (config) => {
      const names = supported(config.afi_safi).map(({ name }) => name);
      const entries = addPaths(config.add_path).filter(({ family }) => names.includes(family.name));
      return entries.length === 0 ? [] : [writeAddPaths(entries.map(({ family, mode }) => ({ ...family, mode })))];
    },
    show: (value, json) =>
      put(
        json,
        "add_path",
        readAddPaths(value)?.map(({ afi, safi, mode }) => ({
          afi_safi: familyByNumbers(afi, safi)?.name ?? `${afi}/${safi}`,
          "send/receive": SEND_RECEIVE[mode] ?? "",
        })) ?? null,
      ),
  },
  {
    code: CAP.enhancedRefresh,
    name: "enhanced_route_refresh",
    rfc: 7313,
    announce: (config) => flag(config.enhanced_route_refresh),
    show: present("enhanced_route_refresh"),
  },
  {
    code: CAP.extendedMessage,
    name: "extended_messages",
    rfc: 8654,
    nameless: true,
    announce: (config) => flag(config.extended_messages),
    show: present("extended_messages"),
  },
  {
    code: CAP.role,
    name: "role",
    rfc: 9234,
    nameless: true,
    announce: ({ role }) => (role === "" ? [] : [Uint8Array.of(ROLES.indexOf(role))]),
    show: (value, json) => put(json, "role", value.length === 1 ? (ROLES[value[0] as number] ?? value[0]) : null),
  },
  {
    code: CAP.gracefulRestart,
    name: "graceful_restart",
    rfc: 4724,
    announce: (config, { restarting, forwarding }) => {
      if (config.graceful_restart === false) return [];
      // RFC 4724 §4.2: one who only helps says so with no family; it asks for no time of its own.
      const helper = { restarting: false, notification: true, restartTime: 0, families: [] };
      if (config.graceful_restart === "helper") return [writeRestart(helper)];
      const families = supported(config.afi_safi).map(({ afi, safi, rib }) => {
        return { afi, safi, forwarding: forwarding.includes(rib) };
      });
      return [writeRestart({ restarting, notification: true, restartTime: config.restart_time, families })];
    },
    show: (value, json) => {
      json["graceful_restart"] = true;
      const restart = readRestart(value);
      if (restart) {
        json["graceful_restart_state"] = {
          restarting: restart.restarting,
          notification: restart.notification,
          restart_time: restart.restartTime,
          families: restart.families.map(({ afi, safi, forwarding }) => ({ afi_safi: [afi, safi], forwarding })),
        };
      }
      return true;
    },
  },
  {
    code: CAP.longLivedGr,
    name: "LLGR",
    rfc: 9494,
    // RFC 9494 §3: never without graceful restart.
    announce: ({ llgr_stale_time: staleTime, graceful_restart, afi_safi }, { forwarding }) => {
      if (staleTime === 0 || graceful_restart === false) return [];
      const families = supported(afi_safi).map(({ afi, safi, rib }) => {
        return { afi, safi, staleTime, forwarding: forwarding.includes(rib) };
      });
      return [writeLongLived(graceful_restart === "helper" ? [] : families)];
    },
    show: (value, json) =>
      put(
        json,
        "LLGR",
        readLongLived(value)?.map(({ afi, safi, staleTime }) => ({ afi_safi: [afi, safi], time: staleTime })) ?? null,
      ),
  },
  {
    code: CAP.fqdn,
    name: "fqdn",
    rfc: 0,
    nameless: true,
    show: (value, json) => put(json, "fqdn", readFqdn(value)),
  },
  { code: CAP.ciscoMultiSession, name: "cisco_multi_session", rfc: 0, show: present("cisco_multi_session") },
];

const BY_CODE = new Map(ROWS.map((row) => [row.code, row]));

/** The capabilities of our OPEN: {code, length, value} one after another, as BgpModule.encodeOpen takes them. */
export function announcedCapabilities(config: PeerConfig, context: OpenContext = PLAIN_OPEN): Buffer {
  const parts = ROWS.filter(({ code }) => !withholds(context.withheld, code)).flatMap(({ code, announce }) =>
    (announce?.(config, context) ?? []).map((value) => Buffer.concat([Uint8Array.of(code, value.length), value])),
  );
  return Buffer.concat(parts);
}

/** The names under which `capability.local` has true or false, as yabgp's and behind them ours. */
const LOCAL_FLAGS = [
  "four_bytes_as",
  "route_refresh",
  "cisco_route_refresh",
  "enhanced_route_refresh",
  "graceful_restart",
  "cisco_multi_session",
  "extended_messages",
];

/** Our capabilities as yabgp's `capability.local`; what it has no word for only where it is announced. */
export function localJson(config: PeerConfig): Json {
  const announced = new Map(ROWS.map((row) => [row.name, row.announce?.(config, PLAIN_OPEN) ?? []]));
  const json: Json = Object.fromEntries(LOCAL_FLAGS.map((name) => [name, (announced.get(name)?.length ?? 0) > 0]));
  const [path, ...more] = config.add_path;
  json["add_path"] = path === undefined ? null : more.length === 0 ? path : config.add_path;
  json["afi_safi"] = supported(config.afi_safi).map(({ afi, safi }) => [afi, safi]);
  for (const name of ["ext_nexthop", "role", "LLGR"]) {
    const row = ROWS.find((candidate) => candidate.name === name);
    for (const value of announced.get(name) ?? []) row?.show(Buffer.from(value), json);
  }
  return json;
}

/** Received capabilities as yabgp's `capability.remote`. */
export function remoteJson(open: OpenMessage): Json {
  const json: Json = {};
  for (const { code, value } of open.capabilities) {
    const row = BY_CODE.get(code);
    const shown = row?.show(Buffer.from(value), json) ?? false;
    if (!shown || row?.nameless) json[String(code)] = bytesText(value);
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
