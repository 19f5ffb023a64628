// Numbers that assembly/bond and src/wasm/bond.ts share. Integers only: this file compiles under asc and tsc alike.
// Offsets are bytes from the start of a record; the comment gives the field's type and unit.

export const LAYOUT_VERSION = 2;

// Bounds of one worker.
export const BONDS_MAX = 256;
export const LEGS_MAX = 16;
export const SESSIONS_MAX = 8192;
export const BUCKETS = 256;
export const SLOTS_MAX = 16384;

// Wire: the frame (docs/tunnel.md has the same table).
export const FRAME_INIT = 1;
export const FRAME_RESPONSE = 2;
export const FRAME_TRANSPORT = 3;
export const OUTER_SIZE = 8;
export const INNER_SIZE = 8;
export const TAG_SIZE = 16;
export const FRAME_OVERHEAD = 32;
export const OUTER_TYPE = 0; // u8
export const OUTER_INDEX = 1; // u24: the receiver's session; its low byte is the low byte of the bond's id
export const OUTER_COUNTER = 4; // u32: low half of the leg's 64-bit sequence
export const INNER_FLAGS = 0; // u8
export const INNER_BUCKET = 1; // u8
export const INNER_TIME = 2; // u16: time of the leg's choice, 64 us units
export const INNER_SEQUENCE = 4; // u32: sequence in the bucket
export const INNER_CONTROL = 1;
export const INNER_CHECKSUM_PARTIAL = 2; // the TCP or UDP checksum is left to the far end's device (virtio does the same)
export const INNER_EXPRESS = 4; // went ahead of its leg's queue: its time proves nothing about the frames before it

// Heartbeat (body of a control frame).
export const HEARTBEAT_TIME = 0; // u32: sender's clock, us
export const HEARTBEAT_ECHO = 4; // u32: the last time heard from the other end
export const HEARTBEAT_DELAY = 8; // u32: us between hearing it and sending this
export const HEARTBEAT_OWD = 12; // i32: one-way delay of the other direction, us, clock offset included
export const HEARTBEAT_RECEIVED = 16; // u32: frames accepted in this session
export const HEARTBEAT_HIGHEST = 20; // u32: 1 + highest sequence accepted in this session
export const HEARTBEAT_FLAGS = 24; // u8: HEARTBEAT_*
export const HEARTBEAT_SIZE = 28;
export const HEARTBEAT_CARRIES = 1; // the sender's end may put data on this leg

// Schedulers: ids of src/bond/dataplane/schedulers.ts.
export const SCHEDULER_IDMPQ = 1;
export const SCHEDULER_WEIGHTED_ROUND_ROBIN = 2;
export const SCHEDULER_FLOWLET = 3;

// AEAD ids, as in the handshake.
export const AEAD_AES256GCM = 1;
export const AEAD_CHACHA20POLY1305 = 2;
/** Added to an id: authenticates and leaves the text readable. */
export const AEAD_AUTHENTICATE_ONLY = 16;

