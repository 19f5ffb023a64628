// Numbers that assembly/openflow and src/wasm/openflow*.ts share. Integers only: this file compiles under asc and tsc alike.
// Wire numbers are OpenFlow 1.3's (ONF TS-006, "spec" below); records are ours, little-endian.
// The store keeps flow records: another form of them needs a migration (src/openflow/desired_record.ts).

export const LAYOUT_VERSION = 3;

// Arenas. A message is at most 65,535 bytes, so a carry and a socket chunk of 64 KiB each always fit INPUT.
export const INPUT_BYTES = 262144;
export const OUTPUT_BYTES = 1048576;
export const SCRATCH_BYTES = 65536;
export const FRAMES_MAX = 32768;

// Header (spec §7.1): version u8, type u8, length u16, xid u32.
export const OFP_VERSION = 4;
export const OFP_HEADER = 8;
export const OFPT_HELLO = 0;
export const OFPT_ERROR = 1;
export const OFPT_ECHO_REQUEST = 2;
export const OFPT_ECHO_REPLY = 3;
export const OFPT_EXPERIMENTER = 4;
export const OFPT_FEATURES_REQUEST = 5;
export const OFPT_FEATURES_REPLY = 6;
export const OFPT_GET_CONFIG_REQUEST = 7;
export const OFPT_GET_CONFIG_REPLY = 8;
export const OFPT_SET_CONFIG = 9;
export const OFPT_PACKET_IN = 10;
export const OFPT_FLOW_REMOVED = 11;
export const OFPT_PORT_STATUS = 12;
export const OFPT_PACKET_OUT = 13;
export const OFPT_FLOW_MOD = 14;
export const OFPT_GROUP_MOD = 15;
export const OFPT_PORT_MOD = 16;
export const OFPT_TABLE_MOD = 17;
export const OFPT_MULTIPART_REQUEST = 18;
export const OFPT_MULTIPART_REPLY = 19;
export const OFPT_BARRIER_REQUEST = 20;
export const OFPT_BARRIER_REPLY = 21;
export const OFPT_QUEUE_GET_CONFIG_REQUEST = 22;
export const OFPT_QUEUE_GET_CONFIG_REPLY = 23;
export const OFPT_ROLE_REQUEST = 24;
export const OFPT_ROLE_REPLY = 25;
export const OFPT_GET_ASYNC_REQUEST = 26;
export const OFPT_GET_ASYNC_REPLY = 27;
export const OFPT_SET_ASYNC = 28;
export const OFPT_METER_MOD = 29;

// OpenFlow 1.0 numbers the messages after FLOW_MOD otherwise; scan() gives them the numbers above, so that a type means the
// same in both versions. What 1.0 does not have reads as TYPE_UNKNOWN.
export const OFP_VERSION_10 = 1;
export const TYPE_UNKNOWN = 255;
export const V10_PORT_MOD = 15;
export const V10_STATS_REQUEST = 16;
export const V10_STATS_REPLY = 17;
export const V10_BARRIER_REQUEST = 18;
export const V10_BARRIER_REPLY = 19;
export const V10_QUEUE_GET_CONFIG_REQUEST = 20;
export const V10_QUEUE_GET_CONFIG_REPLY = 21;

// Frame index entry, written by scan().
export const FRAME_OFFSET = 0; // u32, from the start of INPUT
export const FRAME_XID = 4; // u32
export const FRAME_LENGTH = 8; // u16, the whole message
export const FRAME_TYPE = 10; // u8, by 1.3's numbers
export const FRAME_VERSION = 11; // u8
export const FRAME_SIZE = 12;

// Flow record: FLOW_MOD, an entry of a flow statistics reply, or FLOW_REMOVED; items follow.
export const FLOW_SIZE = 0; // u32, the whole record, a multiple of 4
export const FLOW_TABLE = 4; // u8
export const FLOW_COMMAND = 5; // u8; FLOW_REMOVED: the reason
export const FLOW_PRIORITY = 6; // u16
export const FLOW_IDLE = 8; // u16, seconds
export const FLOW_HARD = 10; // u16, seconds
export const FLOW_FLAGS = 12; // u16
export const FLOW_COOKIE = 16; // u64
export const FLOW_COOKIE_MASK = 24; // u64
export const FLOW_PACKETS = 32; // u64
export const FLOW_BYTES = 40; // u64
export const FLOW_SECONDS = 48; // u32
export const FLOW_NANOSECONDS = 52; // u32
export const FLOW_BUFFER = 56; // u32
export const FLOW_OUT_PORT = 60; // u32
export const FLOW_OUT_GROUP = 64; // u32
export const FLOW_HEAD = 72;

