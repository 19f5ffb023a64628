// Ethernet frames with VLAN tags (IEEE 802.3, 802.1Q). A reader is made once and read into again for each frame, so that
// nothing is allocated per packet. MAC addresses are numbers of 48 bits: they compare and hash without text.

export const ETHER_TYPE = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd, LLDP: 0x88cc, BDDP: 0x8999 } as const;

const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
/** More tags than this are not looked behind. */
const TAGS_MAX = 2;
const ADDRESS_BYTES = 6;
/** Types below this are lengths of 802.3 frames. */
const FIRST_TYPE = 0x600;

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
}

/** The MAC address at `at` as a number. */
export function mac(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x100000000 + u32(bytes, at + 2);
}

/** Six hex bytes with colons. */
export function macText(address: number): string {
  return (address.toString(16).padStart(12, "0").match(/../g) as string[]).join(":");
}

/** The number of a MAC address in text form, with colons or hyphens; null when it is none. */
export function parseMac(text: string): number | null {
  return /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text) ? Number.parseInt(text.replace(/[:-]/g, ""), 16) : null;
}

/** True for the address of one station: no group bit, and not nothing. */
export function isStation(address: number): boolean {
  return address !== 0 && Math.floor(address / 0x10000000000) % 2 === 0;
}

/** What an Ethernet frame's head says. */
export class EthernetReader {
  destination = 0;
  source = 0;
  /** VLAN id of the outer tag; 0 without a tag, or with one that only gives a priority. */
  vid = 0;
  tags = 0;
  type = 0;
  /** Where the payload begins. */
  payload = 0;

  /** False when the frame is too short, has a length in place of a type, or more tags than are looked behind. */
  read(frame: Uint8Array): boolean {
    if (frame.length < 2 * ADDRESS_BYTES + 2) return false;
    this.destination = mac(frame, 0);
    this.source = mac(frame, ADDRESS_BYTES);
    this.vid = 0;
    this.tags = 0;
    for (let at = 2 * ADDRESS_BYTES; at + 2 <= frame.length; at += 4) {
      const type = u16(frame, at);
      if (!VLAN_TAGS.has(type)) {
        this.type = type;
        this.payload = at + 2;
        return type >= FIRST_TYPE;
      }
      if (this.tags === TAGS_MAX || at + 4 > frame.length) return false;
      if (this.tags === 0) this.vid = u16(frame, at + 2) & 0xfff;
      this.tags++;
    }
    return false;
  }
}

/** A frame without tags. */
export function ethernetFrame(destination: number, source: number, type: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(2 * ADDRESS_BYTES + 2 + payload.length);
  frame.writeUIntBE(destination, 0, ADDRESS_BYTES);
  frame.writeUIntBE(source, ADDRESS_BYTES, ADDRESS_BYTES);
  frame.writeUInt16BE(type, 2 * ADDRESS_BYTES);
  frame.set(payload, 2 * ADDRESS_BYTES + 2);
  return frame;
}
