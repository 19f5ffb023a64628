// Routes of one kernel table by rtnetlink: many messages to a system call.

import { closeDescriptor, SystemError } from "./libc.js";
import { NETLINK_BYTES, nextMessage, openNetlink, receiveNetlink, sendNetlink } from "./netlink.js";

const AF_INET = 2;
const AF_INET6 = 10;
const ENOENT = 2;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const F_REQUEST = 0x001;
const F_DUMP = 0x300;
const F_REPLACE_CREATE = 0x500;
const RTA_DST = 1;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTN_UNICAST = 1;
const SCOPE_NOWHERE = 255;

/** Header and route message before the attributes. */
const ROUTE_BYTES = 28;
/** A route message of ours at most: destination, gateway or via, source, priority, table. */
const ROUTE_BYTES_MAX = 120;
const BATCH_BYTES = 64 << 10;
/** Refusals of a whole batch fit into the receive buffer. */
const BATCH_ROUTES = 512;
/** Dumps change under our own deletions; one that finds nothing ends the clearing. */
const PASSES = 8;

/** What all routes of a RouteTable have in common. */
export interface RouteOptions {
  readonly table: number;
  /** RTPROT_*: who made a route; only those with our number are ever removed. */
  readonly protocol: number;
  readonly metric: number;
  /** Preferred source addresses, 4 and 16 bytes, or null. */
  readonly source4: Uint8Array | null;
  readonly source6: Uint8Array | null;
}

/** A message that the kernel has refused, and the error number. It is valid during the call only. */
export type Refused = (message: Buffer, error: number) => void;

/** True for a message that adds a route, false for one that removes it. */
export function addsRoute(message: Uint8Array): boolean {
  return message[4] === RTM_NEWROUTE;
}

/** Where a message has its prefix. */
function prefixOf(message: Uint8Array): { six: boolean; at: number; bits: number } {
  return { six: message[16] === AF_INET6, at: ROUTE_BYTES + 4, bits: message[17] as number };
}

/** The next hop of a message that adds a route, as the key of a map: its 4 or 16 bytes as latin1. */
export function hopKey(message: Buffer): string {
  // The attributes are destination, table, metric, next hop.
  const at = ROUTE_BYTES + message.readUInt16LE(ROUTE_BYTES) + 16;
  const skip = message.readUInt16LE(at + 2) === RTA_VIA ? 6 : 4;
  return message.toString("latin1", at + skip, at + message.readUInt16LE(at));
}

/** A message's prefix as the key of a map. */
export function prefixKey(message: Buffer): string {
  const { six, at, bits } = prefixOf(message);
  return routeKey(six, message, at, bits);
}

/**
 * A prefix, whose bytes stand in `bytes` at `at`, as the key of a map: family 4 or 6, length and bytes as latin1.
 * Host bits do not matter.
 */
export function routeKey(six: boolean, bytes: Uint8Array, at: number, bits: number): string {
  const whole = (bits + 7) >> 3;
  const key = Buffer.allocUnsafe(whole + 2);
  key[0] = six ? 6 : 4;
  key[1] = bits;
  key.set(bytes.subarray(at, at + whole), 2);
  if ((bits & 7) !== 0) key[whole + 1] = (key[whole + 1] as number) & (0xff00 >> (bits & 7));
  return key.toString("latin1");
}

/** The routes of one kernel table that are ours. Messages are gathered, and sent by flush() or when they are many. */
export class RouteTable {
  readonly #options: RouteOptions;
  readonly #fd: number;
  readonly #batch = Buffer.alloc(BATCH_BYTES + ROUTE_BYTES_MAX);
  /** Where the messages of the batch begin, by sequence number. */
  readonly #starts = new Uint32Array(BATCH_ROUTES);
  readonly #answer = Buffer.alloc(NETLINK_BYTES);
  readonly #refused: Refused;
  #at = 0;
  #count = 0;

  /** Throws SystemError. */
  constructor(options: RouteOptions, refused: Refused) {
    this.#options = options;
    this.#refused = refused;
    this.#fd = openNetlink();
  }

