// Datapaths, ports and features in HP's JSON, and the readers of what all requests have in common.

import { AppError, reasonOf } from "../../base/errors.js";
import type { Datapath } from "../../openflow/controller.js";
import { type Description, dpidText, type Features, type Port } from "../../openflow/messages.js";
import { portView } from "../../openflow/values.js";
import { VERSION_1_0 } from "../../wasm/openflow.js";

/** The display text of a version of the protocol. */
export function versionText(version: number): string {
  return version === VERSION_1_0 ? "1.0.0" : "1.3.0";
}

export type Json = Readonly<Record<string, unknown>>;

const DPID_FORMS: readonly [RegExp, (text: string) => string][] = [
  [/^[0-9a-f]{2}(:[0-9a-f]{2}){7}$/, (text) => text.replaceAll(":", "")],
  [/^0x[0-9a-f]{1,16}$/, (text) => text.slice(2).padStart(16, "0")],
  [/^[0-9a-f]{16}$/, (text) => text],
  [/^\d{1,20}$/, (text) => BigInt(text).toString(16).padStart(16, "0")],
];

/**
 * A datapath id as 16 hex digits, from eight bytes with colons in any case, 0x text, 16 hex digits or decimal; quotes
 * around it are taken off, as HP's own examples have them. Errors: DATAPATH_NOT_FOUND.
 */
export function parseDpid(text: string): string {
  const plain = text.replace(/^"(.*)"$/, "$1").toLowerCase();
  const form = DPID_FORMS.find(([pattern]) => pattern.test(plain));
  const dpid = form?.[1](plain);
  if (dpid?.length !== 16) throw new AppError("DATAPATH_NOT_FOUND", { dpid: text.slice(0, 100) });
  return dpid;
}

/** The body as a JSON object, whatever its content type says. Errors: OPENFLOW_JSON. */
export function parseBody(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new AppError("OPENFLOW_JSON", { reason: reasonOf(error) });
  }
  if (!isObject(value)) throw new AppError("OPENFLOW_JSON", { reason: "the body is not an object" });
  return value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A request may name the version; it must then be the datapath's. Errors: OPENFLOW_VERSION. */
export function checkVersion(body: Json, version: number): void {
  const given = body["version"];
  const text = versionText(version);
  if (given !== undefined && given !== text) {
    throw new AppError("OPENFLOW_VERSION", { given: String(given).slice(0, 20), version: text.slice(0, 3) });
  }
}

/** A query value without the quotes that clients put around it. */
export function unquote(text: string): string {
  return text.replace(/^"(.*)"$/, "$1");
}

/** Names of the bits that are set; index = bit. */
export function bitNames(bits: number, names: readonly (string | null)[]): string[] {
  return names.filter((name, bit): name is string => name !== null && ((bits >>> bit) & 1) === 1);
}

// OFPC_* (spec §7.3.1), OFPPC_*, OFPPS_* and OFPPF_* (§7.2.1), lower case; index = bit.
const CAPABILITIES = [
  ..."flow_stats table_stats port_stats group_stats".split(" "),
  null,
  "ip_reasm",
  "queue_stats",
  null,
  "port_blocked",
];
const PORT_CONFIG = ["port_down", null, "no_recv", null, null, "no_fwd", "no_packet_in"];
export const PORT_STATE = ["link_down", "blocked", "live"];
// The same in OpenFlow 1.0 (its spec §5.3.1, §5.2.1); the spanning tree's state is a number in bits 8 and 9.
const CAPABILITIES_1_0 = "flow_stats table_stats port_stats stp reserved ip_reasm queue_stats arp_match_ip".split(" ");
const PORT_CONFIG_1_0 = "port_down no_stp no_recv no_recv_stp no_flood no_fwd no_packet_in".split(" ");
const PORT_STATE_1_0 = ["link_down"];
const STP_STATES = ["stp_listen", "stp_learn", "stp_forward", "stp_block"];
const OFPC_STP = 1 << 3;
const OFPPC_NO_STP = 1 << 1;
const PORT_FEATURES = [
  ..."rate_10mb_hd rate_10mb_fd rate_100mb_hd rate_100mb_fd rate_1gb_hd rate_1gb_fd rate_10gb_fd".split(" "),
  ..."rate_40gb_fd rate_100gb_fd rate_1tb_fd rate_other copper fiber autoneg pause pause_asym".split(" "),
];

function descriptionView(description: Description): Json {
  const { manufacturer, hardware, software, serial, datapath } = description;
  return { mfr: manufacturer, hw: hardware, sw: software, serial, desc: datapath };
}

/** One element of `datapaths`. */
export function datapathView(dp: Datapath): Json {
  const old = dp.features.version === VERSION_1_0;
  return {
    capabilities: bitNames(dp.features.capabilities, old ? CAPABILITIES_1_0 : CAPABILITIES),
    device_ip: dp.address,
    device_port: dp.port,
    dpid: dpidText(dp.features.dpid),
    last_message: new Date(dp.lastMessageAt).toISOString(),
    negotiated_version: versionText(dp.features.version),
    num_buffers: dp.features.buffers,
    num_tables: dp.features.tables,
    ready: new Date(dp.readyAt).toISOString(),
    ...descriptionView(dp.description),
  };
}

/** Names of a 1.0 port's state: listening is 0, and so said only of ports that a spanning tree is on. */
function stateNames10(port: Port, capabilities: number): string[] {
  const stp = (port.state >>> 8) & 3;
  const listens = (capabilities & OFPC_STP) !== 0 && (port.config & OFPPC_NO_STP) === 0;
  const names = bitNames(port.state, PORT_STATE_1_0);
  return stp > 0 || listens ? [...names, STP_STATES[stp] as string] : names;
}

/** One element of `ports` of a switch with these features. Speeds (kbit/s) are left out when the switch says 0, as HP does. */
export function portOf(port: Port, { version, capabilities }: Pick<Features, "version" | "capabilities">): Json {
  const old = version === VERSION_1_0;
  return {
    advertised_features: bitNames(port.advertised, PORT_FEATURES),
    config: bitNames(port.config, old ? PORT_CONFIG_1_0 : PORT_CONFIG),
    current_features: bitNames(port.current, PORT_FEATURES),
    ...(port.currentSpeed > 0 ? { current_speed: port.currentSpeed } : {}),
    id: portView(port.number, version),
    mac: port.mac,
    ...(port.maxSpeed > 0 ? { max_speed: port.maxSpeed } : {}),
    name: port.name,
    peer_features: bitNames(port.peer, PORT_FEATURES),
    state: old ? stateNames10(port, capabilities) : bitNames(port.state, PORT_STATE),
    supported_features: bitNames(port.supported, PORT_FEATURES),
  };
}
