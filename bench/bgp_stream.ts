// A synthetic full-table stream: whole UPDATE messages that announce distinct IPv4 prefixes, with the path lengths,
// prefix lengths and sharing of attributes that a table of the Internet has. Made in memory, the same for each seed.

export interface Stream {
  readonly bytes: Buffer;
  readonly prefixes: number;
  readonly updates: number;
  /** The prefix that comes last, as text. */
  readonly last: string;
}

/** xorshift32: fast and repeatable. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Prefix lengths by share in per mille, as RIPE RIS shows them. */
const LENGTHS: readonly (readonly [bits: number, perMille: number])[] = [
  [24, 600],
  [23, 110],
  [22, 115],
  [21, 50],
  [20, 45],
  [19, 25],
  [18, 15],
  [17, 10],
  [16, 30],
];

function lengthTable(): Uint8Array {
  const table = new Uint8Array(1000);
  let at = 0;
  for (const [bits, share] of LENGTHS) {
    table.fill(bits, at, at + share);
    at += share;
  }
  return table;
}

/** AS_PATH of 2 to 8 numbers, mostly 5. */
function asPath(pick: (below: number) => number, firstAs: number): Buffer {
  const hops = 2 + Math.min(pick(4) + pick(3) + (pick(3) === 0 ? 1 : 0), 6);
  const path = Buffer.alloc(5 + hops * 4);
  path.set([0x40, 2, 2 + hops * 4, 2, hops]);
  path.writeUInt32BE(firstAs, 5);
  // Above 70000: no AS of a bench's speakers, which would be a loop.
  for (let i = 1; i < hops; i++) path.writeUInt32BE(70_000 + pick(400_000), 5 + i * 4);
  return path;
}

/** An attribute set: ORIGIN, a path, NEXT_HOP, for some MED and communities. */
function attributeSet(pick: (below: number) => number, path: Buffer, nextHop: readonly number[]): Buffer {
  const parts = [Buffer.of(0x40, 1, 1, pick(10) === 0 ? 2 : 0), path, Buffer.of(0x40, 3, 4, ...nextHop)];
  if (pick(4) === 0) parts.push(Buffer.of(0x80, 4, 4, 0, 0, pick(256), pick(256)));
  if (pick(9) < 5) {
    const count = 2 + pick(6);
    const communities = Buffer.alloc(3 + count * 4);
    communities.set([0xc0, 8, count * 4]);
    for (let i = 0; i < count; i++) communities.writeUInt32BE(pick(0x7fffffff), 3 + i * 4);
    parts.push(communities);
  }
  return Buffer.concat(parts);
}

const HEADER_BYTES = 19;
const MESSAGE_BYTES_MAX = 4096;

/** An UPDATE's header, up to its length, which is written when it is known. */
function beginUpdate(bytes: Buffer, at: number): void {
  bytes.fill(0xff, at, at + 16);
  bytes[at + 18] = 2;
}

function writePrefix(bytes: Buffer, at: number, address: number, bits: number): number {
  bytes[at] = bits;
  bytes[at + 1] = address >>> 24;
  bytes[at + 2] = (address >>> 16) & 255;
  if (bits > 16) bytes[at + 3] = (address >>> 8) & 255;
  return at + 1 + ((bits + 7) >> 3);
}

const text = (address: number, bits: number): string =>
  `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")}/${bits}`;

export interface StreamOptions {
  readonly seed?: number;
  /** Distinct attribute sets; 7 of 10 have a path of their own. */
  readonly sets?: number;
  readonly firstAs?: number;
  readonly nextHop?: readonly number[];
}

