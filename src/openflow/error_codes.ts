// The switch's errors by name (spec §7.4.4; 1.0 spec §5.4.4), one row a type, and the text in which HP's controller reports them.

import { MESSAGE, typeOfWire, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";

interface ErrorType {
  readonly name: string;
  readonly codes: readonly string[];
}

/** Index = type. */
const TYPES: readonly ErrorType[] = [
  { name: "HELLO_FAILED", codes: ["INCOMPATIBLE", "EPERM"] },
  {
    name: "BAD_REQUEST",
    codes: [
      ..."BAD_VERSION BAD_TYPE BAD_MULTIPART BAD_EXPERIMENTER BAD_EXP_TYPE EPERM BAD_LEN BUFFER_EMPTY".split(" "),
      ..."BUFFER_UNKNOWN BAD_TABLE_ID IS_SLAVE BAD_PORT BAD_PACKET MULTIPART_BUFFER_OVERFLOW".split(" "),
    ],
  },
  {
    name: "BAD_ACTION",
    codes: [
      ..."BAD_TYPE BAD_LEN BAD_EXPERIMENTER BAD_EXP_TYPE BAD_OUT_PORT BAD_ARGUMENT EPERM TOO_MANY BAD_QUEUE".split(" "),
      ..."BAD_OUT_GROUP MATCH_INCONSISTENT UNSUPPORTED_ORDER BAD_TAG BAD_SET_TYPE BAD_SET_LEN BAD_SET_ARGUMENT".split(
        " ",
      ),
    ],
  },
  {
    name: "BAD_INSTRUCTION",
    codes: [
      ..."UNKNOWN_INST UNSUP_INST BAD_TABLE_ID UNSUP_METADATA UNSUP_METADATA_MASK BAD_EXPERIMENTER".split(" "),
      ..."BAD_EXP_TYPE BAD_LEN EPERM DUP_INST".split(" "),
    ],
  },
  {
    name: "BAD_MATCH",
    codes: [
      ..."BAD_TYPE BAD_LEN BAD_TAG BAD_DL_ADDR_MASK BAD_NW_ADDR_MASK BAD_WILDCARDS BAD_FIELD BAD_VALUE BAD_MASK".split(
        " ",
      ),
      ..."BAD_PREREQ DUP_FIELD EPERM".split(" "),
    ],
  },
  {
    name: "FLOW_MOD_FAILED",
    codes: "UNKNOWN TABLE_FULL BAD_TABLE_ID OVERLAP EPERM BAD_TIMEOUT BAD_COMMAND BAD_FLAGS CANT_SYNC".split(" "),
  },
  {
    name: "GROUP_MOD_FAILED",
    codes: [
      ..."GROUP_EXISTS INVALID_GROUP WEIGHT_UNSUPPORTED OUT_OF_GROUPS OUT_OF_BUCKETS CHAINING_UNSUPPORTED".split(" "),
      ..."WATCH_UNSUPPORTED LOOP UNKNOWN_GROUP CHAINED_GROUP BAD_TYPE BAD_COMMAND BAD_BUCKET BAD_WATCH EPERM".split(
        " ",
      ),
    ],
  },
  { name: "PORT_MOD_FAILED", codes: ["BAD_PORT", "BAD_HW_ADDR", "BAD_CONFIG", "BAD_ADVERTISE", "EPERM"] },
  { name: "TABLE_MOD_FAILED", codes: ["BAD_TABLE", "BAD_CONFIG", "EPERM"] },
  { name: "QUEUE_OP_FAILED", codes: ["BAD_PORT", "BAD_QUEUE", "EPERM"] },
  { name: "SWITCH_CONFIG_FAILED", codes: ["BAD_FLAGS", "BAD_LEN", "EPERM"] },
  { name: "ROLE_REQUEST_FAILED", codes: ["STALE", "UNSUP", "BAD_ROLE"] },
  {
    name: "METER_MOD_FAILED",
    codes: [
      ..."UNKNOWN METER_EXISTS INVALID_METER UNKNOWN_METER BAD_COMMAND BAD_FLAGS BAD_RATE BAD_BURST BAD_BAND".split(
        " ",
      ),
      ..."BAD_BAND_VALUE OUT_OF_METERS OUT_OF_BANDS".split(" "),
    ],
  },
  {
    name: "TABLE_FEATURES_FAILED",
    codes: ["BAD_TABLE", "BAD_METADATA", "BAD_TYPE", "BAD_LEN", "BAD_ARGUMENT", "EPERM"],
  },
];

/** The same in OpenFlow 1.0. */
const TYPES_1_0: readonly ErrorType[] = [
  { name: "HELLO_FAILED", codes: ["INCOMPATIBLE", "EPERM"] },
  {
    name: "BAD_REQUEST",
    codes: [
      ..."BAD_VERSION BAD_TYPE BAD_STAT BAD_VENDOR BAD_SUBTYPE EPERM BAD_LEN BUFFER_EMPTY BUFFER_UNKNOWN".split(" "),
    ],
  },
  {
    name: "BAD_ACTION",
    codes: [
      ..."BAD_TYPE BAD_LEN BAD_VENDOR BAD_VENDOR_TYPE BAD_OUT_PORT BAD_ARGUMENT EPERM TOO_MANY BAD_QUEUE".split(" "),
    ],
  },
  {
    name: "FLOW_MOD_FAILED",
    codes: "ALL_TABLES_FULL OVERLAP EPERM BAD_EMERG_TIMEOUT BAD_COMMAND UNSUPPORTED".split(" "),
  },
  { name: "PORT_MOD_FAILED", codes: ["BAD_PORT", "BAD_HW_ADDR"] },
  { name: "QUEUE_OP_FAILED", codes: ["BAD_PORT", "BAD_QUEUE", "EPERM"] },
];

export const ERROR_TYPE = { HELLO_FAILED: 0, BAD_REQUEST: 1 } as const;
/** Codes of HELLO_FAILED and BAD_REQUEST that we send. */
export const HELLO_INCOMPATIBLE = 0;
export const BAD_REQUEST = { BAD_VERSION: 0, EPERM: 5, BAD_LEN: 6 } as const;

const MESSAGE_NAMES = new Map(Object.entries(MESSAGE).map(([name, type]) => [type as number, name]));

/** `BAD_MATCH/BAD_PREREQ`, with numbers for what the specification does not name. */
export function errorName(type: number, code: number, version: number = VERSION_1_3): string {
  const row = (version === VERSION_1_0 ? TYPES_1_0 : TYPES)[type];
  return `${row?.name ?? type}/${row?.codes[code] ?? code}`;
}

function header(message: Buffer): string {
  const version = ["?", "V_1_0", "V_1_1", "V_1_2", "V_1_3", "V_1_4", "V_1_5"][message[0] as number] ?? "?";
  const type = typeOfWire(message[1] as number, message[0] as number);
  const name = MESSAGE_NAMES.get(type) ?? String(message[1]);
  return `[${version},${name},${message.readUInt16BE(2)},${message.readUInt32BE(4)}]`;
}

/** The text of a (checked) ERROR message, with the request that caused it when the switch sent its head back. */
export function errorText(frame: Uint8Array): string {
  const message = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const data = message.subarray(12);
  const cause = data.length >= 8 ? `,OFM-cause:${header(data)}` : "";
  const name = errorName(message.readUInt16BE(8), message.readUInt16BE(10), message[0]);
  return `{ofm:${header(message)},${name},#dataBytes=${data.length}${cause}}`;
}
