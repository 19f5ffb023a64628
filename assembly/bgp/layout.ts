// Numbers that assembly/bgp and src/wasm/bgp.ts share. Integers only: this file compiles under asc and tsc alike.

export const LAYOUT_VERSION = 3;

// Messages (RFC 4271 §4.1, RFC 2918). CISCO_REFRESH is the pre-standard code that capability 128 announces.
export const HEADER_BYTES = 19;
export const MESSAGE_BYTES_MAX = 4096;
/** With the extended message capability (RFC 8654), for all but OPEN and KEEPALIVE. */
export const MESSAGE_BYTES_EXTENDED = 65535;
export const MSG_OPEN = 1;
export const MSG_UPDATE = 2;
export const MSG_NOTIFICATION = 3;
export const MSG_KEEPALIVE = 4;
export const MSG_ROUTE_REFRESH = 5;
export const MSG_CISCO_REFRESH = 128;
export const OPEN_BYTES_MIN = 29;
export const UPDATE_BYTES_MIN = 23;
export const NOTIFICATION_BYTES_MIN = 21;
export const ROUTE_REFRESH_BYTES = 23;

// NOTIFICATION codes (RFC 4271 §4.5, RFC 4486, RFC 6608, RFC 7313, RFC 8538, RFC 9234, RFC 9687) as code << 8 |
// subcode: what a reset carries.
export const NOTIFY_NOT_SYNCHRONIZED = 0x0101;
export const NOTIFY_BAD_LENGTH = 0x0102;
export const NOTIFY_BAD_TYPE = 0x0103;
export const NOTIFY_OPEN = 0x0200;
export const NOTIFY_VERSION = 0x0201;
export const NOTIFY_PEER_AS = 0x0202;
export const NOTIFY_IDENTIFIER = 0x0203;
export const NOTIFY_PARAMETER = 0x0204;
export const NOTIFY_HOLD_TIME = 0x0206;
export const NOTIFY_CAPABILITY = 0x0207;
export const NOTIFY_ROLE = 0x020b;
export const NOTIFY_ATTRIBUTE_LIST = 0x0301;
export const NOTIFY_UNRECOGNIZED_WELL_KNOWN = 0x0302;
export const NOTIFY_OPTIONAL_ATTRIBUTE = 0x0309;
export const NOTIFY_NETWORK_FIELD = 0x030a;
export const NOTIFY_HOLD_EXPIRED = 0x0400;
export const NOTIFY_FSM = 0x0500;
export const NOTIFY_FSM_OPENSENT = 0x0501;
export const NOTIFY_FSM_OPENCONFIRM = 0x0502;
export const NOTIFY_FSM_ESTABLISHED = 0x0503;
export const NOTIFY_CEASE_PREFIXES = 0x0601;
export const NOTIFY_CEASE_SHUTDOWN = 0x0602;
export const NOTIFY_CEASE_DECONFIGURED = 0x0603;
export const NOTIFY_CEASE_RESET = 0x0604;
export const NOTIFY_CEASE_REJECTED = 0x0605;
export const NOTIFY_CEASE_CONFIG = 0x0606;
export const NOTIFY_CEASE_COLLISION = 0x0607;
export const NOTIFY_CEASE_RESOURCES = 0x0608;
export const NOTIFY_CEASE_HARD_RESET = 0x0609;
export const NOTIFY_REFRESH_LENGTH = 0x0701;
export const NOTIFY_SEND_HOLD_EXPIRED = 0x0800;

// Capabilities (RFC 5492 and the IANA registry).
export const CAP_MULTIPROTOCOL = 1;
export const CAP_ROUTE_REFRESH = 2;
export const CAP_EXTENDED_NEXT_HOP = 5;
export const CAP_EXTENDED_MESSAGE = 6;
export const CAP_ROLE = 9;
export const CAP_GRACEFUL_RESTART = 64;
export const CAP_FOUR_OCTET_AS = 65;
export const CAP_ADD_PATH = 69;
export const CAP_ENHANCED_REFRESH = 70;
export const CAP_LONG_LIVED_GR = 71;
export const CAP_FQDN = 73;
export const CAP_CISCO_REFRESH = 128;
export const CAP_CISCO_MULTI_SESSION = 131;
export const AS_TRANS = 23456;

