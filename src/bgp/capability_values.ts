// The values of capabilities, out of bytes and into them. A reader answers null for a value of the wrong length.

export interface AfiSafi {
  readonly afi: number;
  readonly safi: number;
}

/** RFC 4760 §8. */
export function readMultiprotocol(value: Buffer): AfiSafi | null {
  return value.length === 4 ? { afi: value.readUInt16BE(0), safi: value.readUInt8(3) } : null;
}

export function writeMultiprotocol({ afi, safi }: AfiSafi): Uint8Array {
  return Uint8Array.of(afi >> 8, afi & 255, 0, safi);
}

function rows<T>(value: Buffer, from: number, width: number, read: (at: number) => T): T[] | null {
  if (value.length < from || (value.length - from) % width !== 0) return null;
  const found: T[] = [];
  for (let at = from; at < value.length; at += width) found.push(read(at));
  return found;
}

/** RFC 7911 §4. `mode`: 1 receive, 2 send, 3 both; others mean nothing. */
export function readAddPaths(value: Buffer): (AfiSafi & { readonly mode: number })[] | null {
  return rows(value, 0, 4, (at) => ({
    afi: value.readUInt16BE(at),
    safi: value.readUInt8(at + 2),
    mode: value.readUInt8(at + 3),
  }));
}

export function writeAddPaths(entries: readonly (AfiSafi & { readonly mode: number })[]): Uint8Array {
  return Uint8Array.from(entries.flatMap(({ afi, safi, mode }) => [afi >> 8, afi & 255, safi, mode]));
}

/** RFC 8950 §4: here a SAFI takes two octets. */
export function readNextHops(value: Buffer): (AfiSafi & { readonly nextHopAfi: number })[] | null {
  return rows(value, 0, 6, (at) => ({
    afi: value.readUInt16BE(at),
    safi: value.readUInt16BE(at + 2),
    nextHopAfi: value.readUInt16BE(at + 4),
  }));
}

export function writeNextHops(entries: readonly AfiSafi[], nextHopAfi: number): Uint8Array {
  return Uint8Array.from(
    entries.flatMap(({ afi, safi }) => [afi >> 8, afi & 255, 0, safi, nextHopAfi >> 8, nextHopAfi & 255]),
  );
}

export interface Restart {
  /** R: the sender has restarted, and waits for nobody's End-of-RIB that waits for its own. */
  readonly restarting: boolean;
  /** N: keeps routes over a NOTIFICATION, too (RFC 8538). */
  readonly notification: boolean;
  /** Seconds until the sender should be back. */
  readonly restartTime: number;
  /** `forwarding` F: it has kept its forwarding state. */
  readonly families: readonly (AfiSafi & { readonly forwarding: boolean })[];
}

/** RFC 4724 §3, RFC 8538 §2. */
export function readRestart(value: Buffer): Restart | null {
  const families = rows(value, 2, 4, (at) => ({
    afi: value.readUInt16BE(at),
    safi: value.readUInt8(at + 2),
    forwarding: (value.readUInt8(at + 3) & 0x80) !== 0,
  }));
  if (!families) return null;
  const head = value.readUInt16BE(0);
  return {
    restarting: (head & 0x8000) !== 0,
    notification: (head & 0x4000) !== 0,
    restartTime: head & 0xfff,
    families,
  };
}

export function writeRestart({ restarting, notification, restartTime, families }: Restart): Uint8Array {
  const head = (restarting ? 0x8000 : 0) | (notification ? 0x4000 : 0) | restartTime;
  const rest = families.flatMap(({ afi, safi, forwarding }) => [afi >> 8, afi & 255, safi, forwarding ? 0x80 : 0]);
  return Uint8Array.from([head >> 8, head & 255, ...rest]);
}

export interface LongLived extends AfiSafi {
  readonly forwarding: boolean;
  /** Seconds. */
  readonly staleTime: number;
}

/** RFC 9494 §3. */
export function readLongLived(value: Buffer): LongLived[] | null {
  return rows(value, 0, 7, (at) => ({
    afi: value.readUInt16BE(at),
    safi: value.readUInt8(at + 2),
    forwarding: (value.readUInt8(at + 3) & 0x80) !== 0,
    staleTime: value.readUIntBE(at + 4, 3),
  }));
}

export function writeLongLived(entries: readonly LongLived[]): Uint8Array {
  return Uint8Array.from(
    entries.flatMap(({ afi, safi, forwarding, staleTime: time }) => {
      return [afi >> 8, afi & 255, safi, forwarding ? 0x80 : 0, time >> 16, (time >> 8) & 255, time & 255];
    }),
  );
}

/** draft-walton-bgp-hostname-capability: two texts with a length octet each; what is behind them is left alone. */
export function readFqdn(value: Buffer): { readonly hostname: string; readonly domain: string } | null {
  const texts: string[] = [];
  for (let at = 0; texts.length < 2; ) {
    const end = at + 1 + (value[at] ?? 0);
    if (at >= value.length || end > value.length) return null;
    texts.push(value.toString("utf8", at + 1, end));
    at = end;
  }
  return { hostname: texts[0] as string, domain: texts[1] as string };
}
