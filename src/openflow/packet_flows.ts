// The controller's own flows: what it puts into each switch that connects, and nothing else touches. HP's controller has
// the same: in hybrid mode the switch forwards as it would without a controller and copies of ARP and DHCP come here;
// otherwise everything that no flow matches comes here.

import { AppError } from "../base/errors.js";
import { VERSION_1_3 } from "../wasm/openflow.js";
import { LEARNT_COOKIE, OWN_COOKIE } from "../wasm/openflow_learn.js";
import { ANY, NO_BUFFER, RecordWriter } from "../wasm/openflow_records.js";
import { type MatchField, matchField, parseField, writeField } from "./match_fields.js";
import type { PacketConfig } from "./packet_config.js";
import type { ChangeResult } from "./requests.js";

/** One of the controller's own flows. */
interface OwnFlow {
  readonly mode: "hybrid" | "pure";
  readonly priority: number;
  /** Names and values of fields, in the order of their numbers. */
  readonly match: readonly (readonly [field: string, value: number])[];
  /** OFPP_* in this order. */
  readonly outputs: readonly number[];
}

const NORMAL = 0xfffffffa;
const CONTROLLER = 0xfffffffd;
/** Whole packets (OFPCML_NO_BUFFER). */
const WHOLE = 0xffff;
const UDP: OwnFlow["match"] = [
  ["eth_type", 0x0800],
  ["ip_proto", 17],
];
const COPY = [CONTROLLER, NORMAL];

/** Copies rank above what examples of HP use for flows (30000), so that hosts are seen; an operator's 32768 wins over them. */
export const OWN_FLOWS: readonly OwnFlow[] = [
  { mode: "hybrid", priority: 0, match: [], outputs: [NORMAL] },
  { mode: "hybrid", priority: 31_500, match: [["eth_type", 0x0806]], outputs: COPY },
  { mode: "hybrid", priority: 31_000, match: [...UDP, ["udp_src", 67], ["udp_dst", 68]], outputs: COPY },
  { mode: "hybrid", priority: 31_000, match: [...UDP, ["udp_src", 68], ["udp_dst", 67]], outputs: COPY },
  { mode: "pure", priority: 0, match: [], outputs: [CONTROLLER] },
];

const ADD = 0;
const DELETE = 3;
const DELETE_STRICT = 4;
const SEND_FLOW_REM = 1;
const OUTPUT = 0;
const APPLY_ACTIONS = 4;
const EVERY_BIT = 0xffffffffffffffffn;

function begin(writer: RecordWriter, command: number, priority: number, cookie: bigint, mask: bigint): void {
  writer.begin({
    table: 0,
    command,
    priority,
    idleTimeout: 0,
    hardTimeout: 0,
    flags: command === ADD ? SEND_FLOW_REM : 0,
    cookie,
    cookieMask: mask,
    bufferId: NO_BUFFER,
    outPort: ANY,
    outGroup: ANY,
  });
}

function writeMatch(writer: RecordWriter, match: OwnFlow["match"]): void {
  for (const [name, value] of match) {
    const field = parseField(matchField(name) as MatchField, value, undefined);
    if (field) writeField(writer, field);
  }
}

/**
 * Flow records that bring a switch to the mode: what the other mode, or an earlier life, has left goes. A deletion asks for
 * flows of ours only, so that an operator's with the same match stays; 1.0 cannot, and there only exact flows are deleted.
 */
export function ownFlowRecords(hybrid: boolean, version: number): { records: Uint8Array; count: number } {
  const writer = new RecordWriter();
  const mode = hybrid ? "hybrid" : "pure";
  const mask = version === VERSION_1_3 ? EVERY_BIT : 0n;
  if (version === VERSION_1_3) {
    begin(writer, DELETE, 0, LEARNT_COOKIE, mask);
    writer.end();
  }
  for (const flow of OWN_FLOWS) {
    // Both modes have a flow that matches all: an addition replaces it.
    if (flow.mode === mode || flow.match.length === 0) continue;
    begin(writer, DELETE_STRICT, flow.priority, OWN_COOKIE, mask);
    writeMatch(writer, flow.match);
    writer.end();
  }
  for (const flow of OWN_FLOWS) {
    if (flow.mode !== mode) continue;
    begin(writer, ADD, flow.priority, OWN_COOKIE, 0n);
    writeMatch(writer, flow.match);
    writer.instruction(APPLY_ACTIONS);
    for (const port of flow.outputs) writer.output(OUTPUT, port, port === CONTROLLER ? WHOLE : 0);
    writer.end();
  }
  const { count } = writer;
  return { records: writer.take(), count };
}

/** Who sends flow changes to one switch: its session. */
interface FlowChanger {
  readonly version: number;
  changeFlows(records: Uint8Array, count: number): Promise<ChangeResult>;
}

/** Puts the controller's own flows into a switch that has connected. Errors: OPENFLOW_REFUSED, UNAVAILABLE, TIMED_OUT. */
export async function installOwnFlows(session: FlowChanger, config: PacketConfig): Promise<void> {
  if (config.tableMiss === "leave") return;
  const { records, count } = ownFlowRecords(config.hybrid, session.version);
  const { failures } = await session.changeFlows(records, count);
  if (failures[0]) throw new AppError("OPENFLOW_REFUSED", { text: failures[0].text });
}
