// The action and instruction tables of OpenFlow 1.3 (spec §7.2.4, §7.2.5), one row each: name, code, form on the wire, and
// what its JSON value is; and what 1.0 (its spec §5.2.4) calls it. Parsing, printing, packing and unpacking come from the row.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { type CodecTables, type Form, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import type { RecordReader, RecordWriter } from "../wasm/openflow_records.js";
import { MATCH_FIELDS, matchFieldByCode, parseSetField } from "./match_fields.js";
import {
  badValue,
  beforeV13,
  bigEndian,
  KINDS,
  type Kind,
  parsePort,
  portAllowed,
  printPort,
  smallNumber,
} from "./values.js";

/** What the JSON value of an action or instruction is. */
export type Argument = "port" | "flag" | "number" | "ethType" | "field" | "metadata" | "actions" | "experimenter";

export interface ActionRow {
  readonly name: string;
  readonly code: number;
  readonly form: Form;
  readonly argument: Argument;
  /** Greatest value of a `number`. */
  readonly max?: number;
  /** Its type in OpenFlow 1.0, when that has it. A `set_field` has the types of its fields (match_fields.ts) there. */
  readonly v10?: number;
}

const EXPERIMENTER = 0xffff;
/** A group or meter id above this is a reserved one (OFPG_MAX, OFPM_MAX). */
const GROUP_MAX = 0xffffff00;
const METER_MAX = 0xffff0000;

export const ACTIONS: readonly ActionRow[] = [
  { name: "output", code: 0, form: "output", argument: "port", v10: 0 },
  { name: "copy_ttl_out", code: 11, form: "none", argument: "flag" },
  { name: "copy_ttl_in", code: 12, form: "none", argument: "flag" },
  { name: "set_mpls_ttl", code: 15, form: "u8", argument: "number", max: 0xff },
  { name: "dec_mpls_ttl", code: 16, form: "none", argument: "flag" },
  { name: "push_vlan", code: 17, form: "u16", argument: "ethType" },
  { name: "pop_vlan", code: 18, form: "none", argument: "flag", v10: 3 },
  { name: "push_mpls", code: 19, form: "u16", argument: "ethType" },
  { name: "pop_mpls", code: 20, form: "u16", argument: "ethType" },
  { name: "set_queue", code: 21, form: "u32", argument: "number", max: 0xffffffff, v10: 11 },
  { name: "group", code: 22, form: "u32", argument: "number", max: GROUP_MAX },
  { name: "set_nw_ttl", code: 23, form: "u8", argument: "number", max: 0xff },
  { name: "dec_nw_ttl", code: 24, form: "none", argument: "flag" },
  { name: "set_field", code: 25, form: "oxm", argument: "field" },
  { name: "push_pbb", code: 26, form: "u16", argument: "ethType" },
  { name: "pop_pbb", code: 27, form: "none", argument: "flag" },
  { name: "experimenter", code: EXPERIMENTER, form: "raw", argument: "experimenter", v10: EXPERIMENTER },
];

export const INSTRUCTIONS: readonly ActionRow[] = [
  { name: "goto_table", code: 1, form: "u8", argument: "number", max: 254 },
  { name: "write_metadata", code: 2, form: "metadata", argument: "metadata" },
  { name: "write_actions", code: 3, form: "actions", argument: "actions" },
  { name: "apply_actions", code: 4, form: "actions", argument: "actions" },
  { name: "clear_actions", code: 5, form: "actions", argument: "flag" },
  { name: "meter", code: 6, form: "u32", argument: "number", max: METER_MAX },
  { name: "experimenter", code: EXPERIMENTER, form: "raw", argument: "experimenter" },
];

/** What the codec is made with. */
export const CODEC_TABLES: CodecTables = { fields: MATCH_FIELDS, actions: ACTIONS, instructions: INSTRUCTIONS };

