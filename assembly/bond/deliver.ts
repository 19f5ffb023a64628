// To the TUN device. Segments of one TCP flow that follow one another are joined into one large write, as the kernel's
// GRO would: the pieces are gathered by writev from where they lie, nothing is copied. Packets given here must stay
// in place until `flushDelivery`; a slot given with one is released then.

import { loadU32 } from "../mem/bytes";
import { countBond } from "./counters";
import { writev } from "./host";
import {
  BOND_TUN_FD,
  COUNTER_TUN_TX_BYTES,
  COUNTER_TUN_TX_PACKETS,
  COUNTER_TUN_WRITE_DROPS,
  COUNTER_TUN_WRITES,
  INNER_CHECKSUM_PARTIAL,
  SLOT_NEXT,
} from "./layout";
import { putIovec, releaseSlot, tunIovecsAt } from "./memory";
import { fold, isIPv6, PROTOCOL_TCP, protocolOf, pseudoSum, storeLength, transportOffset } from "./packet";
import { GSO_NONE, GSO_TCPV4, GSO_TCPV6, VNET_NEEDS_CSUM, VNET_SIZE } from "./tun_input";

const PIECES_MAX: u32 = 128;
const TOTAL_MAX: u32 = 65000;
const TCP_ACK: u32 = 0x10;
const TCP_PSH: u32 = 0x08;

const vnetAt: usize = memory.data(16, 8);

// the write that is being gathered
let bond: usize = 0;
let packet: usize = 0;
let total: u32 = 0;
let headers: u32 = 0;
let transport: u32 = 0;
let partial: bool = false;
let pieces: u32 = 0;
let size: u32 = 0;
let nextSequence: u32 = 0;
let open: bool = false;
let slots: usize = 0;

/** Gives one packet to the bond's device, now or joined with the next ones. `slot` is released after the write, 0 = none. */
export function deliver(toBond: usize, at: usize, length: u32, flags: u32, slot: usize): void {
  countBond(toBond, COUNTER_TUN_TX_PACKETS);
  countBond(toBond, COUNTER_TUN_TX_BYTES, length);
  if (open && toBond == bond && joins(at, length, flags)) {
    const payload = length - headers;
    putIovec(tunIovecsAt + ((pieces + 1) << 4), at + headers, payload);
    pieces++;
    total += payload;
    nextSequence += payload;
    const pushed = <u32>load<u8>(at + transport, 13) & TCP_PSH;
    store<u8>(packet + transport, <u8>(load<u8>(packet + transport, 13) | pushed), 13);
    open = pushed == 0 && payload == size && pieces < PIECES_MAX;
  } else {
    flushDelivery();
    start(toBond, at, length, flags);
  }
  if (slot) {
    store<u32>(slot, <u32>slots, SLOT_NEXT);
    slots = slot;
  }
}

function start(toBond: usize, at: usize, length: u32, flags: u32): void {
  bond = toBond;
  packet = at;
  total = length;
  pieces = 1;
  partial = (flags & INNER_CHECKSUM_PARTIAL) != 0;
  transport = partial ? transportOffset(at, length) : 0;
  partial = transport != 0;
  open = false;
  size = 0;
  headers = 0;
  if (partial && protocolOf(at) == PROTOCOL_TCP) {
    headers = transport + ((load<u8>(at + transport, 12) >>> 4) << 2);
    if (headers < transport + 20 || headers >= length) return;
    size = length - headers;
    nextSequence = loadU32(at + transport + 4) + size;
    // IPv4 options and anything but ACK end a run, as in the kernel's tcp_gro_receive
    open = load<u8>(at + transport, 13) == TCP_ACK && (isIPv6(at) || transport == 20);
  }
}

/** Whether a packet continues the run: same flow, headers and options, next sequence, not longer than the first. */
function joins(at: usize, length: u32, flags: u32): bool {
  if (!(flags & INNER_CHECKSUM_PARTIAL) || length <= headers || length - headers > size) return false;
  if (total + length - headers > TOTAL_MAX || load<u8>(at) != load<u8>(packet)) return false;
  const tcpFlags = <u32>load<u8>(at + transport, 13);
  if ((tcpFlags & ~TCP_PSH) != TCP_ACK || loadU32(at + transport + 4) != nextSequence) return false;
  if (isIPv6(at)) {
    if (load<u64>(at) << 32 != load<u64>(packet) << 32 || load<u16>(at, 6) != load<u16>(packet, 6)) return false;
    if (memory.compare(at + 8, packet + 8, 32) != 0) return false;
  } else {
    if (load<u8>(at, 1) != load<u8>(packet, 1) || load<u32>(at, 6) != load<u32>(packet, 6)) return false;
    if (load<u64>(at, 12) != load<u64>(packet, 12)) return false;
  }
  if (load<u32>(at + transport) != load<u32>(packet + transport)) return false;
  if (load<u32>(at + transport, 8) != load<u32>(packet + transport, 8)) return false;
  if (load<u8>(at + transport, 12) != load<u8>(packet + transport, 12)) return false;
  if (load<u16>(at + transport, 14) != load<u16>(packet + transport, 14)) return false;
  return memory.compare(at + transport + 20, packet + transport + 20, headers - transport - 20) == 0;
}

/** Writes what is gathered. */
export function flushDelivery(): void {
  if (pieces) {
    const first: u32 = pieces > 1 ? total - gathered() : total;
    store<u64>(vnetAt, 0);
    store<u16>(vnetAt, 0, 8);
    if (partial) {
      const protocol = protocolOf(packet);
      if (pieces > 1) {
        storeLength(packet, total);
        store<u8>(vnetAt, <u8>(isIPv6(packet) ? GSO_TCPV6 : GSO_TCPV4), 1);
        store<u16>(vnetAt, <u16>headers, 2);
        store<u16>(vnetAt, <u16>size, 4);
      } else store<u8>(vnetAt, <u8>GSO_NONE, 1);
      const offset: u32 = protocol == PROTOCOL_TCP ? 16 : 6;
      store<u8>(vnetAt, <u8>VNET_NEEDS_CSUM);
      store<u16>(vnetAt, <u16>transport, 6);
      store<u16>(vnetAt, <u16>offset, 8);
      store<u16>(packet + transport + offset, <u16>fold(pseudoSum(packet, protocol, total - transport)));
    }
    putIovec(tunIovecsAt, vnetAt, VNET_SIZE);
    putIovec(tunIovecsAt + 16, packet, first);
    countBond(bond, COUNTER_TUN_WRITES);
    if (writev(load<i32>(bond, BOND_TUN_FD), tunIovecsAt, pieces + 1) < 0) {
      countBond(bond, COUNTER_TUN_WRITE_DROPS, pieces);
    }
  }
  pieces = 0;
  open = false;
  while (slots) {
    const slot = slots;
    slots = <usize>load<u32>(slot, SLOT_NEXT);
    releaseSlot(slot);
  }
}

/** Bytes in the pieces after the first. */
function gathered(): u32 {
  return total - headers - size;
}