  close(): void {
    closeDescriptor(this.#fd);
  }

  /**
   * Adds or replaces the route to a prefix, whose bytes stand in `bytes` at `at` (as many as its length needs), via a
   * next hop of 4 or 16 bytes at `hopAt`. An IPv4 prefix may have an IPv6 next hop (RFC 8950).
   */
  add(six: boolean, bytes: Uint8Array, at: number, bits: number, hopAt: number, hopBytes: number): void {
    this.#begin(RTM_NEWROUTE, six, bytes, at, bits);
    if (hopBytes === 16 && !six) {
      this.#attribute(RTA_VIA, 18);
      this.#batch.writeUInt16LE(AF_INET6, this.#at - 20);
      // The length was rounded up to a multiple of 4; the address follows the family.
      this.#batch.set(bytes.subarray(hopAt, hopAt + 16), this.#at - 18);
    } else {
      this.#attribute(RTA_GATEWAY, hopBytes);
      this.#batch.set(bytes.subarray(hopAt, hopAt + hopBytes), this.#at - hopBytes);
    }
    const source = six ? this.#options.source6 : this.#options.source4;
    if (source) {
      this.#attribute(RTA_PREFSRC, source.length);
      this.#batch.set(source, this.#at - source.length);
    }
    this.#end();
  }

  /** Removes the route to a prefix. */
  remove(six: boolean, bytes: Uint8Array, at: number, bits: number): void {
    this.#begin(RTM_DELROUTE, six, bytes, at, bits);
    this.#end();
  }

  #attribute(type: number, bytes: number): void {
    const room = (bytes + 7) & ~3;
    this.#batch.fill(0, this.#at, this.#at + room);
    this.#batch.writeUInt16LE(bytes + 4, this.#at);
    this.#batch.writeUInt16LE(type, this.#at + 2);
    this.#at += room;
  }

