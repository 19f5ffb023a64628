// System calls through koffi, for what Node's core does not offer. Pointers are native addresses given as numbers
// (below 2^47 on every 64-bit Linux), so that no BigInt is made per call.

import koffi from "koffi";

const lib = koffi.load("libc.so.6");
const pointer = "uintptr_t";

type Call = (...args: (number | Uint8Array | string | null)[]) => number;

const bind = (name: string, args: string[]): Call => lib.func(name, "int", args) as unknown as Call;

/** Calls with native addresses, for the hot path. Each returns -1 on failure; `errno()` says why. */
export const raw = {
  read: bind("read", ["int", pointer, "size_t"]),
  writev: bind("writev", ["int", pointer, "int"]),
  recvmmsg: bind("recvmmsg", ["int", pointer, "uint", "int", pointer]),
  sendmmsg: bind("sendmmsg", ["int", pointer, "uint", "int"]),
  ppoll: bind("ppoll", [pointer, "ulong", pointer, pointer]),
};

const calls = {
  open: bind("open", ["str", "int"]),
  close: bind("close", ["int"]),
  ioctl: bind("ioctl", ["int", "ulong", "void *"]),
  socket: bind("socket", ["int", "int", "int"]),
  bind: bind("bind", ["int", "void *", "uint"]),
  setsockopt: bind("setsockopt", ["int", "int", "int", "void *", "uint"]),
  getsockname: bind("getsockname", ["int", "void *", "void *"]),
  recv: bind("recv", ["int", "void *", "size_t", "int"]),
  sendto: bind("sendto", ["int", "void *", "size_t", "int", "void *", "uint"]),
  eventfd: bind("eventfd", ["uint", "int"]),
  flock: bind("flock", ["int", "int"]),
  madvise: bind("madvise", [pointer, "size_t", "int"]),
  prctl: bind("prctl", ["int", "ulong", "ulong", "ulong", "ulong"]),
};

const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const PR_SET_TIMERSLACK = 29;
const MADV_DONTNEED = 4;
const MADV_HUGEPAGE = 14;
const PAGE_BYTES = 4_096;

/** Number of the last failed call's error, positive. */
export function errno(): number {
  return koffi.errno();
}

const errorNames = new Map<number, string>();
for (const [name, number] of Object.entries(koffi.os.errno)) {
  if (!errorNames.has(number as number)) errorNames.set(number as number, name);
}

/** The name of an error number: ENODEV, … */
export function errorName(number: number): string {
  return errorNames.get(number) ?? `errno ${number}`;
}

/** A failed system call, with its name and error number as `code` (ENODEV, …). */
export class SystemError extends Error {
  readonly code: string;

  constructor(what: string, number = errno()) {
    const code = errorName(number);
    super(`${what}: ${code}`);
    this.name = "SystemError";
    this.code = code;
  }
}

function check(result: number, what: string): number {
  if (result < 0) throw new SystemError(what);
  return result;
}

/** Opens a device file, non-blocking. */
export function openDevice(path: string): number {
  return check(calls.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC), `open ${path}`);
}

export function closeDescriptor(fd: number): void {
  calls.close(fd);
}

/** ioctl with a structure as argument. */
export function ioctl(fd: number, request: number, argument: Uint8Array, what: string): void {
  check(calls.ioctl(fd, request, argument), what);
}

/** ioctl whose argument is a plain number. */
export function ioctlNumber(fd: number, request: number, argument: number): boolean {
  return numberIoctl(fd, request, argument) === 0;
}
const numberIoctl = bind("ioctl", ["int", "ulong", "ulong"]);

/** A non-blocking socket that no child inherits. */
export function socket(family: number, type: number): number {
  return check(calls.socket(family, type | O_NONBLOCK | O_CLOEXEC, 0), "socket");
}

export function bindSocket(fd: number, address: Uint8Array): void {
  check(calls.bind(fd, address, address.length), "bind");
}

export function setOption(fd: number, level: number, option: number, value: Uint8Array, what: string): void {
  check(calls.setsockopt(fd, level, option, value, value.length), what);
}

/** Sends one datagram. False when the kernel would not take it. */
export function sendTo(fd: number, bytes: Uint8Array, address: Uint8Array): boolean {
  return calls.sendto(fd, bytes, bytes.length, 0, address, address.length) === bytes.length;
}

/** Receives one datagram into `bytes`; its length, or -1 when there is none or the call failed: errno() says which. */
export function receive(fd: number, bytes: Uint8Array): number {
  return calls.recv(fd, bytes, bytes.length, 0);
}

/** The socket's own address: sockaddr bytes. */
export function socketName(fd: number): Uint8Array {
  const address = new Uint8Array(28);
  const length = Uint8Array.of(28, 0, 0, 0);
  check(calls.getsockname(fd, address, length), "getsockname");
  return address.subarray(0, length[0]);
}

/** A non-blocking event counter, readable after it was written to. */
export function eventDescriptor(): number {
  return check(calls.eventfd(0, O_NONBLOCK | O_CLOEXEC), "eventfd");
}

/** Lets this thread's time-outs end on time (default slack 50 us), for pacing. */
export function sharpenTimers(): void {
  calls.prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
}

/** Takes an exclusive lock on an open file, which ends with the process. False when another process has it. */
export function lockFile(fd: number): boolean {
  const LOCK_EX_NB = 6;
  return calls.flock(fd, LOCK_EX_NB) === 0;
}

/**
 * Asks for large pages in the `bytes` bytes from the beginning of a buffer on: also those that it may grow to when it
 * does not move. Only advice: a kernel without them does nothing. Returns false then.
 */
export function adviseLargePages(buffer: ArrayBuffer, bytes: number): boolean {
  return calls.madvise(Number(koffi.address(new Uint8Array(buffer))), bytes, MADV_HUGEPAGE) === 0;
}

/** Gives the pages of a part of a buffer back to the system, but for the first one; they read as zero afterwards. */
export function releasePages(buffer: ArrayBuffer, at: number, bytes: number): void {
  const from = Number(koffi.address(new Uint8Array(buffer))) + at;
  const first = Math.ceil(from / PAGE_BYTES) * PAGE_BYTES + PAGE_BYTES;
  const length = Math.floor((from + bytes - first) / PAGE_BYTES) * PAGE_BYTES;
  if (length > 0) calls.madvise(first, length, MADV_DONTNEED);
}