// Families: an index of our own per (AFI, SAFI). A further one is a line here, a row in family.ts and one in
// src/bgp/families.ts.
export const AFI_IPV4 = 1;
export const AFI_IPV6 = 2;
export const AFI_L2VPN = 25;
export const AFI_LINK_STATE = 16388;
export const SAFI_UNICAST = 1;
export const SAFI_MULTICAST = 2;
export const SAFI_LABELLED = 4;
export const SAFI_EVPN = 70;
export const SAFI_LINK_STATE = 71;
export const SAFI_SR_POLICY = 73;
export const SAFI_VPN = 128;
export const SAFI_ROUTE_TARGET = 132;
export const SAFI_FLOWSPEC = 133;
export const SAFI_FLOWSPEC_VPN = 134;
export const FAMILY_IPV4 = 0;
export const FAMILY_IPV6 = 1;
export const FAMILY_IPV4_MULTICAST = 2;
export const FAMILY_IPV6_MULTICAST = 3;
export const FAMILY_IPV4_LABELLED = 4;
export const FAMILY_IPV6_LABELLED = 5;
export const FAMILY_VPNV4 = 6;
export const FAMILY_VPNV6 = 7;
export const FAMILY_IPV4_FLOWSPEC = 8;
export const FAMILY_IPV6_FLOWSPEC = 9;
export const FAMILY_VPNV4_FLOWSPEC = 10;
export const FAMILY_VPNV6_FLOWSPEC = 11;
export const FAMILY_IPV4_SR_POLICY = 12;
export const FAMILY_IPV6_SR_POLICY = 13;
export const FAMILY_EVPN = 14;
export const FAMILY_ROUTE_TARGET = 15;
export const FAMILY_LINK_STATE = 16;
export const FAMILIES = 17;

// How a family's NLRI are cut into single ones, and what of one is its key in a table.
/** A length in bits, then a prefix: an IPv4 or IPv6 one, which the tables hold in place. */
export const NLRI_IPV4 = 0;
export const NLRI_IPV6 = 1;
/** The same with labels before the prefix (RFC 8277): the key is what follows them. */
export const NLRI_LABELLED = 2;
/** A length in bits, all of it key. */
export const NLRI_BITS = 3;
/** A length of one or two octets (RFC 8955 §4.1). */
export const NLRI_FLOWSPEC = 4;
/** Type and length of an octet each (RFC 7432 §7). */
export const NLRI_EVPN = 5;
/** Type and length of two octets each (RFC 9552 §5.2). */
export const NLRI_LINK_STATE = 6;

// Attribute flags (RFC 4271 §4.3).
export const FLAG_OPTIONAL = 0x80;
export const FLAG_TRANSITIVE = 0x40;
export const FLAG_PARTIAL = 0x20;
export const FLAG_EXTENDED_LENGTH = 0x10;

// Verdicts on an attribute or an UPDATE (RFC 7606 §2), in rising order: the highest one wins.
export const VERDICT_OK = 0;
export const VERDICT_DISCARD = 1;
export const VERDICT_WITHDRAW = 2;
export const VERDICT_RESET = 3;

// How an attribute's value is checked; PARAM of its row is the exact or least length, or the unit of a non-empty list.
export const CHECK_ANY = 0;
export const CHECK_EXACT = 1;
export const CHECK_LIST = 2;
export const CHECK_ORIGIN = 3;
export const CHECK_AS_PATH = 4;
export const CHECK_AS4_PATH = 5;
export const CHECK_AGGREGATOR = 6;
export const CHECK_MP_REACH = 7;
export const CHECK_MP_UNREACH = 8;
export const CHECK_LEAST = 9;

// THE attribute number table: code, and a packed row
//   flags | check << 8 | param << 16 | verdict when malformed << 24 | IBGP_ONLY.
// IBGP_ONLY: discarded when it comes from an external peer (RFC 7606 §7.5, §7.9, §7.10).
// attribute.ts spreads it into memory; src/bgp/attributes.ts names every code in it, and a test compares the two.
export const ROW_CHECK_SHIFT = 8;
export const ROW_PARAM_SHIFT = 16;
export const ROW_VERDICT_SHIFT = 24;
export const ROW_IBGP_ONLY = 1 << 28;
export const ROW_KNOWN = 1 << 29;
const WELL_KNOWN = FLAG_TRANSITIVE | ROW_KNOWN;
const NON_TRANSITIVE = FLAG_OPTIONAL | ROW_KNOWN;
const TRANSITIVE = FLAG_OPTIONAL | FLAG_TRANSITIVE | ROW_KNOWN;
const OR_WITHDRAW = VERDICT_WITHDRAW << 24;
const OR_DISCARD = VERDICT_DISCARD << 24;
const OR_RESET = VERDICT_RESET << 24;

