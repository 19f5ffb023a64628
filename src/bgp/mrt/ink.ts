// Wire bytes to the octets of a line of text. Made for millions of lines: no strings, no objects, no arrays between.

/** A 16-bit number of the wire. */
export const word = (bytes: Uint8Array, at: number) => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** A 32-bit number of the wire. */
export const long = (bytes: Uint8Array, at: number) => word(bytes, at) * 0x10000 + word(bytes, at + 2);

const ZERO = 48;
const [DOT, COLON, SLASH, BLANK, COMMA] = [46, 58, 47, 32, 44];
/** What segments of a path stand in: SET, SEQUENCE, CONFED_SEQUENCE, CONFED_SET. */
const OPEN = ["", "{", "", "(", "["];
const CLOSE = ["", "}", "", ")", "]"];
const SEQUENCE = 2;

const COMMUNITY_NAMES: Readonly<Record<number, string>> = {
  4294967041: "no-export",
  4294967042: "no-advertise",
  4294967043: "local-AS",
};

/** Where the longest run of zero words is: start << 4 | length; 0 when none has two words. */
function longestZeros(bytes: Uint8Array, at: number): number {
  let best = 0;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    length = word(bytes, at + 2 * i) === 0 ? length + 1 : 0;
    if (length >= 2 && length > (best & 15)) best = ((i - length + 1) << 4) | length;
  }
  return best;
}

/** Text that is being written. */
export class Ink {
  bytes: Buffer = Buffer.allocUnsafe(1 << 12);
  length = 0;
  readonly #digits = new Uint8Array(10);
  readonly #whole = new Uint8Array(16);

  /** Forgets what has been written. */
  clear(): this {
    this.length = 0;
    return this;
  }

  /** Room for so many octets more. */
  #room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }

  /** One octet: the code of a character. */
  octet(code: number): this {
    this.#room(1);
    this.bytes[this.length++] = code;
    return this;
  }

  /** A short text of ASCII. */
  ascii(text: string): this {
    this.#room(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
    return this;
  }

  /** Any text. */
  utf8(text: string): this {
    this.#room(text.length * 3);
    this.length += this.bytes.write(text, this.length, "utf8");
    return this;
  }

  /** What another has written. */
  ink(other: Ink): this {
    const { bytes, length } = other;
    this.#room(length);
    const to = this.bytes;
    let at = this.length;
    for (let i = 0; i < length; i++) to[at++] = bytes[i] as number;
    this.length = at;
    return this;
  }

  /** A whole number from 0 on, below 2^32. */
  number(value: number): this {
    this.#room(10);
    const digits = this.#digits;
    let count = 0;
    let rest = value;
    do {
      const next = rest < 0x80000000 ? ((rest | 0) / 10) | 0 : Math.floor(rest / 10);
      digits[count++] = ZERO + (rest - next * 10);
      rest = next;
    } while (rest > 0);
    while (count > 0) this.bytes[this.length++] = digits[--count] as number;
    return this;
  }

  /** Up to ffff, without leading zeros. */
  #hex(value: number): void {
    let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0;
    for (; shift >= 0; shift -= 4) {
      const digit = (value >> shift) & 15;
      this.octet(digit < 10 ? ZERO + digit : 87 + digit);
    }
  }

  /** Four octets as a dotted quad. */
  address4(bytes: Uint8Array, at: number): this {
    this.number(bytes[at] as number).octet(DOT);
    this.number(bytes[at + 1] as number).octet(DOT);
    this.number(bytes[at + 2] as number).octet(DOT);
    return this.number(bytes[at + 3] as number);
  }

  /** Sixteen octets as inet_ntop() writes them (RFC 5952): IPv4-mapped and -compatible ones with a dotted quad. */
  address6(bytes: Uint8Array, at: number): this {
    const zeros = longestZeros(bytes, at);
    const start = zeros >> 4;
    const length = zeros & 15;
    if (start === 0 && (length === 6 || (length === 5 && word(bytes, at + 10) === 0xffff))) {
      return this.ascii(length === 6 ? "::" : "::ffff:").address4(bytes, at + 12);
    }
    for (let i = 0; i < 8; i++) {
      if (length > 0 && i === start) {
        this.octet(COLON).octet(COLON);
        i += length - 1;
      } else {
        if (i > 0 && !(length > 0 && i === start + length)) this.octet(COLON);
        this.#hex(word(bytes, at + 2 * i));
      }
    }
    return this;
  }

  /** An address of 4 or 16 octets. */
  address(bytes: Uint8Array): this {
    return bytes.length === 16 ? this.address6(bytes, 0) : this.address4(bytes, 0);
  }

  /** A prefix of `afi` at its length octet. */
  prefix(bytes: Uint8Array, at: number, afi: number): this {
    const bits = bytes[at] as number;
    const octets = (bits + 7) >> 3;
    const whole = this.#whole.fill(0);
    for (let i = 0; i < octets; i++) whole[i] = bytes[at + 1 + i] as number;
    if (afi === 1) this.address4(whole, 0);
    else this.address6(whole, 0);
    return this.octet(SLASH).number(bits);
  }

  /** AS_PATH: numbers with blanks between them, sets in braces with commas. False, with nothing written, when malformed. */
  asPath(bytes: Uint8Array, from: number, end: number, asBytes: 2 | 4): boolean {
    const begin = this.length;
    let before = SEQUENCE;
    let space = false;
    for (let at = from; at < end; ) {
      const type = bytes[at] as number;
      const count = bytes[at + 1] as number;
      at += 2;
      if (type < 1 || type > 4 || at + count * asBytes > end) {
        this.length = begin;
        return false;
      }
      if (before !== SEQUENCE) this.ascii(CLOSE[before] as string);
      if (space) this.octet(BLANK);
      if (type !== SEQUENCE) this.ascii(OPEN[type] as string);
      const between = type === 1 || type === 4 ? COMMA : BLANK;
      for (let i = 0; i < count; i++, at += asBytes) {
        if (i > 0) this.octet(between);
        this.number(asBytes === 4 ? long(bytes, at) : word(bytes, at));
      }
      space = count > 0;
      before = type;
    }
    this.ascii(CLOSE[before] as string);
    return true;
  }

  /** COMMUNITIES with blanks between them. */
  communities(bytes: Uint8Array, from: number, end: number): this {
    for (let at = from; at + 4 <= end; at += 4) {
      if (at > from) this.octet(BLANK);
      const high = word(bytes, at);
      const name = high === 0xffff ? COMMUNITY_NAMES[long(bytes, at)] : undefined;
      if (name === undefined)
        this.number(high)
          .octet(COLON)
          .number(word(bytes, at + 2));
      else this.ascii(name);
    }
    return this;
  }

  /** What has been written, as a text. */
  text(): string {
    return this.bytes.toString("latin1", 0, this.length);
  }
}
