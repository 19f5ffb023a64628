// Flows: HP's JSON to records and back. Listings are printed piece by piece, so that 100,000 flows hold nobody up.

import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import type { Request } from "../../http/table.js";
import {
  beginActions,
  instructionName,
  printActionItem,
  printInstructionItem,
  writeActions,
  writeInstruction,
} from "../../openflow/actions.js";
import {
  checkNeeds,
  type FieldValue,
  matchField,
  parseField,
  printMatchItem,
  writeField,
  writeRawField,
} from "../../openflow/match_fields.js";
import { badValue, beforeV13, parsePort, portAllowed, smallNumber } from "../../openflow/values.js";
import { VERSION_1_0, VERSION_1_3 } from "../../wasm/openflow.js";
import { ANY, type FlowHead, NO_BUFFER, RecordReader, RecordWriter } from "../../wasm/openflow_records.js";
import { isObject, type Json, versionText } from "./view.js";

export type FlowMethod = "POST" | "PUT" | "DELETE";

/** OFPFC_* (spec §7.3.4.1): the strict forms are meant unless the body asks for the others. */
const COMMANDS: Readonly<Record<FlowMethod, { readonly strict: number; readonly loose?: readonly [string, number] }>> =
  {
    POST: { strict: 0 },
    PUT: { strict: 2, loose: ["modify", 1] },
    DELETE: { strict: 4, loose: ["delete", 3] },
  };

/** Index = bit of OFPFF_*. */
export const FLOW_FLAGS = ["send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts"];
/** The same in OpenFlow 1.0 (its spec §5.3.3). */
export const FLOW_FLAGS_1_0 = ["send_flow_rem", "check_overlap", "emerg"];
const DEFAULT_PRIORITY = 32_768;
const APPLY_ACTIONS = "apply_actions";
/** OFPTT_ALL */
export const ALL_TABLES = 255;
const RECORD_BYTES_MAX = 60_000;

function numberField(flow: Json, name: string, max: number, missing: number): number {
  const value = flow[name];
  if (value === undefined || value === null) return missing;
  const number = smallNumber(value, 32);
  if (number === null || number > max) throw badValue(name, value, `a number 0..${max}`);
  return number;
}

/** Cookies are hex, with or without 0x; the digits of a JSON number are read as hex too, as HP's controller does. */
export function parseCookie(name: string, value: unknown): bigint {
  if (value === undefined || value === null) return 0n;
  const text = String(value).replace(/^0x/i, "");
  if (!/^[0-9a-f]{1,16}$/i.test(text)) throw badValue(name, value, "up to 16 hex digits, with or without 0x");
  return BigInt(`0x${text}`);
}

function parseFlags(value: unknown, version: number): number {
  if (value === undefined || value === null) return 0;
  const names = version === VERSION_1_0 ? FLOW_FLAGS_1_0 : FLOW_FLAGS;
  if (!Array.isArray(value)) throw badValue("flow_mod_flags", value, `a list of ${names.join(", ")}`);
  return value.reduce((bits: number, name) => {
    const bit = names.indexOf(String(name));
    if (bit < 0 && FLOW_FLAGS.includes(String(name))) throw beforeV13(String(name));
    if (bit < 0) throw badValue("flow_mod_flags", name, names.join(", "));
    return bits | (1 << bit);
  }, 0);
}

function parseOutPort(value: unknown, version: number): number {
  if (value === undefined || value === null || value === "") return ANY;
  const port = parsePort(value, version);
  if (port === null) throw badValue("out_port", value, portAllowed(version));
  return port;
}

function headOf(flow: Json, method: FlowMethod, version: number): FlowHead {
  const { strict, loose } = COMMANDS[method];
  const table = numberField(flow, "table_id", method === "DELETE" ? ALL_TABLES : ALL_TABLES - 1, 0);
  const cookieMask = method === "POST" ? 0n : parseCookie("cookie_mask", flow["cookie_mask"]);
  const outGroup = numberField(flow, "out_group", ANY, ANY);
  if (version === VERSION_1_0 && cookieMask !== 0n) throw beforeV13("cookie_mask");
  if (version === VERSION_1_0 && outGroup !== ANY) throw beforeV13("out_group");
  return {
    // A 1.0 switch chooses the table itself, and says 0 where it has but one.
    table: version === VERSION_1_0 ? 0 : table,
    command: loose && flow["flow_mod_cmd"] === loose[0] ? loose[1] : strict,
    priority: numberField(flow, "priority", 0xffff, DEFAULT_PRIORITY),
    idleTimeout: numberField(flow, "idle_timeout", 0xffff, 0),
    hardTimeout: numberField(flow, "hard_timeout", 0xffff, 0),
    flags: parseFlags(flow["flow_mod_flags"], version),
    cookie: parseCookie("cookie", flow["cookie"]),
    cookieMask,
    bufferId: numberField(flow, "buffer_id", NO_BUFFER, NO_BUFFER),
    outPort: parseOutPort(flow["out_port"], version),
    outGroup,
  };
}