// Leg record.
export const LEG_SIZE = 512;
export const LEG_USED = 0; // u32
export const LEG_ID = 4; // u32
export const LEG_FD = 8; // i32, -1 when there is no socket
export const LEG_FLAGS = 12; // u32: LEG_*
export const LEG_SESSION = 16; // u32: pointer of the session that sends, 0 = none
export const LEG_SLOT = 20; // u32: place in the bond
export const LEG_RATE = 24; // f64: bytes per ns on the wire
export const LEG_FREE_AT = 32; // i64: ns, when the line has sent all that was given to it
export const LEG_DEFICIT = 40; // f64: bytes, of the weighted scheduler
export const LEG_PEER_OWD = 48; // i32: us, delay of what we send as the other end measures it
export const LEG_RTT = 52; // u32: us, smoothed; 0 = not measured
export const LEG_RX_OWD = 56; // i32: us, delay of what we receive, clock offset included
export const LEG_RX_OWD_KNOWN = 60; // u32
export const LEG_LAST_RX = 64; // i64: ns, last authenticated frame
export const LEG_Q_HEAD = 72; // u32: slots given to the leg and not yet sent
export const LEG_Q_TAIL = 76; // u32
export const LEG_Q_BYTES = 80; // u32
export const LEG_Q_COUNT = 84; // u32
export const LEG_TX_BYTES = 88; // u64
export const LEG_RX_BYTES = 96; // u64
export const LEG_TX_PACKETS = 104; // u64
export const LEG_RX_PACKETS = 112; // u64
export const LEG_TX_DROPS = 120; // u64
export const LEG_RX_TIME = 128; // i64: newest INNER_TIME of data, unwrapped
export const LEG_HB_PEER_TIME = 136; // u32
export const LEG_HB_PEER_AT = 144; // i64: ns
export const LEG_HB_NEXT = 152; // i64: ns
export const LEG_HB_EVERY = 160; // u32: us, 0 = none
export const LEG_LOSS_PPM = 164; // u32
export const LEG_LOSS_RECEIVED = 168; // u32: at the last look
export const LEG_LOSS_HIGHEST = 172; // u32
export const LEG_PEER_OWD_KNOWN = 176; // u32
export const LEG_TX_ERRNO = 180; // u32: of the last send that failed
export const LEG_REMOTE_LEN = 184; // u32
export const LEG_REMOTE = 188; // 28 bytes: sockaddr
export const LEG_LOCAL_LEN = 216; // u32: 0, 4 or 16
export const LEG_LOCAL = 220; // 16 bytes: the address that the other end wrote to
export const LEG_HEARD = 236; // u32: heartbeats heard
export const LEG_BOND = 240; // u32: pointer
export const LEG_X_HEAD = 244; // u32: express slots, sent before the queue
export const LEG_X_TAIL = 248; // u32
export const LEG_PEER_SILENT = 252; // u32: us since the other end had heard us, as it said last; 0xffffffff = never
export const LEG_MTU_DROPS = 256; // u64

export const LEG_BACKLOGGED = 264; // u32: something waited for the leg's pace when it was last served

export const LEG_TX = 1; // data may be sent
export const LEG_FAILOVER = 2; // only when no other leg can
export const LEG_RX = 4; // the other end may send data here
export const LEG_NO_GSO = 8; // the kernel refused UDP_SEGMENT on this path
export const LEG_PKTINFO = 16; // replies name their source address (aggregator)

// Session record: keys of one leg and direction pair, found by the index on the wire.
export const SES_SIZE = 1408;
export const SES_STATE = 0; // u32: SESSION_*
export const SES_BOND = 4; // u32: pointer
export const SES_LEG = 8; // u32: pointer
export const SES_AEAD = 12; // u32
export const SES_TX_COUNTER = 16; // u64
export const SES_RX_NEXT = 24; // u64: 1 + highest sequence accepted
export const SES_REMOTE_INDEX = 32; // u32
export const SES_LOCAL_INDEX = 36; // u32
export const SES_RX_COUNT = 40; // u64
export const SES_REPLAY = 64; // 32 words of 64 bits
export const SES_TX_KEY = 320; // 512 bytes: expanded AES key or 32 bytes of ChaCha20 key
export const SES_RX_KEY = 832; // 512 bytes
export const SESSION_FREE = 0;
export const SESSION_PENDING = 1; // keys made, nothing authenticated received yet
export const SESSION_LIVE = 2;
export const SESSION_RESERVED = 3; // an index is given out, no keys yet: no frame is taken
export const REPLAY_WORDS = 32;

// Bucket record: one share of the flows of a bond, with its order, queue and holes.
export const BUCKET_SIZE = 80;
export const BUCKET_TX_SEQUENCE = 0; // u32
export const BUCKET_Q_HEAD = 4; // u32
export const BUCKET_Q_TAIL = 8; // u32
export const BUCKET_Q_BYTES = 12; // u32
export const BUCKET_DEFICIT = 16; // i32
export const BUCKET_NEXT_ACTIVE = 20; // u32
export const BUCKET_STATE = 24; // u32: 0 idle, 1 sparse, 2 bulk
export const BUCKET_RX_NEXT = 28; // u32
export const BUCKET_HELD_HEAD = 32; // u32
export const BUCKET_HELD_TAIL = 36; // u32
export const BUCKET_HELD_COUNT = 40; // u32
export const BUCKET_NEXT_HOLED = 44; // u32
export const BUCKET_DEADLINE = 48; // i64: ns
export const BUCKET_HOLED = 56; // u32
export const BUCKET_LEG = 60; // u32: 1 + slot of the leg of its last packet (flowlet)
export const BUCKET_LEG_AT = 64; // u32: ms, when that was

