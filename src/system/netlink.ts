// Netlink sockets of the routing family (rtnetlink(7)). All numbers are in the machine's byte order, little-endian here;
// addresses are as on the wire.

import { bindSocket, closeDescriptor, errno, receive, SystemError, sendTo, setOption, socket } from "./libc.js";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_GET_STRICT_CHK = 12;
const EAGAIN = 11;
const RECEIVE_BUFFER = Uint8Array.of(0, 0, 0x40, 0);
const ON = Uint8Array.of(1, 0, 0, 0);
const KERNEL = Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** What a read takes at most; the kernel fills no more than 32 KiB of a listing at once. */
export const NETLINK_BYTES = 64 << 10;

/** Opens a socket that listens to multicast groups (RTMGRP_*, a bit each). Needs CAP_NET_ADMIN. Throws SystemError. */
export function openNetlink(groups = 0): number {
  const fd = socket(AF_NETLINK, SOCK_RAW);
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  try {
    bindSocket(fd, address);
    setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, ON, "NETLINK_CAP_ACK");
    setOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, ON, "NETLINK_GET_STRICT_CHK");
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  try {
    setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER, "SO_RCVBUFFORCE");
  } catch {
    // Not in every container; then the usual size has to do.
  }
  return fd;
}

/** Sends messages, which the kernel works off before it returns. Throws SystemError when it takes none of them. */
export function sendNetlink(fd: number, bytes: Uint8Array): void {
  if (!sendTo(fd, bytes, KERNEL)) throw new SystemError("send to rtnetlink");
}

/** Receives some messages; their bytes, 0 when none is there. Throws SystemError, ENOBUFS when some were lost. */
export function receiveNetlink(fd: number, bytes: Uint8Array): number {
  const length = receive(fd, bytes);
  if (length < 0 && errno() !== EAGAIN) throw new SystemError("receive from rtnetlink");
  return Math.max(length, 0);
}

/** Where the message after the one at `at` begins. */
export function nextMessage(bytes: Buffer, at: number): number {
  return at + Math.max((bytes.readUInt32LE(at) + 3) & ~3, 16);
}
