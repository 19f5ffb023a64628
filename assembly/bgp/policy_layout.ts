// The numbers of policy and of the transformations at import and export, shared with src/wasm.

// A policy program: words of 4 bytes, little-endian; every offset counts from the program's start, 0 means none.
export const PROGRAM_VERSION = 0;
export const PROGRAM_SIZE = 4;
/** Verdict when no rule has decided: ACTION_ACCEPT or ACTION_REJECT. */
export const PROGRAM_DEFAULT = 8;
export const PROGRAM_FIRST = 12;
export const PROGRAM_RULES = 16;
/** Routes rejected because a changed route could not be written: too long, or without the next hop asked for. */
export const PROGRAM_FAILED = 20;
export const PROGRAM_BYTES = 24;
export const PROGRAM_FORMAT = 0x53504f31;
/** What a route without LOCAL_PREF counts as, and what internal peers are told. */
export const LOCAL_PREF_DEFAULT = 100;
export const ACTION_REJECT = 0;
export const ACTION_ACCEPT = 1;
export const ACTION_CONTINUE = 2;
export const RULE_NEXT = 0;
export const RULE_ACTION = 4;
export const RULE_EDITS = 8;
export const RULE_CONDITIONS = 12;
export const RULE_HITS = 16;
/** ROUTE_KEEP_*: what its edits set that exportTransform() would else replace. */
export const RULE_KEEPS = 20;
// A condition: operation, next of the same list (all must hold), arguments.
export const COND_OP = 0;
export const COND_NEXT = 4;
export const COND_A = 8;
export const COND_B = 12;
/** A: list of conditions, not all of which may hold. */
export const COND_NOT = 1;
/** A, B: IPv4 and IPv6 prefix table. */
export const COND_PREFIX = 2;
export const COND_NEXT_HOP = 3;
/** A: bits, one a family, an origin code, a validation state. */
export const COND_FAMILY = 4;
export const COND_ORIGIN = 5;
export const COND_VALIDATION = 6;
/** A: least, B: most. */
export const COND_MED = 7;
export const COND_LOCAL_PREF = 8;
/** A: patterns, B: attribute code. */
export const COND_ANY = 9;
export const COND_ALL = 10;
/** A: first of the path tests, one of which must hold. */
export const COND_PATH = 11;
// A path test: all that is given must hold. The sets are a count and ascending AS numbers.
export const PATH_NEXT = 0;
export const PATH_CONTAINS = 4;
export const PATH_ORIGIN = 8;
export const PATH_NEIGHBOR = 12;
export const PATH_LEAST = 16;
export const PATH_MOST = 20;
export const PATH_AUTOMATON = 24;
// An automaton over the path's text: rows of flags (u32) and 16 next states (u16).
export const STATE_BYTES = 36;
export const STATE_MATCH = 1;
export const STATE_MATCH_AT_END = 2;
export const STATE_DEAD = 4;
export const SYMBOL_SPACE = 10;
export const SYMBOL_COMMA = 11;
export const SYMBOL_SET = 12;
export const SYMBOL_SET_END = 13;
export const SYMBOL_CONFED = 14;
export const SYMBOL_CONFED_END = 15;
// A prefix table: hash of (prefix, length), linear probing. For each route length the bits of the entry lengths that
// can match it (IPv4 2 words, IPv6 5), then slots {prefix, length, least, most, 1 when used}.
export const PREFIX_SHIFT = 0;
export const PREFIX_LENGTHS = 4;
export const PREFIX_MASK_WORDS_4 = 2;
export const PREFIX_MASK_WORDS_6 = 5;
export const PREFIX_HASH_A = 0x85ebca6b;
export const PREFIX_HASH_B = 0xc2b2ae35;
// Community patterns, values as {u64, u32} with the first octet highest: exact ones ascending, then {mask, value}.
export const PATTERNS_EXACT = 0;
export const PATTERNS_WILD = 4;
export const PATTERNS_BYTES = 8;
export const PATTERN_BYTES = 12;
// Edits of a rule, at most one an attribute, ascending by code.
export const EDIT_CODE = 0;
export const EDIT_NEXT = 4;
export const EDIT_OP = 8;
export const EDIT_A = 12;
export const EDIT_B = 16;
/** A: the value. */
export const EDIT_SET = 1;
/** A: amount. Both stay within 0 and 4294967295. */
export const EDIT_ADD = 2;
export const EDIT_SUBTRACT = 3;
export const EDIT_REMOVE = 4;
/** A: count and pairs {AS, times}, AS 0 for the local one. */
export const EDIT_PREPEND = 5;
/** A: HOP_*, B: the address. */
export const EDIT_HOP = 6;
/** A: patterns of what goes, or EDIT_ALL; B: count of bytes and the bytes of what is added. */
export const EDIT_LIST = 7;
export const EDIT_ALL = 1;
export const HOP_SELF = 1;
export const HOP_PEER = 2;
export const HOP_IPV4 = 3;
export const HOP_IPV6 = 4;
/** The attributes of one UPDATE of 65535 bytes (RFC 8654). */
export const ATTRIBUTES_MAX = 65512;

