// The numbers of batches, attribute sets, tables, sources and exports, shared with src/wasm. Integers only.

/** A word for each family: as many as FAMILIES of layout.ts says. */
const FAMILY_WORDS = 17 * 4;

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
/** It is announced by nobody: it is judged anew. The bits of ACTION_GENERATION are its generation, which stays. */
export const ACTION_AGAIN = 2;
export const ACTION_KIND = 0x0f;
export const ACTION_GENERATION = 0xf0;
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
/** The set after the import policy when that looks at attributes only; or one of POST_*. */
export const B_POST = 20;
export const B_FAMILY = 24;
export const POST_UNKNOWN = 0;
export const POST_REJECTED = 1;
/** The policy leaves the block's set as it is. */
export const POST_UNCHANGED = 2;

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
export const RIB_PATHS_REFUSED = 88;
export const RIB_TABLES = 96;
export const RIB_CHANGES = RIB_TABLES + FAMILY_WORDS;
export const RIB_BYTES = RIB_CHANGES + FAMILY_WORDS;
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
/** Bit a family: its stale routes are long-lived stale ones (RFC 9494). */
export const SOURCE_LONG_LIVED = 16;
export const SOURCE_OWNER = 20;
export const SOURCE_ADDRESS = 24;
/** A family each: routes, and how many of them are neither refused nor rejected. */
export const SOURCE_COUNTS = 40;
export const SOURCE_ACCEPTED = SOURCE_COUNTS + FAMILY_WORDS;
/** A byte a family: the generation that fresh routes have, as in ROUTE_FLAGS; others are stale (RFC 4724, RFC 7313). */
export const SOURCE_GENERATIONS = SOURCE_ACCEPTED + FAMILY_WORDS;
export const SOURCE_BYTES = SOURCE_GENERATIONS + 32;
export const SOURCE_FLAG_IBGP = 1;
export const SOURCE_FLAG_CLIENT = 2;
export const SOURCE_FLAG_DYING = 4;

/** Paths of one prefix that a source may have (RFC 7911 names no bound); further ones are refused and counted. */
export const PATHS_MAX = 64;

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
/** A number that goes round. */
export const ROUTE_GENERATION = 0xf0;
export const ROUTE_GENERATION_ONE = 0x10;

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
export const X_PHASES = X_WALKERS + FAMILY_WORDS;
export const X_BYTES = X_PHASES + FAMILY_WORDS;
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
