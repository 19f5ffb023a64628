// The bodies of MRT records: what a record says, with addresses, messages and attributes left as they are.

import { familyByNumbers } from "../families.js";
import { cutNlri } from "../nlri/cut.js";
import type { MrtRecord } from "./framer.js";
import { MESSAGE_KINDS, MRT, RIB_KINDS } from "./numbers.js";

/** A record's body that is not what its type says. The reader makes an MrtError of it. */
export class MrtFault extends Error {
  override readonly name = "MrtFault";
}

export interface MrtPeer {
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly as: number;
  /** Its BGP identifier, 0 where the record has none. */
  readonly id: number;
}

export interface MrtRoute {
  readonly peer: MrtPeer;
  /** One prefix as on the wire, without path identifier. */
  readonly nlri: Buffer;
  readonly pathId: number;
  /** Seconds since 1970. */
  readonly originated: number;
  readonly attributes: Buffer;
}

interface SessionEnds {
  readonly peer: MrtPeer;
  readonly local: MrtPeer;
  readonly asBytes: 2 | 4;
}

export type MrtContent =
  | (SessionEnds & { readonly kind: "message"; sent: boolean; addPath: boolean; message: Buffer })
  | (SessionEnds & { readonly kind: "state"; from: number; to: number })
  | { readonly kind: "peers"; readonly collector: number; readonly view: string; readonly peers: readonly MrtPeer[] }
  | {
      readonly kind: "routes";
      readonly v2: boolean;
      readonly afi: number;
      readonly safi: number;
      readonly addPath: boolean;
      readonly asBytes: 2 | 4;
      readonly sequence: number;
      readonly routes: readonly MrtRoute[];
    }
  | { readonly kind: "other" };

/** Reads a body from front to back. Throws MrtFault where there is less than is asked for. */
class Cursor {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.left) throw new MrtFault(`it ends where ${count} more bytes must be, at byte ${at} of its body`);
    this.#at += count;
    return at;
  }

  u8 = (): number => this.#bytes[this.#take(1)] as number;
  u16 = (): number => this.#bytes.readUInt16BE(this.#take(2));
  u32 = (): number => this.#bytes.readUInt32BE(this.#take(4));
  as = (bytes: 2 | 4): number => (bytes === 4 ? this.u32() : this.u16());

  bytes(count: number): Buffer {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** One prefix of a family, without path identifier. Of a family without a row: with its length in bits before it. */
  nlri(afi: number, safi: number): Buffer {
    const rest = this.#bytes.subarray(this.#at);
    const bits = rest[0] ?? 0;
    if (safi <= 2 && bits > width(afi) * 8) throw new MrtFault(`a prefix of ${bits} bits`);
    const family = safi <= 2 ? undefined : familyByNumbers(afi, safi);
    if (!family) return this.bytes(1 + ((bits + 7) >> 3));
    try {
      const first = cutNlri(family, rest, false).next().value;
      return this.bytes(first ? first.wire.length : 1);
    } catch (error) {
      throw error instanceof RangeError ? new MrtFault(`a prefix that is none: ${error.message}`) : error;
    }
  }
}

const width = (afi: number) => (afi === 2 ? 16 : 4);

/** RFC 6396 §4.2. */
function tableDump({ subtype, body }: MrtRecord): MrtContent {
  if (subtype !== 1 && subtype !== 2) return { kind: "other" };
  const bytes = new Cursor(body);
  bytes.u16();
  const sequence = bytes.u16();
  const size = width(subtype);
  const routes: MrtRoute[] = [];
  do {
    const address = bytes.bytes(size);
    const bits = bytes.u8();
    if (bits > size * 8) throw new MrtFault(`a prefix of ${bits} bits`);
    // Of Buffer's pool: one of its own for each route would cost more than all else.
    const nlri = Buffer.allocUnsafe(1 + ((bits + 7) >> 3));
    nlri[0] = bits;
    for (let i = 1; i < nlri.length; i++) nlri[i] = address[i - 1] as number;
    bytes.u8();
    const originated = bytes.u32();
    const peer = { address: bytes.bytes(size), as: bytes.u16(), id: 0 };
    routes.push({ peer, nlri, pathId: 0, originated, attributes: bytes.bytes(bytes.u16()) });
  } while (bytes.left > 0);
  return { kind: "routes", v2: false, afi: subtype, safi: 1, addPath: false, asBytes: 2, sequence, routes };
}