// Bond record.
export const BOND_USED = 0; // u32
export const BOND_ID = 4; // u32
export const BOND_TUN_FD = 8; // i32
export const BOND_SCHEDULER = 12; // u32
export const BOND_HOLD = 16; // i64: ns, ceiling of a hold
export const BOND_LEGS = 24; // u32: places in use, highest + 1
export const BOND_SPARSE_HEAD = 28; // u32: buckets whose queue was empty
export const BOND_SPARSE_TAIL = 32; // u32
export const BOND_BULK_HEAD = 36; // u32
export const BOND_BULK_TAIL = 40; // u32
export const BOND_Q_COUNT = 44; // u32: packets in the front queues
export const BOND_HOLED_HEAD = 48; // u32
export const BOND_HELD_COUNT = 52; // u32
export const BOND_LAST_LEG = 56; // u32: pointer of the last choice
export const BOND_RX_TIME = 64; // i64: newest INNER_TIME, unwrapped
export const BOND_SPREAD = 72; // i64: ns, delay between fastest and slowest live leg
export const BOND_Q_BYTES_MAX = 80; // u32: one bucket's bound
export const BOND_QUANTUM = 84; // u32: bytes of one bucket's turn
export const BOND_LAST_RX = 88; // i64: ns
export const BOND_COUNTERS = 128; // u64 each, COUNTER_*
export const BOND_LEG_TABLE = 512;
export const BOND_BUCKETS = 8704; // BOND_LEG_TABLE + LEGS_MAX * LEG_SIZE
export const BOND_SIZE = 29184; // BOND_BUCKETS + BUCKETS * BUCKET_SIZE

// Counters of a bond, in the order of COUNTER_NAMES in src/wasm/bond.ts.
export const COUNTER_TUN_RX_PACKETS = 0;
export const COUNTER_TUN_RX_BYTES = 1;
export const COUNTER_TUN_TX_PACKETS = 2;
export const COUNTER_TUN_TX_BYTES = 3;
export const COUNTER_IN_ORDER = 4;
export const COUNTER_HELD = 5;
export const COUNTER_LATE = 6;
export const COUNTER_DUPLICATE = 7;
export const COUNTER_HOLES_LOST = 8;
export const COUNTER_HOLES_TIMED_OUT = 9;
export const COUNTER_AUTH_DROPS = 10;
export const COUNTER_REPLAY_DROPS = 11;
export const COUNTER_MALFORMED_DROPS = 12;
export const COUNTER_QUEUE_DROPS = 13;
export const COUNTER_TUN_WRITE_DROPS = 14;
export const COUNTER_NO_LEG_DROPS = 15;
export const COUNTER_TUN_READS = 16;
export const COUNTER_TUN_WRITES = 17;
export const COUNTER_UDP_SENDS = 18;
export const COUNTER_UDP_RECEIVES = 19;
export const COUNTER_LEG_DIED_DROPS = 20;
export const COUNTERS = 21;

// Counters of the worker: frames that belong to no bond.
export const WORKER_UNKNOWN_DROPS = 0;
export const WORKER_SHORT_DROPS = 1;
export const WORKER_SLOTS_FREE = 2;
export const WORKER_COUNTERS = 4;

// Packet slot: header, then the frame, so that a packet is sealed where it lies.
export const SLOT_SIZE = 2048;
export const SLOT_NEXT = 0; // u32
export const SLOT_LENGTH = 4; // u32: of the packet, without frame
export const SLOT_SEQUENCE = 8; // u32
export const SLOT_FLAGS = 12; // u32: INNER_*
export const SLOT_TIME = 16; // i64: INNER_TIME unwrapped (held) or ns of arrival (queued)
export const SLOT_BUCKET = 24; // u32
export const SLOT_ARRIVED = 32; // i64: ns
export const SLOT_FRAME = 64;
export const SLOT_PACKET = 80; // SLOT_FRAME + OUTER_SIZE + INNER_SIZE
export const PACKET_MAX = 1900;

// Batches.
export const RECV_BATCH = 32;
export const RECV_BUFFER = 65536;
export const SEND_BATCH = 64;
export const SEND_IOVECS = 1024;
export const GSO_SEGMENTS = 60;
export const GSO_BYTES = 64000;
export const POLL_MAX = 8192;
export const NAME_SIZE = 28;
export const CONTROL_SIZE = 128;

// Reasons for which `turn` returns to JavaScript.
export const TURN_WOKEN = 1;
export const TURN_TICK = 2;

// What a polled descriptor is.
export const POLL_WAKE = 0;
export const POLL_UDP = 1;
export const POLL_TUN = 2;