/** `prefixes` distinct prefixes in UPDATEs of 3.78 on average; the same ones when only firstAs or nextHop differ. */
export function makeStream(prefixes = 1_000_000, options: StreamOptions = {}): Stream {
  const { seed = 20_261_122, sets = 100_000, firstAs = 65_001, nextHop = [192, 0, 2, 1] } = options;
  const pick = random(seed);
  const lengths = lengthTable();
  const paths = Array.from({ length: Math.max(1, Math.round(sets * 0.7)) }, () => asPath(pick, firstAs));
  const attributes = Array.from({ length: sets }, (_, i) =>
    attributeSet(pick, paths[i] ?? (paths[pick(paths.length)] as Buffer), nextHop),
  );
  const taken = new Set<number>();
  const bytes = Buffer.alloc(prefixes * 40 + 65_536);
  let at = 0;
  let done = 0;
  let updates = 0;
  let fresh = 0;
  let last = "";
  while (done < prefixes) {
    // Every second UPDATE brings a set that was not there before, as long as there are any.
    const set = attributes[updates % 2 === 0 && fresh < sets ? fresh++ : pick(sets)] as Buffer;
    const start = at;
    beginUpdate(bytes, at);
    bytes.writeUInt16BE(set.length, at + 21);
    set.copy(bytes, at + 23);
    at += 23 + set.length;
    // 1 to 12, mean 3.78: a third of all UPDATEs has one prefix only.
    const wanted = Math.min(pick(3) === 0 ? 1 : 1 + Math.min(pick(9), pick(10)) + pick(4), prefixes - done);
    for (let i = 0; i < wanted; ) {
      const bits = lengths[pick(1000)] as number;
      const address = (((1 + pick(222)) << 24) | pick(1 << 24)) & (-1 << (32 - bits));
      const key = (address >>> 0) * 64 + bits;
      // 127/8 is refused by most speakers.
      if (address >>> 24 === 127 || taken.has(key)) continue;
      taken.add(key);
      at = writePrefix(bytes, at, address, bits);
      if (++done === prefixes) last = text(address, bits);
      i++;
    }
    bytes.writeUInt16BE(at - start, start + 16);
    updates++;
  }
  return { bytes: bytes.subarray(0, at), prefixes, updates, last };
}

/** Where in a message its prefixes begin. */
function nlriOffset(bytes: Buffer, at: number): number {
  const withdrawn = bytes.readUInt16BE(at + HEADER_BYTES);
  return at + 23 + withdrawn + bytes.readUInt16BE(at + 21 + withdrawn);
}

function readAddress(bytes: Buffer, at: number, octets: number): number {
  let address = 0;
  for (let i = 0; i < octets; i++) address |= (bytes[at + i] as number) << (24 - 8 * i);
  return address;
}

/** The first UPDATEs of a stream, with at least so many prefixes. */
export function head(stream: Stream, prefixes: number): Stream {
  const { bytes } = stream;
  let [at, done, updates, last] = [0, 0, 0, ""];
  while (at < bytes.length && done < prefixes) {
    const end = at + bytes.readUInt16BE(at + 16);
    for (let p = nlriOffset(bytes, at); p < end; p += 1 + (((bytes[p] as number) + 7) >> 3)) {
      const bits = bytes[p] as number;
      done++;
      if (done >= prefixes) last = text(readAddress(bytes, p + 1, (bits + 7) >> 3), bits);
    }
    at = end;
    updates++;
  }
  return { bytes: bytes.subarray(0, at), prefixes: done, updates, last };
}

/** The withdrawal of all that a stream announces, in as few UPDATEs as it takes. */
export function withdrawalOf(stream: Stream): Stream {
  const from = stream.bytes;
  const bytes = Buffer.alloc(stream.prefixes * 5 + MESSAGE_BYTES_MAX);
  let [at, start, updates] = [0, 0, 0];
  const begin = () => {
    start = at;
    beginUpdate(bytes, at);
    at += HEADER_BYTES + 2;
    updates++;
  };
  const end = () => {
    bytes.writeUInt16BE(at - start - HEADER_BYTES - 2, start + HEADER_BYTES);
    at += 2;
    bytes.writeUInt16BE(at - start, start + 16);
  };
  begin();
  for (let message = 0; message < from.length; ) {
    const stop = message + from.readUInt16BE(message + 16);
    for (let p = nlriOffset(from, message); p < stop; ) {
      const size = 1 + (((from[p] as number) + 7) >> 3);
      if (at - start + size + 2 > MESSAGE_BYTES_MAX) {
        end();
        begin();
      }
      from.copy(bytes, at, p, p + size);
      at += size;
      p += size;
    }
    message = stop;
  }
  end();
  return { bytes: bytes.subarray(0, at), prefixes: stream.prefixes, updates, last: stream.last };
}