const actionByName = new Map(ACTIONS.map((row) => [row.name, row]));
// A spelling that a known client sends.
actionByName.set("dec_mpls_ttls", actionByName.get("dec_mpls_ttl") as ActionRow);
const actionByCode = new Map(ACTIONS.map((row) => [row.code, row]));
const instructionByName = new Map(INSTRUCTIONS.map((row) => [row.name, row]));
const instructionByCode = new Map(INSTRUCTIONS.map((row) => [row.code, row]));

/** OFPCML_NO_BUFFER: a packet for the controller comes whole (spec §7.2.5). */
const WHOLE_PACKET = 0xffff;
/** OFPP_CONTROLLER: the one port for which max_len says anything. */
const CONTROLLER = 0xfffffffd;
const ETH_TYPE: Kind = KINDS.ethType;
const SET_QUEUE = "set_queue";

function numberOf(row: ActionRow, value: unknown): number {
  const number = smallNumber(value, 32);
  const max = row.max ?? 0xffffffff;
  if (number === null || number > max) throw badValue(row.name, value, `a number 0..${max}`);
  return number;
}

/** The hex text of an experimenter's body after its id, with `0x`. */
function hexBytes(name: string, value: unknown): Buffer {
  if (value === undefined || value === "") return Buffer.alloc(0);
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value) || value.length > 4_096) {
    throw badValue(name, value, "0x and an even number of hex digits");
  }
  return Buffer.from(value.slice(2), "hex");
}

/** Raw bodies end on eight bytes with their four bytes of type and length. */
function padRaw(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((8 - ((body.length + 4) & 7)) & 7)]);
}

function experimenterBody(value: unknown, data: unknown): Buffer {
  const id = smallNumber(typeof value === "string" && /^[0-9a-fA-F]{1,8}$/.test(value) ? `0x${value}` : value, 32);
  if (id === null) throw badValue("experimenter", value, "an experimenter id as 0x text");
  return padRaw(Buffer.concat([bigEndian(id, 4), hexBytes("data", data)]));
}

/** The whole TLV of an action or instruction that the tables do not have. */
function rawTlv(value: unknown): { type: number; body: Buffer } {
  const tlv = hexBytes("raw", value);
  if (tlv.length < 8 || (tlv.length & 7) !== 0 || tlv.readUInt16BE(2) !== tlv.length) {
    throw badValue("raw", value, "0x and the hex digits of one whole TLV, a multiple of eight bytes");
  }
  return { type: tlv.readUInt16BE(0), body: tlv.subarray(4) };
}

/** Writes the action of an object, or several in the order of its keys. Errors: OPENFLOW_VALUE, OPENFLOW_BEFORE_1_3. */
function writeObject(writer: RecordWriter, action: Readonly<Record<string, unknown>>, version: number): void {
  let known = false;
  for (const name in action) {
    const row = actionByName.get(name);
    if (row) writeAction(writer, row, name, action, version);
    else if (name === "raw") {
      const { type, body } = rawTlv(action["raw"]);
      writer.action(type, 0, body, true);
    } else continue;
    known = true;
  }
  if (!known) throw badValue("action", action, `one of ${ACTIONS.map((each) => each.name).join(", ")}`);
}

function writeAction(
  writer: RecordWriter,
  row: ActionRow,
  name: string,
  action: Readonly<Record<string, unknown>>,
  version: number,
): void {
  const value = action[name];
  if (version === VERSION_1_0 && row.v10 === undefined && row.argument !== "field") throw beforeV13(name);
  if (row.argument === "flag") writer.action(row.code);
  else if (row.name === SET_QUEUE) writeQueue(writer, row, action, version);
  else if (row.argument === "number") writer.action(row.code, numberOf(row, value));
  else if (row.argument === "port") {
    const port = parsePort(value, version);
    if (port === null) throw badValue(row.name, value, portAllowed(version));
    const shorter = action["max_len"] === undefined ? WHOLE_PACKET : smallNumber(action["max_len"], 16);
    if (shorter === null) throw badValue("max_len", action["max_len"], "a number 0..65535");
    writer.output(row.code, port, port === CONTROLLER ? shorter : 0);
  } else if (row.argument === "ethType") {
    const type = ETH_TYPE.parse(value, { name: row.name, bytes: 2, bits: 16 });
    if (!type) throw badValue(row.name, value, ETH_TYPE.allowed);
    writer.action(row.code, Buffer.from(type.value).readUInt16BE(0));
  } else if (row.argument === "field") {
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (entries.length !== 1) throw badValue(row.name, value, "an object with one match field");
    const [field, to] = entries[0] as [string, unknown];
    const parsed = parseSetField(field, to, version);
    writer.setField(row.code, parsed.field.code, parsed.value);
  } else writer.action(row.code, 0, experimenterBody(value, action["data"]), true);
}