export const ATTR_ORIGIN = 1;
export const ROW_ORIGIN = WELL_KNOWN | (CHECK_ORIGIN << 8) | OR_WITHDRAW;
export const ATTR_AS_PATH = 2;
export const ROW_AS_PATH = WELL_KNOWN | (CHECK_AS_PATH << 8) | OR_WITHDRAW;
export const ATTR_NEXT_HOP = 3;
export const ROW_NEXT_HOP = WELL_KNOWN | (CHECK_EXACT << 8) | (4 << 16) | OR_WITHDRAW;
export const ATTR_MED = 4;
export const ROW_MED = NON_TRANSITIVE | (CHECK_EXACT << 8) | (4 << 16) | OR_WITHDRAW;
export const ATTR_LOCAL_PREF = 5;
export const ROW_LOCAL_PREF = WELL_KNOWN | (CHECK_EXACT << 8) | (4 << 16) | OR_WITHDRAW | ROW_IBGP_ONLY;
export const ATTR_ATOMIC_AGGREGATE = 6;
export const ROW_ATOMIC_AGGREGATE = WELL_KNOWN | (CHECK_EXACT << 8) | OR_DISCARD;
export const ATTR_AGGREGATOR = 7;
export const ROW_AGGREGATOR = TRANSITIVE | (CHECK_AGGREGATOR << 8) | OR_DISCARD;
export const ATTR_COMMUNITY = 8;
export const ROW_COMMUNITY = TRANSITIVE | (CHECK_LIST << 8) | (4 << 16) | OR_WITHDRAW;
export const ATTR_ORIGINATOR_ID = 9;
export const ROW_ORIGINATOR_ID = NON_TRANSITIVE | (CHECK_EXACT << 8) | (4 << 16) | OR_WITHDRAW | ROW_IBGP_ONLY;
export const ATTR_CLUSTER_LIST = 10;
export const ROW_CLUSTER_LIST = NON_TRANSITIVE | (CHECK_LIST << 8) | (4 << 16) | OR_WITHDRAW | ROW_IBGP_ONLY;
export const ATTR_MP_REACH = 14;
export const ROW_MP_REACH = NON_TRANSITIVE | (CHECK_MP_REACH << 8) | OR_RESET;
export const ATTR_MP_UNREACH = 15;
export const ROW_MP_UNREACH = NON_TRANSITIVE | (CHECK_MP_UNREACH << 8) | OR_RESET;
export const ATTR_EXT_COMMUNITY = 16;
export const ROW_EXT_COMMUNITY = TRANSITIVE | (CHECK_LIST << 8) | (8 << 16) | OR_WITHDRAW;
export const ATTR_AS4_PATH = 17;
export const ROW_AS4_PATH = TRANSITIVE | (CHECK_AS4_PATH << 8) | OR_DISCARD;
export const ATTR_AS4_AGGREGATOR = 18;
export const ROW_AS4_AGGREGATOR = TRANSITIVE | (CHECK_EXACT << 8) | (8 << 16) | OR_DISCARD;
export const ATTR_PMSI_TUNNEL = 22;
export const ROW_PMSI_TUNNEL = TRANSITIVE | (CHECK_LEAST << 8) | (5 << 16) | OR_WITHDRAW;
export const ATTR_TUNNEL_ENCAPSULATION = 23;
export const ROW_TUNNEL_ENCAPSULATION = TRANSITIVE | OR_WITHDRAW;
export const ATTR_IPV6_EXT_COMMUNITY = 25;
export const ROW_IPV6_EXT_COMMUNITY = TRANSITIVE | (CHECK_LIST << 8) | (20 << 16) | OR_WITHDRAW;
export const ATTR_AIGP = 26;
export const ROW_AIGP = NON_TRANSITIVE | OR_DISCARD;
export const ATTR_LINK_STATE = 29;
export const ROW_LINK_STATE = NON_TRANSITIVE | OR_DISCARD;
export const ATTR_OTC = 35;
export const ROW_OTC = TRANSITIVE | (CHECK_EXACT << 8) | (4 << 16) | OR_WITHDRAW;
export const ATTR_PREFIX_SID = 40;
export const ROW_PREFIX_SID = TRANSITIVE | OR_DISCARD;
export const ATTR_LARGE_COMMUNITY = 32;
export const ROW_LARGE_COMMUNITY = TRANSITIVE | (CHECK_LIST << 8) | (12 << 16) | OR_WITHDRAW;

