// What the module asks of JavaScript: system calls and sealing, each one koffi call on this memory. Pointers are offsets
// in this memory; results are >= 0, or -errno.

/** Monotonic clock, ns. */
export declare function now(): f64;
/** Seals `length` bytes at `text` where they lie and puts the tag behind them. 0 or -1. */
export declare function seal(aead: u32, text: usize, length: u32, ad: usize, nonce: usize, key: usize): i32;
/** Opens `length` bytes (tag included) at `text` where they lie. 0, or -1 when they are not authentic. */
export declare function open(aead: u32, text: usize, length: u32, ad: usize, nonce: usize, key: usize): i32;
export declare function read(fd: i32, buffer: usize, length: u32): i32;
export declare function writev(fd: i32, iov: usize, count: u32): i32;
export declare function recvmmsg(fd: i32, messages: usize, count: u32): i32;
export declare function sendmmsg(fd: i32, messages: usize, count: u32): i32;
export declare function ppoll(fds: usize, count: u32, timespec: usize): i32;
/** A handshake frame: `fd` it came in on, its bytes, the sender's socket address and the address that it wrote to. */
export declare function handshake(
  fd: i32,
  frame: usize,
  length: u32,
  name: usize,
  nameLength: u32,
  local: usize,
  localLength: u32,
): void;
/** The first authentic frame of a session came: it may replace the leg's older ones. */
export declare function confirmed(session: usize): void;