/** `set_queue`: in 1.0 it is an enqueue, which sends the packet out of `port` as well. */
function writeQueue(
  writer: RecordWriter,
  row: ActionRow,
  action: Readonly<Record<string, unknown>>,
  version: number,
): void {
  const queue = numberOf(row, action[SET_QUEUE]);
  const given = action["port"];
  if (version !== VERSION_1_0) {
    if (given !== undefined) throw badValue("port", given, "no port beside set_queue: in OpenFlow 1.3 add an output");
    writer.action(row.code, queue);
    return;
  }
  const port = parsePort(given, version);
  if (given === undefined) {
    const reason = "v1.0 SET_QUEUE should use createAction(pv,SET_QUEUE,queueId,port): put port beside set_queue";
    throw new AppError("OPENFLOW_VALUE", { reason });
  }
  if (port === null) throw badValue("port", given, portAllowed(version));
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(port);
  writer.action(row.code, queue, payload);
}

/** Writes a list of actions, in order. Errors: OPENFLOW_VALUE, OPENFLOW_BEFORE_1_3. */
export function writeActions(
  writer: RecordWriter,
  name: string,
  actions: unknown,
  version: number = VERSION_1_3,
): void {
  if (!Array.isArray(actions)) throw badValue(name, actions, "a list of actions");
  if (actions.length > LIMITS.openflowActions) {
    throw new AppError("OPENFLOW_VALUE", { reason: `${name}: over ${LIMITS.openflowActions} actions` });
  }
  for (const action of actions) {
    if (typeof action !== "object" || action === null) throw badValue(name, action, "an object with one action");
    writeObject(writer, action as Readonly<Record<string, unknown>>, version);
  }
}

/** Writes one instruction, with its actions; `siblings` is the object that it stands in. Errors: OPENFLOW_VALUE. */
export function writeInstruction(
  writer: RecordWriter,
  name: string,
  value: unknown,
  siblings: Readonly<Record<string, unknown>>,
): number {
  if (name === "raw") {
    const { type, body } = rawTlv(value);
    writer.instruction(type, 0, body, true);
    return type;
  }
  const row = instructionByName.get(name);
  if (!row) throw badValue("instruction", name, `one of ${INSTRUCTIONS.map((each) => each.name).join(", ")}`);
  if (row.argument === "actions") {
    writer.instruction(row.code);
    writeActions(writer, name, value);
  } else if (row.argument === "number") writer.instruction(row.code, numberOf(row, value));
  else if (row.argument === "metadata") {
    const shape = { name, bytes: 8, bits: 64 };
    const metadata = KINDS.hex.parse(value, shape);
    const mask = siblings["mask"] === undefined ? null : KINDS.hex.parse(siblings["mask"], shape);
    if (!metadata) throw badValue(name, value, KINDS.hex.allowed);
    if (siblings["mask"] !== undefined && !mask) throw badValue("mask", siblings["mask"], KINDS.hex.allowed);
    writer.instruction(row.code, 0, Buffer.concat([metadata.value, mask?.value ?? Buffer.alloc(8, 0xff)]));
  } else if (row.argument === "experimenter") {
    writer.instruction(row.code, 0, padRaw(hexBytes(name, value)), true);
  } else writer.instruction(row.code);
  return row.code;
}

function hexOf(reader: RecordReader, skip = 0): string {
  return reader.bytes.toString("hex", reader.payload + skip, reader.payload + reader.payloadLength);
}