// AS_PATH segments (RFC 4271 §4.3, RFC 5065 §3).
export const AS_SET = 1;
export const AS_SEQUENCE = 2;
export const AS_CONFED_SEQUENCE = 3;
export const AS_CONFED_SET = 4;

// Fixed buffers. INPUT holds what one session has not parsed yet; OUTPUT what the encoders have made.
export const INPUT_BYTES = 1 << 18;
export const OUTPUT_BYTES = 1 << 20;
export const STAGE_BYTES = 1 << 20;
/** The attributes of a message with all AS numbers widened, and an NLRI. */
export const SCRATCH_BYTES = 3 << 16;
export const SLACK_BYTES = 64;
/** Attributes that a batch had to rewrite, and keys that it had to make. */
export const ARENA_BYTES = 1 << 21;

// What the last call found. ingest() says why it stopped.
export const STATUS_TYPE = 0;
export const STATUS_MESSAGE = 4;
export const STATUS_MESSAGE_BYTES = 8;
export const STATUS_NOTIFY = 12;
export const STATUS_DATA = 16;
export const STATUS_DATA_BYTES = 20;
export const STATUS_CONSUMED = 24;
export const STATUS_RECORDS = 28;
export const STATUS_MESSAGES = 32;
/** UPDATEs since then with a verdict other than VERDICT_OK, and of the last one: where, its verdict, and the code of the
 *  attribute that earned it, 0 when it was none. */
export const STATUS_FAULTS = 36;
export const STATUS_FAULT = 40;
export const STATUS_FAULT_BYTES = 44;
export const STATUS_FAULT_VERDICT = 48;
export const STATUS_FAULT_CODE = 52;
export const STATUS_BYTES = 64;

// Why ingest() stopped, and what the others return below 0.
export const STOP_NEED_MORE = 0;
export const STOP_MESSAGE = 1;
export const STOP_RECORDS_FULL = 2;
export const STOP_RESET = 3;
export const ERR_MEMORY = -1;
export const ERR_TOO_LONG = -2;

// An OPEN after decoding; capability rows of 8 bytes (code, length, offset in memory) follow from OPEN_ROWS.
export const OPEN_VERSION = 0;
export const OPEN_HOLD_TIME = 2;
export const OPEN_AS = 4;
export const OPEN_IDENTIFIER = 8;
export const OPEN_COUNT = 12;
export const OPEN_ROWS = 16;
export const OPEN_ROW_BYTES = 8;
export const OPEN_CAPABILITIES_MAX = 256;

// Origin validation (RFC 6811, RFC 8210). A cache has two generations of data: what counts, and what is coming in.
export const ROA_CACHES = 16;
export const ROA_INPUT_BYTES = 1 << 17;
export const ROA_PDU_BYTES_MAX = 8192;
export const ROA_ROWS_MAX = 1024;
/** Changes in one answer; a cache that sends more is asked for all data. */
export const ROA_DELTA_MAX = 1 << 19;
export const ORIGIN_NONE = 0xffffffff;
export const ROA_NOT_FOUND = 0;
export const ROA_VALID = 1;
export const ROA_INVALID = 2;
// Why roaApply() stopped.
export const ROA_STOP_MORE = 0;
export const ROA_STOP_PDU = 1;
export const ROA_STOP_CORRUPT = 2;
export const ROA_STOP_UNKNOWN = 3;
export const ROA_STOP_DUPLICATE = 4;
export const ROA_STOP_FULL = 5;
export const ROA_STOP_MEMORY = 6;
// A row of roaCovering().
export const ROA_ROW_AS = 0;
export const ROA_ROW_CACHES = 4;
export const ROA_ROW_BITS = 8;
export const ROA_ROW_MAX_BITS = 9;
export const ROA_ROW_BYTES = 16;
