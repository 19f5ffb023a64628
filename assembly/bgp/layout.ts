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

// A record: one NLRI that an UPDATE announces or withdraws. Bytes from its start. IPv4 and IPv6 have their prefix in it;
// of other families it says where NLRI and key stand, and the key's hash.
export const RECORD_BYTES = 32;
/** As many as the longest message may have bytes. */
export const RECORDS_MAX = 1 << 16;
export const R_BLOCK = 0;
export const R_FAMILY = 4;
export const R_LENGTH = 5;
export const R_ACTION = 6;
export const R_CHANGED = 7;
export const R_PATH_ID = 8;
export const R_WIRE = 12;
export const R_PREFIX = 16;
export const R_KEY = 16;
export const R_KEY_BYTES = 20;
export const R_WIRE_BYTES = 24;
export const R_HASH = 28;
export const ACTION_WITHDRAW = 0;
export const ACTION_ANNOUNCE = 1;
/** It is announced by nobody: it is judged anew, and stays stale. */
export const ACTION_STALE = 2;
/** R_CHANGED: some route of the prefix has changed; the best one has. */
export const CHANGED_ANY = 1;
export const CHANGED_BEST = 2;

// A block: the attributes that some records of a batch share. B_SET is filled in when the batch is applied.
export const BLOCK_BYTES = 32;
export const BLOCKS_MAX = 12288;
export const B_ATTRIBUTES = 0;
export const B_BYTES = 4;
export const B_SET = 8;
export const B_HASH = 12;
/** Why routes with these attributes are not eligible: bits of transform.ts, 0 when they are. */
export const B_REFUSED = 16;
/** The set after the import policy when that looks at attributes only; 0 not known yet, 1 rejected. */
export const B_POST = 20;
export const B_FAMILY = 24;

// An interned attribute set. Its handle is its address; the attributes' bytes follow the head as on the wire, behind
// them, for families whose NLRI has more than its key, the whole NLRI. From SET_LOCAL_PREF on: what the decision
// compares, worked out when it is first needed (SET_RANKED).
export const SET_HASH = 0;
export const SET_REFS = 4;
export const SET_LENGTH = 8;
export const SET_NLRI = 12;
export const SET_RANKED = 14;
export const SET_ORIGIN = 15;
export const SET_LOCAL_PREF = 16;
export const SET_MED = 20;
export const SET_NEIGHBOR = 24;
export const SET_PATH_LENGTH = 28;
export const SET_CLUSTERS = 30;
export const SET_ORIGINATOR = 32;
export const SET_HOP_COST = 36;
/** The last export of the set: of which class, and what came out. */
export const SET_CLASS = 40;
export const SET_EXPORTED = 44;
export const SET_BYTES = 48;

// A RIB: what the decoder must know of one direction of a session, its counters (u64), and a table a family (u32). A
// RIB with a source has no tables: its routes are those of the source in the shared tables.
export const RIB_FLAGS = 0;
export const RIB_FAMILIES = 4;
export const RIB_ADD_PATH = 8;
export const RIB_END_OF_RIB = 12;
export const RIB_SOURCE = 16;
/** The import policy, what it must know of the peer, and whether it looks at more than attributes. */
export const RIB_POLICY = 20;
export const RIB_NEIGHBOR = 24;
export const RIB_POLICY_PER_ROUTE = 28;
export const RIB_UPDATES = 32;
export const RIB_WITHDRAW_UPDATES = 40;
export const RIB_ANNOUNCED = 48;
export const RIB_WITHDRAWN = 56;
export const RIB_TREATED_AS_WITHDRAW = 64;
export const RIB_ATTRIBUTES_DISCARDED = 72;
export const RIB_FAMILIES_IGNORED = 80;
export const RIB_TABLES = 88;
export const RIB_CHANGES = RIB_TABLES + FAMILIES * 4;
export const RIB_BYTES = RIB_CHANGES + FAMILIES * 4;
export const RIB_FLAG_FOUR_OCTET_AS = 1;
export const RIB_FLAG_IBGP = 2;
/** Messages may have 65535 bytes (RFC 8654). */
export const RIB_FLAG_EXTENDED_MESSAGES = 4;

// A source: whom routes in the shared tables come from. A session that ends without graceful restart leaves a source
// that is dying until its routes have been removed; the next session has a new one.
export const SOURCES_MAX = 4096;
export const SOURCE_INDEX = 0;
export const SOURCE_FLAGS = 4;
export const SOURCE_ROUTER_ID = 8;
/** Bit a family: the generation that its fresh routes have; others are stale (RFC 4724, RFC 7313). */
export const SOURCE_GENERATION = 12;
/** Bit a family: its stale routes are long-lived stale ones (RFC 9494). */
export const SOURCE_LONG_LIVED = 16;
export const SOURCE_OWNER = 20;
export const SOURCE_ADDRESS = 24;
export const SOURCE_COUNTS = 40;
export const SOURCE_BYTES = SOURCE_COUNTS + FAMILIES * 4;
export const SOURCE_FLAG_IBGP = 1;
export const SOURCE_FLAG_CLIENT = 2;
export const SOURCE_FLAG_DYING = 4;