function printRaw(reader: RecordReader): string {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(reader.code);
  head.writeUInt16BE(reader.payloadLength + 4, 2);
  return `{"raw":"0x${head.toString("hex")}${hexOf(reader)}"}`;
}

/** JSON text of the action item that the reader stands at: `{"output":1}`. */
export function printActionItem(reader: RecordReader, version: number = VERSION_1_3): string {
  const row = actionByCode.get(reader.code);
  if (row?.argument === "experimenter" && reader.payloadLength >= 4) {
    const id = reader.bytes.readUInt32BE(reader.payload).toString(16);
    return `{"experimenter":"0x${id}","data":"0x${hexOf(reader, 4)}"}`;
  }
  if (!row || reader.raw) return printRaw(reader);
  switch (row.argument) {
    case "port":
      return reader.arg === CONTROLLER && reader.maxLength !== WHOLE_PACKET
        ? `{"output":"CONTROLLER","max_len":${reader.maxLength}}`
        : `{"output":${printPort(reader.arg, version)}}`;
    case "flag":
      return `{"${row.name}":true}`;
    case "ethType":
      return `{"${row.name}":${ETH_TYPE.print(Buffer.from(bigEndian(reader.arg, 2)), 0, 2)}}`;
    case "field":
      return printSetField(reader);
    default:
      // A set_queue with a payload is an enqueue of 1.0: its port.
      return reader.payloadLength === 4
        ? `{"${row.name}":${reader.arg},"port":${printPort(reader.queuePort, version)}}`
        : `{"${row.name}":${reader.arg}}`;
  }
}

function printSetField(reader: RecordReader): string {
  const at = reader.payload;
  const field =
    reader.bytes.readUInt16BE(at) === 0x8000 ? matchFieldByCode((reader.bytes[at + 2] as number) >> 1) : undefined;
  const masked = ((reader.bytes[at + 2] as number) & 1) !== 0;
  if (!field || masked) return `{"raw":"0x${setFieldTlv(reader)}"}`;
  const kind: Kind = KINDS[field.kind];
  return `{"set_field":{"${field.name}":${kind.print(reader.bytes, at + 4, reader.payloadLength - 4)}}}`;
}

/** Hex of the whole set_field TLV, for fields that the table does not have. */
function setFieldTlv(reader: RecordReader): string {
  const length = (4 + reader.payloadLength + 7) & ~7;
  const tlv = Buffer.alloc(length);
  tlv.writeUInt16BE(reader.code);
  tlv.writeUInt16BE(length, 2);
  reader.bytes.copy(tlv, 4, reader.payload, reader.payload + reader.payloadLength);
  return tlv.toString("hex");
}

/** JSON text of an instruction item without its actions, or null when actions follow it. */
export function printInstructionItem(reader: RecordReader): string | null {
  const row = instructionByCode.get(reader.code);
  if (row?.argument === "experimenter") return `{"experimenter":"0x${hexOf(reader)}"}`;
  if (!row || reader.raw) return printRaw(reader);
  if (row.argument === "actions") return null;
  if (row.argument === "flag") return `{"${row.name}":true}`;
  if (row.argument === "number") return `{"${row.name}":${reader.arg}}`;
  const metadata = KINDS.hex.print(reader.bytes, reader.payload, 8);
  const mask = reader.bytes.readBigUInt64BE(reader.payload + 8);
  // HP leaves a mask of all ones out as it leaves out 0: read back, both say the same flow.
  return mask === 0xffffffffffffffffn
    ? `{"${row.name}":${metadata}}`
    : `{"${row.name}":${metadata},"mask":"0x${mask.toString(16)}"}`;
}

/** The name of an action, or undefined when the table does not have it. */
export function actionName(code: number): string | undefined {
  return actionByCode.get(code)?.name;
}

/** Begins the one instruction that stands for the actions of OpenFlow 1.0. */
export function beginActions(writer: RecordWriter): void {
  writer.instruction((instructionByName.get("apply_actions") as ActionRow).code);
}

/** The name of an instruction whose actions follow it. */
export function instructionName(code: number): string {
  return instructionByCode.get(code)?.name ?? "raw";
}
