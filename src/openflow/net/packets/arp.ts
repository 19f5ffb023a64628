// ARP for IPv4 over Ethernet (RFC 826).

import { mac, u16, u32 } from "./ethernet.js";

const BYTES = 28;
const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;

export const ARP = { REQUEST: 1, REPLY: 2 } as const;

export class ArpReader {
  operation = 0;
  senderMac = 0;
  senderIp = 0;
  targetMac = 0;
  targetIp = 0;

  /** False when it is too short or not about IPv4 over Ethernet. */
  read(frame: Uint8Array, at: number): boolean {
    if (at + BYTES > frame.length) return false;
    if (u16(frame, at) !== HARDWARE_ETHERNET || u16(frame, at + 2) !== PROTOCOL_IPV4) return false;
    if (frame[at + 4] !== 6 || frame[at + 5] !== 4) return false;
    this.operation = u16(frame, at + 6);
    this.senderMac = mac(frame, at + 8);
    this.senderIp = u32(frame, at + 14);
    this.targetMac = mac(frame, at + 18);
    this.targetIp = u32(frame, at + 24);
    return true;
  }
}
