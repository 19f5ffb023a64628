// Making new inputs of old ones. Deterministic for a seed, so that a run can be repeated.

/** A small fast generator (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** An integer from 0 up to, not including, `bound`. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return bound <= 0 ? 0 : this.#state % bound;
  }
}

/** Values at which length and type fields break. */
const INTERESTING = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 18, 19, 23, 32, 64, 127, 128, 254, 255, 256, 4_095, 4_096, 65_534, 65_535,
];
const MAX_BYTES = 1 << 17;

type Mutator = (bytes: Buffer, random: Random, other: Uint8Array) => Buffer;

function overwrite(bytes: Buffer, at: number, value: number, width: number): Buffer {
  if (at + width > bytes.length) return bytes;
  const out = Buffer.from(bytes);
  out.writeUIntBE(value % 2 ** (8 * width), at, width);
  return out;
}

const MUTATORS: readonly Mutator[] = [
  // one bit
  (bytes, random) => {
    const at = random.below(bytes.length);
    return overwrite(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)), 1);
  },
  // one byte, a 16-bit or a 32-bit field
  (bytes, random) => overwrite(bytes, random.below(bytes.length), random.below(256), 1),
  (bytes, random) => {
    const width = [1, 2, 4][random.below(3)] as number;
    const value = INTERESTING[random.below(INTERESTING.length)] as number;
    return overwrite(bytes, random.below(bytes.length - width + 1), value, width);
  },
  // a number near the one that is there
  (bytes, random) => {
    const at = random.below(bytes.length);
    return overwrite(bytes, at, (bytes[at] ?? 0) + 256 + random.below(9) - 4, 1);
  },
  // cut off, cut out
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const from = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.below(16))]);
  },
  // a part twice, some bytes more
  (bytes, random) => {
    const from = random.below(bytes.length);
    const part = bytes.subarray(from, from + 1 + random.below(64));
    return Buffer.concat([bytes.subarray(0, from), part, bytes.subarray(from)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const more = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  // the head of one with the tail of another
  (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))]),
];

/** One to four mutations of `bytes`; `other` is another input to splice with. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let out: Buffer = Buffer.from(bytes);
  for (let times = 1 + random.below(4); times > 0; times--) {
    const mutator = MUTATORS[random.below(MUTATORS.length)] as Mutator;
    out = mutator(out, random, other);
  }
  return Uint8Array.from(out.subarray(0, MAX_BYTES));
}