  #number(type: number, value: number): void {
    this.#attribute(type, 4);
    this.#batch.writeUInt32LE(value, this.#at - 4);
  }

  #begin(type: number, six: boolean, bytes: Uint8Array, from: number, bits: number): void {
    const { table, protocol, metric } = this.#options;
    const batch = this.#batch;
    const at = this.#at;
    this.#starts[this.#count] = at;
    batch.fill(0, at, at + ROUTE_BYTES);
    batch.writeUInt16LE(type, at + 4);
    batch.writeUInt16LE(F_REQUEST | (type === RTM_NEWROUTE ? F_REPLACE_CREATE : 0), at + 6);
    batch[at + 16] = six ? AF_INET6 : AF_INET;
    batch[at + 17] = bits;
    batch[at + 21] = protocol;
    // A deletion names no scope and no type: it takes what is there.
    batch[at + 22] = type === RTM_NEWROUTE ? 0 : SCOPE_NOWHERE;
    batch[at + 23] = type === RTM_NEWROUTE ? RTN_UNICAST : 0;
    this.#at += ROUTE_BYTES;
    const width = six ? 16 : 4;
    this.#attribute(RTA_DST, width);
    const whole = (bits + 7) >> 3;
    for (let i = 0; i < whole; i++) batch[this.#at - width + i] = bytes[from + i] as number;
    if ((bits & 7) !== 0) {
      const last = this.#at - width + whole - 1;
      batch[last] = (batch[last] as number) & (0xff00 >> (bits & 7));
    }
    this.#number(RTA_TABLE, table);
    this.#number(RTA_PRIORITY, metric);
  }

  #end(): void {
    const start = this.#starts[this.#count] as number;
    this.#batch.writeUInt32LE(this.#at - start, start);
    this.#batch.writeUInt32LE(this.#count, start + 8);
    this.#count++;
    if (this.#count === BATCH_ROUTES || this.#at >= BATCH_BYTES) this.flush();
  }

  /** Sends what was gathered, and tells of what was refused. Throws SystemError when the kernel takes nothing at all. */
  flush(): void {
    if (this.#count === 0) return;
    const bytes = this.#batch.subarray(0, this.#at);
    const count = this.#count;
    const refused: { sequence: number; error: number }[] = [];
    this.#at = 0;
    this.#count = 0;
    sendNetlink(this.#fd, bytes);
    this.#answers((answer, at) => {
      const error = -answer.readInt32LE(at + 16);
      if (error !== 0) refused.push({ sequence: answer.readUInt32LE(at + 28), error });
    });
    if (refused.length === 0) return;
    // A refusal matters only when no later message was about the same prefix.
    const last = new Map<string, number>();
    for (let i = 0; i < count; i++) last.set(prefixKey(this.#message(i)), i);
    const told = refused
      .map(({ sequence, error }) => ({ sequence, error, message: Buffer.from(this.#message(sequence)) }))
      .filter(({ sequence, message }) => last.get(prefixKey(message)) === sequence);
    // Only now, with copies: what is done about a refusal may gather messages again.
    for (const { message, error } of told) this.#refused(message, error);
  }

  #message(sequence: number): Buffer {
    const start = this.#starts[sequence] as number;
    return this.#batch.subarray(start, start + this.#batch.readUInt32LE(start));
  }

  /** Calls `take` for each error message that has come. */
  #answers(take: (answer: Buffer, at: number) => void): void {
    for (;;) {
      const length = receiveNetlink(this.#fd, this.#answer);
      if (length === 0) return;
      for (let at = 0; at + 36 <= length; at = nextMessage(this.#answer, at)) {
        if (this.#answer.readUInt16LE(at + 4) === NLMSG_ERROR) take(this.#answer, at);
      }
    }
  }

  /** Removes all of our routes from the table, whoever of us has made them. Returns how many there were. */
  clear(): number {
    let removed = 0;
    for (const six of [false, true]) {
      for (let pass = 0; pass < PASSES; pass++) {
        const found = this.#clearFamily(six);
        removed += found;
        if (found === 0) break;
      }
    }
    return removed;
  }

  #clearFamily(six: boolean): number {
    const fd = openNetlink();
    const answer = Buffer.alloc(NETLINK_BYTES);
    let found = 0;
    try {
      sendNetlink(fd, this.#dumpRequest(six));
      for (;;) {
        const length = receiveNetlink(fd, answer);
        if (length === 0) throw new Error("a listing of routes without its end");
        for (let at = 0; at + 16 <= length; at = nextMessage(answer, at)) {
          const type = answer.readUInt16LE(at + 4);
          if (type === NLMSG_DONE || type === NLMSG_ERROR) {
            this.flush();
            const error = type === NLMSG_ERROR ? -answer.readInt32LE(at + 16) : 0;
            // A table that nobody has put a route into is not there.
            if (error !== 0 && error !== ENOENT) throw new SystemError("list routes", error);
            return found;
          }
          if (type === RTM_NEWROUTE && this.#removeListed(answer, at)) found++;
        }
      }
    } finally {
      closeDescriptor(fd);
    }
  }

  /** Asks for the routes of our table and protocol. */
  #dumpRequest(six: boolean): Buffer {
    const request = Buffer.alloc(ROUTE_BYTES + 8);
    request.writeUInt32LE(request.length, 0);
    request.writeUInt16LE(RTM_GETROUTE, 4);
    request.writeUInt16LE(F_REQUEST | F_DUMP, 6);
    request[16] = six ? AF_INET6 : AF_INET;
    request[21] = this.#options.protocol;
    request.writeUInt16LE(8, ROUTE_BYTES);
    request.writeUInt16LE(RTA_TABLE, ROUTE_BYTES + 2);
    request.writeUInt32LE(this.#options.table, ROUTE_BYTES + 4);
    return request;
  }

  /** Removes a route of a listing if it is ours, with the metric that it has. */
  #removeListed(listed: Buffer, at: number): boolean {
    const six = listed[at + 16] === AF_INET6;
    const bits = listed[at + 17] as number;
    let table = listed[at + 20] as number;
    let metric = 0;
    let prefixAt = -1;
    const end = at + listed.readUInt32LE(at);
    for (let a = at + ROUTE_BYTES; a + 4 <= end; a += (listed.readUInt16LE(a) + 3) & ~3) {
      const type = listed.readUInt16LE(a + 2);
      if (type === RTA_DST) prefixAt = a + 4;
      if (type === RTA_TABLE) table = listed.readUInt32LE(a + 4);
      if (type === RTA_PRIORITY) metric = listed.readUInt32LE(a + 4);
    }
    if (table !== this.#options.table || listed[at + 21] !== this.#options.protocol) return false;
    this.#begin(RTM_DELROUTE, six, listed, prefixAt, prefixAt < 0 ? 0 : bits);
    // Of an earlier run with another metric, maybe. The metric is the message's last attribute.
    this.#batch.writeUInt32LE(metric, this.#at - 4);
    this.#end();
    return true;
  }
}
