// A synthetic full-table stream: whole UPDATE messages that announce distinct IPv4 prefixes, with the path lengths,
// prefix lengths and sharing of attributes that a table of the Internet has. Made in memory, the same for each seed.

export interface Stream {
  readonly bytes: Buffer;
  readonly prefixes: number;
  readonly updates: number;
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

/** Attribute sets: ORIGIN, AS_PATH of 2 to 8 numbers (mostly 4), NEXT_HOP, for some MED and communities. */
function attributeSet(pick: (below: number) => number, firstAs: number, nextHop: readonly number[]): Buffer {
  const hops = 2 + Math.min(pick(4) + pick(3), 6);
  const path = Buffer.alloc(5 + hops * 4);
  path.set([0x40, 2, 2 + hops * 4, 2, hops]);
  path.writeUInt32BE(firstAs, 5);
  // Above 70000: no AS of a bench's speakers, which would be a loop.
  for (let i = 1; i < hops; i++) path.writeUInt32BE(70_000 + pick(400_000), 5 + i * 4);
  const parts = [Buffer.of(0x40, 1, 1, pick(10) === 0 ? 2 : 0), path, Buffer.of(0x40, 3, 4, ...nextHop)];
  if (pick(4) === 0) parts.push(Buffer.of(0x80, 4, 4, 0, 0, pick(256), pick(256)));
  if (pick(3) === 0) {
    const communities = Buffer.alloc(3 + 8);
    communities.set([0xc0, 8, 8]);
    communities.writeUInt32BE(pick(0x7fffffff), 3);
    communities.writeUInt32BE(pick(0x7fffffff), 7);
    parts.push(communities);
  }
  return Buffer.concat(parts);
}

/** `prefixes` distinct prefixes in UPDATEs of 3.78 on average, over `sets` attribute sets. */
export function makeStream(
  prefixes = 1_000_000,
  options: { seed?: number; sets?: number; firstAs?: number; nextHop?: readonly number[] } = {},
): Stream {
  const { seed = 20_261_122, sets = 100_000, firstAs = 65_001, nextHop = [192, 0, 2, 1] } = options;
  const pick = random(seed);
  const lengths = lengthTable();
  const attributes = Array.from({ length: sets }, () => attributeSet(pick, firstAs, nextHop));
  const taken = new Set<number>();
  const bytes = Buffer.alloc(prefixes * 40 + 65_536);
  let at = 0;
  let done = 0;
  let updates = 0;
  while (done < prefixes) {
    const set = attributes[pick(sets)] as Buffer;
    const start = at;
    bytes.fill(0xff, at, at + 16);
    bytes[at + 18] = 2;
    bytes.writeUInt16BE(set.length, at + 21);
    set.copy(bytes, at + 23);
    at += 23 + set.length;
    // 1 to 12, mean 3.78: a third of all UPDATEs has one prefix only.
    const wanted = Math.min(pick(3) === 0 ? 1 : 1 + Math.min(pick(9), pick(9)) + pick(4), prefixes - done);
    for (let i = 0; i < wanted; ) {
      const bits = lengths[pick(1000)] as number;
      const address = (((1 + pick(222)) << 24) | pick(1 << 24)) & (-1 << (32 - bits));
      const key = (address >>> 0) * 64 + bits;
      // 127/8 is refused by most speakers.
      if (address >>> 24 === 127 || taken.has(key)) continue;
      taken.add(key);
      bytes[at] = bits;
      bytes[at + 1] = address >>> 24;
      bytes[at + 2] = (address >>> 16) & 255;
      if (bits > 16) bytes[at + 3] = (address >>> 8) & 255;
      at += 1 + ((bits + 7) >> 3);
      i++;
    }
    bytes.writeUInt16BE(at - start, start + 16);
    done += wanted;
    updates++;
  }
  return { bytes: bytes.subarray(0, at), prefixes, updates };
}