function writeMatch(writer: RecordWriter, given: unknown, version: number): void {
  if (given === undefined || given === null) return;
  // A client that merges a listed match into one object sends it back so.
  const match = isObject(given) ? [given] : given;
  if (!Array.isArray(match)) throw badValue("match", match, "a list of objects with one field each");
  if (match.length > LIMITS.openflowMatchFields)
    throw badValue("match", match.length, `${LIMITS.openflowMatchFields} fields`);
  const fields: FieldValue[] = [];
  const raw: unknown[] = [];
  for (const entry of match) {
    if (!isObject(entry)) throw badValue("match", entry, "an object with one field");
    const mask = entry["mask"];
    // Beside several fields nobody knows whose mask it is, and a match without it is another one.
    if (mask !== undefined && Object.keys(entry).length !== 2)
      throw badValue("mask", entry, "beside exactly one field");
    // A bulk has millions of these entries: no list of names is made for each.
    for (const name in entry) {
      if (name === "mask") continue;
      const field = matchField(name);
      if (name === "oxm" && version === VERSION_1_0) throw beforeV13(name);
      if (name === "oxm") raw.push(entry["oxm"]);
      else if (!field) throw new AppError("OPENFLOW_VALUE", { reason: `unknown match field: ${name.slice(0, 100)}` });
      else {
        if (fields.some((other) => other.field === field)) throw badValue(name, "twice", "each field once");
        const value = parseField(field, entry[name], mask, version);
        if (value) fields.push(value);
      }
    }
  }
  checkNeeds(fields, version);
  // Field numbers grow from prerequisites to what needs them, the order that switches ask for (spec §7.2.3.6).
  fields.sort((a, b) => a.field.code - b.field.code);
  for (const field of fields) writeField(writer, field);
  for (const hex of raw) writeRawField(writer, hex);
}

function writeInstructions(writer: RecordWriter, flow: Json): void {
  const instructions = flow["instructions"] ?? [];
  const actions = flow["actions"] ?? [];
  if (!Array.isArray(instructions) || instructions.length > LIMITS.openflowInstructions) {
    throw badValue("instructions", instructions, `a list of at most ${LIMITS.openflowInstructions} instructions`);
  }
  const seen = new Set<number>();
  for (const entry of instructions) {
    if (!isObject(entry)) throw badValue("instructions", entry, "an object with one instruction");
    for (const name in entry) {
      const value = entry[name];
      if (name === "mask" && "write_metadata" in entry) continue;
      // A client sends both lists in one object, the one that it does not mean empty.
      if (name === "write_actions" && Array.isArray(value) && value.length === 0 && APPLY_ACTIONS in entry) continue;
      const type = writeInstruction(writer, name, value, entry);
      if (seen.has(type)) throw badValue("instructions", name, "each instruction once");
      seen.add(type);
    }
  }
  // 1.0-style actions on a 1.3 datapath: one apply_actions.
  if (!Array.isArray(actions) || actions.length > 0) {
    if (seen.size > 0) throw badValue("actions", "beside instructions", "either actions or instructions");
    writeInstruction(writer, APPLY_ACTIONS, actions, flow);
  }
}

/** The actions of a flow of OpenFlow 1.0, which has no instructions; clients send an empty list of them all the same. */
function writeActions10(writer: RecordWriter, flow: Json): void {
  const instructions = flow["instructions"] ?? [];
  if (!Array.isArray(instructions) || instructions.length > 0) throw beforeV13("instructions");
  const actions = flow["actions"] ?? [];
  if (Array.isArray(actions) && actions.length === 0) return;
  beginActions(writer);
  writeActions(writer, "actions", actions, VERSION_1_0);
}

/**
 * Appends the record of a flow for a switch of `version`. What is wrong with it leaves the writer as it was.
 * Errors: OPENFLOW_JSON, OPENFLOW_VALUE, OPENFLOW_BEFORE_1_3.
 */