/** RFC 6396 §4.4. Legacy dumpers left the addresses out of state changes: eight octets are all then. */
function bgp4mp({ subtype, body }: MrtRecord): MrtContent {
  const kind = MESSAGE_KINDS[subtype];
  if (!kind) return { kind: "other" };
  const { asBytes } = kind;
  const bytes = new Cursor(body);
  const [peerAs, localAs] = [bytes.as(asBytes), bytes.as(asBytes)];
  const bare = kind.state && body.length === 2 * asBytes + 4;
  if (!bare) bytes.u16();
  const afi = bare ? 1 : bytes.u16();
  if (afi !== 1 && afi !== 2) throw new MrtFault(`peers of address family ${afi}`);
  const address = () => (bare ? Buffer.alloc(4) : bytes.bytes(width(afi)));
  const peer = { address: address(), as: peerAs, id: 0 };
  const local = { address: address(), as: localAs, id: 0 };
  if (kind.state) return { kind: "state", peer, local, asBytes, from: bytes.u16(), to: bytes.u16() };
  const message = bytes.bytes(bytes.left);
  return { kind: "message", peer, local, asBytes, sent: kind.local, addPath: kind.addPath, message };
}

/** RFC 6396 §4.3.1. */
function peerIndexTable({ body }: MrtRecord): MrtContent & { kind: "peers" } {
  const bytes = new Cursor(body);
  const collector = bytes.u32();
  const view = bytes.bytes(bytes.u16()).toString("latin1");
  const peers: MrtPeer[] = [];
  for (let left = bytes.u16(); left > 0; left--) {
    const type = bytes.u8();
    const id = bytes.u32();
    peers.push({ id, address: bytes.bytes(type & 1 ? 16 : 4), as: bytes.as(type & 2 ? 4 : 2) });
  }
  return { kind: "peers", collector, view, peers };
}

/** Decodes records of one file: the routes of TABLE_DUMP_V2 point to peers of a record before them. */
export class MrtDecoder {
  #peers: readonly MrtPeer[] = [];

  /** What a record says. Throws MrtFault. */
  decode(record: MrtRecord): MrtContent {
    switch (record.type) {
      case MRT.tableDump:
        return tableDump(record);
      case MRT.bgp4mp:
      case MRT.bgp4mpEt:
        return bgp4mp(record);
      case MRT.tableDumpV2:
        return this.#tableDumpV2(record);
      default:
        return { kind: "other" };
    }
  }

  /** RFC 6396 §4.3.2 and §4.3.3, RFC 8050 §4. */
  #tableDumpV2(record: MrtRecord): MrtContent {
    if (record.subtype === 1) {
      const table = peerIndexTable(record);
      // The record's bytes are gone with its chunk, the table is needed as long as the file lasts.
      this.#peers = table.peers.map((peer) => ({ ...peer, address: Buffer.from(peer.address) }));
      return table;
    }
    const kind = RIB_KINDS[record.subtype];
    if (!kind) return { kind: "other" };
    const { addPath } = kind;
    const bytes = new Cursor(record.body);
    const sequence = bytes.u32();
    const afi = kind.afi || bytes.u16();
    const safi = kind.safi || bytes.u8();
    const nlri = bytes.nlri(afi, safi);
    const routes: MrtRoute[] = [];
    for (let left = bytes.u16(); left > 0; left--) {
      const index = bytes.u16();
      const peer = this.#peers[index];
      if (!peer) throw new MrtFault(`a route of peer ${index}; the peer index table has ${this.#peers.length}`);
      const originated = bytes.u32();
      const pathId = addPath ? bytes.u32() : 0;
      routes.push({ peer, nlri, pathId, originated, attributes: bytes.bytes(bytes.u16()) });
    }
    return { kind: "routes", v2: true, afi, safi, addPath, asBytes: 4, sequence, routes };
  }
}