// A route in a table, first in the entry of its prefix or in a list of nodes there. Entries and nodes begin alike.
export const ROUTE_SET = 0;
export const ROUTE_LENGTH = 4;
export const ROUTE_FLAGS = 5;
export const ROUTE_SOURCE = 6;
export const ROUTE_PATH_ID = 8;
/** Of a node: the next one, and the set after the import policy when that is another. */
export const NODE_NEXT = 12;
export const NODE_POST = 16;
export const NODE_BYTES = 16;
export const NODE_POST_BYTES = 32;
/** Of an entry: the prefix, or the address of a key. */
export const ENTRY_KEY = 12;
export const ENTRY_BYTES_SHORT = 16;
export const ENTRY_BYTES_IPV6 = 28;
/** Of an entry: ROUTE_SET is the first node of a list. */
export const ROUTE_FLAG_LIST = 1;
export const ROUTE_FLAG_POST = 2;
/** Not for the decision: refused by a rule of the protocol or by the import policy. */
export const ROUTE_FLAG_REFUSED = 4;
export const ROUTE_FLAG_REJECTED = 8;
export const ROUTE_FLAG_GENERATION = 16;

// Exports: what one peer gets of the shared tables. Two RIBs belong to it: routes that an operator has sent, which stand
// as they are, and what was made of the best routes.
export const X_FLAGS = 0;
export const X_FAMILIES = 4;
export const X_ADD_PATH = 8;
export const X_SOURCE = 12;
export const X_POLICY = 16;
export const X_CLASS = 20;
export const X_MESSAGE_BYTES = 24;
export const X_STATIC = 28;
export const X_OUT = 32;
/** What policy and transformation must know of the peer. */
export const X_NEIGHBOR = 36;
export const X_UNSENT = 40;
/** A family each: the walk that is under way, and in which of its phases. */
export const X_WALKERS = 44;
export const X_PHASES = X_WALKERS + FAMILIES * 4;
export const X_BYTES = X_PHASES + FAMILIES * 4;
export const X_FLAG_IBGP = 1;
/** A client of ours as a route reflector (RFC 4456). */
export const X_FLAG_CLIENT = 2;
export const X_FLAG_FOUR_OCTET_AS = 4;
/** The export policy looks at more than attributes: what it makes of a set cannot be kept. */
export const X_FLAG_POLICY_PER_ROUTE = 8;
/** Routes go as they are: to the kernel, which is no peer. */
export const X_FLAG_PLAIN = 16;
export const PHASE_IDLE = 0;
export const PHASE_STATIC = 1;
export const PHASE_SHARED = 2;
export const PHASE_OUT = 3;
/** How exportBatch() treats what the peer has already, and routes of its own. */
export const EXPORT_CHANGES = 0;
export const EXPORT_ALL = 1;
export const EXPORT_STATIC = 2;

// A key that does not fit into an entry: its hash and length, then its bytes.
export const KEY_HASH = 0;
export const KEY_BYTES = 4;
export const KEY_HEAD_BYTES = 8;

// A table: prefix → routes of one family.
export const TABLE_SLOTS = 0;
export const TABLE_CAPACITY = 4;
export const TABLE_COUNT = 8;
export const TABLE_STRIDE = 12;
export const TABLE_ROUTES = 16;
export const TABLE_FAMILY = 20;
export const TABLE_PER_LENGTH = 24;
export const TABLE_BYTES = 24 + 129 * 4;

// A row that lookup() and scan() write: one route. The prefix's 16 bytes are in it with its length in bits, or the
// address and length of its NLRI.
export const ROW_SET = 0;
export const ROW_POST = 4;
export const ROW_PATH_ID = 8;
export const ROW_SOURCE = 12;
export const ROW_FLAGS = 14;
export const ROW_KEY_BYTES = 16;
export const ROW_KEY = 20;
export const ROW_BYTES = 40;
export const ROW_BEST = 1;
export const ROW_ELIGIBLE = 2;
export const ROW_STALE = 4;
export const ROW_REJECTED = 8;

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
export const STATUS_BYTES = 64;

// Why ingest() stopped, and what the others return below 0.
export const STOP_NEED_MORE = 0;
export const STOP_MESSAGE = 1;
export const STOP_RECORDS_FULL = 2;
export const STOP_RESET = 3;
export const ERR_MEMORY = -1;
export const ERR_TOO_LONG = -2;
export const ERR_NETWORK_FIELD = -3;

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