export function writeFlow(
  writer: RecordWriter,
  flow: unknown,
  method: FlowMethod,
  version: number = VERSION_1_3,
): void {
  if (!isObject(flow)) throw new AppError("OPENFLOW_JSON", { reason: "a flow is not an object" });
  const head = headOf(flow, method, version);
  writer.begin(head);
  try {
    writeMatch(writer, flow["match"], version);
    if (method !== "DELETE" && version === VERSION_1_0) writeActions10(writer, flow);
    else if (method !== "DELETE") writeInstructions(writer, flow);
    if (writer.end() > RECORD_BYTES_MAX) throw new AppError("OPENFLOW_VALUE", { reason: "the flow is too large" });
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** The flows of a body: `{"flow": {…}}` or `{"flows": [{…}, …]}`. Errors: OPENFLOW_JSON. */
export function flowsOf(body: Json): readonly unknown[] {
  if (Array.isArray(body["flows"])) return body["flows"];
  if (body["flow"] !== undefined) return [body["flow"]];
  throw new AppError("OPENFLOW_JSON", { reason: 'neither "flow" nor "flows" at the root' });
}

/** Which flows a listing's query asks for; both parameters may be quoted. Errors: OPENFLOW_VALUE. */
export function flowFilter({ query }: Pick<Request, "query">): { table: number; cookie: bigint | null } {
  const unquoted = (name: string): string | null => query.get(name)?.replace(/^"(.*)"$/, "$1") ?? null;
  const table = unquoted("table_id");
  if (table !== null && (!/^\d{1,3}$/.test(table) || Number(table) >= ALL_TABLES)) {
    throw new AppError("OPENFLOW_VALUE", { reason: `table_id: ${table.slice(0, 50)} is not valid; allowed: 0..254` });
  }
  const cookie = unquoted("cookie");
  return {
    table: table === null ? ALL_TABLES : Number(table),
    cookie: cookie === null ? null : parseCookie("cookie", cookie),
  };
}

/** The record that asks for the flows of a table (ALL_TABLES: all), with one cookie when it is not null. */
export function flowQuery(table: number, cookie: bigint | null): Uint8Array {
  const writer = new RecordWriter(128);
  writer.begin({
    table,
    command: 0,
    priority: 0,
    idleTimeout: 0,
    hardTimeout: 0,
    flags: 0,
    cookie: cookie ?? 0n,
    cookieMask: cookie === null ? 0n : 0xffffffffffffffffn,
    bufferId: NO_BUFFER,
    outPort: ANY,
    outGroup: ANY,
  });
  writer.end();
  return writer.take();
}

const FLAG_TEXTS = Array.from({ length: 32 }, (_, bits) =>
  JSON.stringify(FLOW_FLAGS.filter((_name, bit) => (bits >>> bit) & 1)),
);

/** JSON text of the flow of a 1.0 switch that the reader stands at: actions, no instructions and no flags. */
function printFlow10(reader: RecordReader): string {
  const { byteCount, cookie, nanoseconds, seconds, hardTimeout, idleTimeout, packets, priority, table } = reader;
  let match = "";
  let actions = "";
  while (reader.nextItem()) {
    const { kind } = reader;
    if (kind === "match") match += match === "" ? printMatchItem(reader) : `,${printMatchItem(reader)}`;
    else if (kind === "action") {
      const action = printActionItem(reader, VERSION_1_0);
      actions += actions === "" ? action : `,${action}`;
    }
  }
  return `{"actions":[${actions}],"byte_count":${byteCount},"cookie":"0x${cookie}","duration_nsec":${nanoseconds},"duration_sec":${seconds},"hard_timeout":${hardTimeout},"idle_timeout":${idleTimeout},"match":[${match}],"packet_count":${packets},"priority":${priority},"table_id":${table}}`;
}

/** JSON text of the flow that the reader stands at, as a switch of `version` has it. */
export function printFlow(reader: RecordReader, version: number = VERSION_1_3): string {
  if (version === VERSION_1_0) return printFlow10(reader);
  const { byteCount, cookie, nanoseconds, seconds, flags, hardTimeout, idleTimeout, packets, priority, table } = reader;
  const head = `{"byte_count":${byteCount},"cookie":"0x${cookie}","duration_nsec":${nanoseconds},"duration_sec":${seconds},"flow_mod_flags":${FLAG_TEXTS[flags & 31]},"hard_timeout":${hardTimeout},"idle_timeout":${idleTimeout}`;
  let match = "";
  let instructions = "";
  let open = "";
  while (reader.nextItem()) {
    const { kind } = reader;
    if (kind === "match") match += match === "" ? printMatchItem(reader) : `,${printMatchItem(reader)}`;
    else if (kind === "instruction") {
      instructions += open;
      if (instructions !== "") instructions += ",";
      const whole = printInstructionItem(reader);
      instructions += whole ?? `{"${instructionName(reader.code)}":[`;
      open = whole === null ? "]}" : "";
    } else if (open !== "") {
      if (!instructions.endsWith("[")) instructions += ",";
      instructions += printActionItem(reader);
    }
  }
  return `${head},"instructions":[${instructions}${open}],"match":[${match}],"packet_count":${packets},"priority":${priority},"table_id":${table}}`;
}

/** About how much text one piece of a streamed listing has. */
const PIECE_CHARS = 64 << 10;

/** A listing as text in pieces; between two of them other work gets its turn. */
export async function* printFlows(
  pieces: readonly Uint8Array[],
  version: number = VERSION_1_3,
): AsyncGenerator<string> {
  let text = '{"flows":[';
  let first = true;
  for (const piece of pieces) {
    const reader = new RecordReader(piece);
    while (reader.next()) {
      text += first ? printFlow(reader, version) : `,${printFlow(reader, version)}`;
      first = false;
      if (text.length < PIECE_CHARS) continue;
      yield text;
      text = "";
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  yield `${text}],"version":"${versionText(version)}"}`;
}