// A neighbour: what policy and transformation must know of a session. Addresses and identifiers in wire order, zero none.
export const NEIGHBOR_FLAGS = 0;
export const NEIGHBOR_LOCAL_AS = 4;
export const NEIGHBOR_AS = 8;
export const NEIGHBOR_ROUTER_ID = 12;
export const NEIGHBOR_CLUSTER_ID = 16;
/** Our role of RFC 9234 plus 1, 0 none. */
export const NEIGHBOR_ROLE = 20;
/** How often our AS may stand in a received path. */
export const NEIGHBOR_ALLOW_OWN_AS = 24;
export const NEIGHBOR_LOCAL_4 = 28;
export const NEIGHBOR_PEER_4 = 32;
/** Global address, then the link-local one when both ends share the link. */
export const NEIGHBOR_LOCAL_6 = 36;
export const NEIGHBOR_LINK_LOCAL = 52;
export const NEIGHBOR_PEER_6 = 68;
export const NEIGHBOR_BYTES = 96;
export const NEIGHBOR_IBGP = 1;
export const NEIGHBOR_REFLECTOR_CLIENT = 2;
export const NEIGHBOR_ROUTE_SERVER_CLIENT = 4;
export const NEIGHBOR_NEXT_HOP_UNCHANGED = 8;
export const NEIGHBOR_NEXT_HOP_SELF = 16;
/** Next hop self for reflected routes, too. */
export const NEIGHBOR_NEXT_HOP_SELF_ALL = 32;
/** AIGP_SESSION of RFC 7311 §3.3: both ways. */
export const NEIGHBOR_AIGP = 64;
export const NEIGHBOR_ENFORCE_FIRST_AS = 128;
export const NEIGHBOR_LONG_LIVED_GR = 256;
/** IPv4 routes may have IPv6 next hops (RFC 8950). */
export const NEIGHBOR_EXTENDED_NEXT_HOP = 512;

// A route that is exported.
export const ROUTE_OWN = 1;
export const ROUTE_FROM_IBGP = 2;
export const ROUTE_FROM_CLIENT = 4;
export const ROUTE_KEEP_MED = 8;
export const ROUTE_KEEP_NEXT_HOP = 16;
/** exportRefused() has been asked already, before the export policy. */
export const ROUTE_CHECKED = 32;

// Why a route is not advertised; bits.
export const REFUSED_COMMUNITY = 1;
export const REFUSED_IBGP = 2;
export const REFUSED_OTC = 4;
export const REFUSED_STALE = 8;
export const REFUSED_MALFORMED = 16;

// What importCheck() finds; those under IMPORT_INELIGIBLE keep a route out of the decision.
export const IMPORT_OWN_AS = 1;
export const IMPORT_OWN_ORIGINATOR = 2;
export const IMPORT_OWN_CLUSTER = 4;
export const IMPORT_LEAK = 8;
export const IMPORT_FIRST_AS = 16;
export const IMPORT_OWN_NEXT_HOP = 32;
export const IMPORT_MALFORMED = 64;
export const IMPORT_INELIGIBLE = 127;
export const IMPORT_NO_LLGR = 256;
export const IMPORT_LLGR_STALE = 512;
/** ONLY_TO_CUSTOMER must be added: importTransform(). */
export const IMPORT_ADD_OTC = 1024;
/** AIGP must be left out, by the same. */
export const IMPORT_DROP_AIGP = 2048;

// NEIGHBOR_ROLE: what we are to the neighbour (RFC 9234 §4.1), plus 1.
export const ROLE_PROVIDER = 1;
export const ROLE_ROUTE_SERVER = 2;
export const ROLE_ROUTE_SERVER_CLIENT = 3;
export const ROLE_CUSTOMER = 4;
export const ROLE_PEER = 5;
