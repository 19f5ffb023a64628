// Where one NLRI ends: by SAFI, since the first octets of each say it in their own way.

type LengthOf = (bytes: Buffer) => number;

/** A length in bits, without itself: prefixes, with labels and route distinguishers or without; RTC; SR policies. */
const inBits: LengthOf = (bytes) => 1 + (((bytes[0] ?? 0) + 7) >> 3);

/** RFC 8955 §4.1: one octet, or two that begin with 0xf. */
const flowspec: LengthOf = (bytes) => {
  const first = bytes[0] ?? 0;
  return first < 0xf0 ? 1 + first : 2 + (((first & 0xf) << 8) | (bytes[1] ?? 0));
};

/** Type and length of one octet each (RFC 7432 §7), or two (RFC 9552 §5.2). */
const evpn: LengthOf = (bytes) => 2 + (bytes[1] ?? 0);
const linkState: LengthOf = (bytes) => 4 + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));

const BY_SAFI: ReadonlyMap<number, LengthOf> = new Map([
  [70, evpn],
  [71, linkState],
  [72, linkState],
  [133, flowspec],
  [134, flowspec],
]);

/** Octets of the NLRI that `bytes` begins with, without path identifier; -1 when it does not fit into `bytes`. */
export function nlriLength(afi: number, safi: number, bytes: Buffer): number {
  if (bytes.length === 0) return -1;
  const length = (BY_SAFI.get(safi) ?? inBits)(bytes);
  // Unicast and multicast (RFC 4271 §6.3): no more bits than an address has.
  if (safi <= 2 && (bytes[0] as number) > (afi === 2 ? 128 : 32)) return -1;
  return length > bytes.length ? -1 : length;
}
