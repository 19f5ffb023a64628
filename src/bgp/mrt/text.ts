// Wire bytes to the text that bgpdump prints. Made for millions of lines: no objects, no intermediate arrays.

/** 0 to 255 in decimal. */
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, i) => String(i));
const octet = (bytes: Uint8Array, at: number) => OCTETS[bytes[at] as number] as string;

/** A 16-bit number of the wire. */
export const word = (bytes: Uint8Array, at: number) => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** A 32-bit number of the wire. */
export const long = (bytes: Uint8Array, at: number) => word(bytes, at) * 0x10000 + word(bytes, at + 2);

/** Four octets as a dotted quad. */
export function address4(bytes: Uint8Array, at: number): string {
  return `${octet(bytes, at)}.${octet(bytes, at + 1)}.${octet(bytes, at + 2)}.${octet(bytes, at + 3)}`;
}

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

/** Sixteen octets as inet_ntop() writes them: IPv4-mapped and -compatible ones with a dotted quad. */
export function address6(bytes: Uint8Array, at: number): string {
  const zeros = longestZeros(bytes, at);
  const [start, length] = [zeros >> 4, zeros & 15];
  const quad = start === 0 && (length === 6 || (length === 5 && word(bytes, at + 10) === 0xffff));
  if (quad) return `${length === 6 ? "::" : "::ffff:"}${address4(bytes, at + 12)}`;
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (length > 0 && i === start) {
      text += "::";
      i += length - 1;
    } else {
      if (i > 0 && !(length > 0 && i === start + length)) text += ":";
      text += word(bytes, at + 2 * i).toString(16);
    }
  }
  return text;
}

/** An address of 4 or 16 octets. */
export const address = (bytes: Uint8Array) => (bytes.length === 16 ? address6(bytes, 0) : address4(bytes, 0));

const whole = new Uint8Array(16);

/** A prefix of `afi` at its length octet. */
export function prefix(bytes: Uint8Array, at: number, afi: number): string {
  const bits = bytes[at] as number;
  const octets = (bits + 7) >> 3;
  if (afi === 1) {
    const part = (i: number) => (i < octets ? octet(bytes, at + 1 + i) : "0");
    return `${part(0)}.${part(1)}.${part(2)}.${part(3)}/${OCTETS[bits]}`;
  }
  whole.fill(0);
  for (let i = 0; i < octets; i++) whole[i] = bytes[at + 1 + i] as number;
  return `${address6(whole, 0)}/${OCTETS[bits]}`;
}

/** Segment types: SET, SEQUENCE, CONFED_SEQUENCE, CONFED_SET. */
const OPEN = ["", "{", "", "(", "["];
const CLOSE = ["", "}", "", ")", "]"];
const SEQUENCE = 2;

/** AS_PATH as text: numbers with blanks between them, sets in braces with commas. Null when it is malformed. */
export function asPath(bytes: Uint8Array, from: number, end: number, asBytes: 2 | 4): string | null {
  let text = "";
  let before = SEQUENCE;
  let space = false;
  for (let at = from; at < end; ) {
    const type = bytes[at] as number;
    const count = bytes[at + 1] as number;
    at += 2;
    if (type < 1 || type > 4 || at + count * asBytes > end) return null;
    text += CLOSE[before] as string;
    if (space) text += " ";
    text += OPEN[type] as string;
    const comma = type === 1 || type === 4 ? "," : " ";
    for (let i = 0; i < count; i++, at += asBytes) {
      if (i > 0) text += comma;
      text += asBytes === 4 ? long(bytes, at) : word(bytes, at);
    }
    space = count > 0;
    before = type;
  }
  return text + (CLOSE[before] as string);
}

/** ASes of a path as RFC 6793 §4.2.3 counts them: a set is one. */
export function pathLength(bytes: Uint8Array, from: number, end: number, asBytes: 2 | 4): number {
  let length = 0;
  for (let at = from; at + 2 <= end; at += 2 + (bytes[at + 1] as number) * asBytes) {
    const set = bytes[at] === 1 || bytes[at] === 4;
    length += set ? 1 : (bytes[at + 1] as number);
  }
  return length;
}

const COMMUNITY_NAMES: Readonly<Record<number, string>> = {
  4294967041: "no-export",
  4294967042: "no-advertise",
  4294967043: "local-AS",
};

/** COMMUNITIES with blanks between them. */
export function communities(bytes: Uint8Array, from: number, end: number): string {
  let text = "";
  for (let at = from; at + 4 <= end; at += 4) {
    const high = word(bytes, at);
    const name = high === 0xffff ? COMMUNITY_NAMES[long(bytes, at)] : undefined;
    if (at > from) text += " ";
    text += name ?? `${high}:${word(bytes, at + 2)}`;
  }
  return text;
}
