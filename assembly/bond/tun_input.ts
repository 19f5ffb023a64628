// What the TUN device gives: one read is a virtio_net_hdr and a packet, or up to 64 KiB of one TCP or UDP flow that the
// kernel left to the device to cut (include/uapi/linux/virtio_net.h). It is cut here, into slots of the front queue.

import { loadU16, loadU32, storeU16, storeU32 } from "../mem/bytes";
import { countBond } from "./counters";
import { read } from "./host";
import {
  BOND_TUN_FD,
  COUNTER_MALFORMED_DROPS,
  COUNTER_QUEUE_DROPS,
  COUNTER_TUN_READS,
  COUNTER_TUN_RX_BYTES,
  COUNTER_TUN_RX_PACKETS,
  INNER_CHECKSUM_PARTIAL,
  PACKET_MAX,
  RECV_BUFFER,
  SLOT_BUCKET,
  SLOT_FLAGS,
  SLOT_LENGTH,
  SLOT_PACKET,
} from "./layout";
import { allocSlot, slotsFree, tunReadAt } from "./memory";
import {
  checkPacket,
  completeChecksum,
  flowBucket,
  isIPv6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  protocolOf,
  storeHeaderChecksum,
  transportOffset,
} from "./packet";
import { enqueue } from "./queue";

export const VNET_SIZE: u32 = 10;
export const VNET_NEEDS_CSUM: u32 = 1;
export const GSO_NONE: u32 = 0;
export const GSO_TCPV4: u32 = 1;
export const GSO_TCPV6: u32 = 4;
export const GSO_UDP_L4: u32 = 5;
const GSO_ECN: u32 = 0x80;
const TCP_FIN_PSH: u32 = 0x09;
const TCP_CWR: u32 = 0x80;

/** Reads until the device is empty or `budget` packets are queued. Returns the packets, or -errno of a dead device. */
export function readTun(bond: usize, budget: u32): i32 {
  const fd = load<i32>(bond, BOND_TUN_FD);
  let packets: u32 = 0;
  while (packets < budget && slotsFree() > 128) {
    const length = read(fd, tunReadAt, RECV_BUFFER + VNET_SIZE);
    if (length < 0) return length == -11 || length == -4 ? packets : length;
    countBond(bond, COUNTER_TUN_READS);
    packets += tunInput(bond, tunReadAt, <u32>length);
  }
  return packets;
}

/** Queues what one read gave. Returns the packets it made. */
export function tunInput(bond: usize, buffer: usize, length: u32): u32 {
  const packet = buffer + VNET_SIZE;
  const total = length > VNET_SIZE ? checkPacket(packet, length - VNET_SIZE) : 0;
  if (!total) return malformed(bond);
  const gsoType = <u32>load<u8>(buffer, 1) & ~GSO_ECN;
  const partial = (load<u8>(buffer) & VNET_NEEDS_CSUM) != 0;
  const start = <u32>load<u16>(buffer, 6);
  if (gsoType != GSO_NONE) return segment(bond, packet, total, gsoType, load<u16>(buffer, 4), start);
  if (total > <u32>PACKET_MAX) return malformed(bond);
  let flags: u32 = 0;
  if (partial) {
    const protocol = protocolOf(packet);
    if (start != 0 && start == transportOffset(packet, total)) flags = INNER_CHECKSUM_PARTIAL;
    else if (start + load<u16>(buffer, 8) + 2 > total) return malformed(bond);
    else completeChecksum(packet, total, start, load<u16>(buffer, 8));
    if (flags && protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) return malformed(bond);
  }
  const slot = allocSlot();
  if (!slot) return noSlot(bond);
  memory.copy(slot + SLOT_PACKET, packet, total);
  queuePacket(bond, slot, total, flowBucket(packet, total), flags);
  return 1;
}

/** Cuts a large TCP or UDP packet at `size` bytes of payload; checksums are left to the far end. */
function segment(bond: usize, packet: usize, total: u32, gsoType: u32, size: u32, transport: u32): u32 {
  if (transport == 0 || transport != transportOffset(packet, total) || size == 0) return malformed(bond);
  const tcp = gsoType == GSO_TCPV4 || gsoType == GSO_TCPV6;
  if (!tcp && gsoType != GSO_UDP_L4) return malformed(bond);
  if (protocolOf(packet) != (tcp ? PROTOCOL_TCP : PROTOCOL_UDP)) return malformed(bond);
  const headers = transport + (tcp ? (load<u8>(packet + transport, 12) >>> 4) << 2 : 8);
  if (headers >= total || headers + size > <u32>PACKET_MAX || (tcp && headers < transport + 20)) return malformed(bond);
  const bucket = flowBucket(packet, total);
  const payload = total - headers;
  const v6 = isIPv6(packet);
  const id = loadU16(packet + 4);
  const sequence = tcp ? loadU32(packet + transport + 4) : 0;
  const tcpFlags = tcp ? <u32>load<u8>(packet + transport, 13) : 0;
  let packets: u32 = 0;
  for (let offset: u32 = 0; offset < payload; offset += size) {
    const n = min(size, payload - offset);
    const slot = allocSlot();
    if (!slot) return packets + noSlot(bond);
    const p = slot + SLOT_PACKET;
    memory.copy(p, packet, headers);
    memory.copy(p + headers, packet + headers + offset, n);
    if (v6) storeU16(p + 4, headers + n - 40);
    else {
      storeU16(p + 2, headers + n);
      storeU16(p + 4, id + packets);
      storeHeaderChecksum(p);
    }
    if (tcp) {
      storeU32(p + transport + 4, sequence + offset);
      let flags = tcpFlags;
      if (offset + n < payload) flags &= ~TCP_FIN_PSH;
      if (offset != 0) flags &= ~TCP_CWR;
      store<u8>(p + transport, <u8>flags, 13);
    } else storeU16(p + transport + 4, 8 + n);
    queuePacket(bond, slot, headers + n, bucket, INNER_CHECKSUM_PARTIAL);
    packets++;
  }
  return packets;
}

function queuePacket(bond: usize, slot: usize, length: u32, bucket: u32, flags: u32): void {
  store<u32>(slot, length, SLOT_LENGTH);
  store<u32>(slot, bucket, SLOT_BUCKET);
  store<u32>(slot, flags, SLOT_FLAGS);
  countBond(bond, COUNTER_TUN_RX_PACKETS);
  countBond(bond, COUNTER_TUN_RX_BYTES, length);
  enqueue(bond, slot);
}

function malformed(bond: usize): u32 {
  countBond(bond, COUNTER_MALFORMED_DROPS);
  return 1;
}

function noSlot(bond: usize): u32 {
  countBond(bond, COUNTER_QUEUE_DROPS);
  return 1;
}
