// Numbers of the learning switch that assembly/openflow/learn*.ts and src/wasm/openflow_learn.ts share. Integers only: this
// file compiles under asc and tsc alike.

/** Switches that learn at a time: LIMITS.openflowSwitches. */
export const LEARN_SWITCHES = 1024;
/** A switch's table: buckets of ways; a bucket that is full forgets what was seen longest ago. */
export const LEARN_BUCKETS_LOG2 = 10;
export const LEARN_BUCKETS = 1 << LEARN_BUCKETS_LOG2;
export const LEARN_WAYS = 8;

// An address that was learnt.
export const ENTRY_KEY = 0; // u64: the address in the upper 48 bits, the VLAN in the lower 16; 0 = free
export const ENTRY_PORT = 8; // u32
export const ENTRY_SEEN = 12; // u32, seconds of the caller's clock
export const ENTRY_SIZE = 16;
export const TABLE_BYTES = LEARN_BUCKETS * LEARN_WAYS * ENTRY_SIZE;

// What became of the PACKET_INs of a scan: the last walk's counts, u32 each.
export const WALK_TAKEN = 0; // within the budget
export const WALK_IGNORED = 4; // beyond it
export const WALK_ADDED = 8; // FLOW_MODs written
export const WALK_SHOWN = 12; // frames that somebody wants to see; their numbers are in the list
export const WALK_IGNORED_BYTES = 16; // their messages' bytes
export const WALK_SIZE = 20;
/** Frame numbers (u16) in the list: FRAMES_MAX. */
export const SHOWN_MAX = 32768;

/** Walk flag: packets are answered, not only counted and shown. */
export const WALK_ANSWER = 1;

// What a learnt flow looks like.
export const LEARNT_PRIORITY = 1; // above the table-miss flow, below an operator's
export const LEARNT_COOKIE_HIGH = 0xffff0000;
export const LEARNT_COOKIE_LOW = 1;
/** The controller's other flows, its table-miss flow among them, have this lower half. */
export const OWN_COOKIE_LOW = 0;

// Ethernet types that are not forwarded: they are for the next neighbour only.
export const ETH_LLDP = 0x88cc;
export const ETH_BDDP = 0x8999;