// Item: a match field, an instruction, or an action of the instruction before it.
export const ITEM_SIZE = 0; // u16, with the payload's padding: a multiple of 4
export const ITEM_KIND = 2; // u8
export const ITEM_FLAGS = 3; // u8
export const ITEM_CODE = 4; // u16: OXM field, instruction type, action type
export const ITEM_LENGTH = 6; // u16, payload bytes
export const ITEM_ARG = 8; // u32: OXM class, or the value of forms U8, U16, U32 and OUTPUT
export const ITEM_HEAD = 12;
export const KIND_MATCH = 1; // payload: value, then the mask when MASKED
export const KIND_INSTRUCTION = 2;
export const KIND_ACTION = 3;
export const FLAG_MASKED = 1;
export const FLAG_RAW = 2; // payload: everything after the TLV's type and length

// How an action or an instruction looks on the wire, by table row.
export const FORM_RAW = 0;
export const FORM_NONE = 1; // pad[4]
export const FORM_U8 = 2; // u8 pad[3]
export const FORM_U16 = 3; // u16 pad[2]
export const FORM_U32 = 4; // u32
export const FORM_OUTPUT = 5; // u32 port, u16 max_len, pad[6]; item payload: max_len as u32
export const FORM_OXM = 6; // OXM TLV padded to 8; item payload: the TLV
export const FORM_ACTIONS = 7; // pad[4], actions
export const FORM_METADATA = 8; // pad[4], u64 value, u64 mask; item payload: both, as on the wire

// Where OpenFlow 1.0 has a match field (its spec §5.2.3), one entry a field, by its OXM number.
export const V10_AT = 0; // u8, offset in ofp_match
export const V10_BYTES = 1; // u8, bytes there
export const V10_WILDCARD = 2; // u8, its bit in `wildcards`; prefixes: the lowest of six
export const V10_FORM = 3; // u8, V10_FORM_*; 0 = 1.0 has no such field
export const V10_OXM_BYTES = 4; // u8, bytes as OXM
export const V10_SET = 5; // u8, type of the action that sets it; 0xff = none
export const V10_IP_PROTO = 6; // u8, the nw_proto for which it is there; 0 = any
export const V10_ETH_TYPE = 8; // u16, the dl_type for which it is there; 0 = any
export const V10_SIZE = 12;
export const V10_FIELDS = 64;
export const V10_NONE = 0xff;
// How a value looks in 1.0, beside its OXM form.
export const V10_FORM_COPY = 1; // the same bytes
export const V10_FORM_NUMBER = 2; // the same number in another width
export const V10_FORM_PORT = 3; // u16, reserved ports from 0xff00
export const V10_FORM_VLAN = 4; // u16 without OFPVID_PRESENT; 0xffff = no tag
export const V10_FORM_PCP = 5; // u8, three bits
export const V10_FORM_DSCP = 6; // u8, the upper six bits
export const V10_FORM_PREFIX = 7; // an IPv4 address and how many of its bits are wild

// OXM (spec §7.2.3)
export const OXM_CLASS_BASIC = 0x8000;
export const OXM_FIELDS = 128;

// What the packers and checkers return below zero.
export const ERR_LENGTH = -1; // a length runs out of its container or is below its minimum
export const ERR_MATCH_TYPE = -2; // a match that is not OFPMT_OXM
export const ERR_OXM_LENGTH = -3; // a known field with a wrong length
export const ERR_TOO_LONG = -4; // the message would pass 65,535 bytes
export const ERR_ITEM = -5; // a record that its writer spoiled: a defect of ours
export const ERR_VERSION = -6; // OpenFlow 1.0 has no such field, action, instruction, mask or value
