// UDP sockets of tunnel legs: bound to an interface, or one port shared by several threads.

import koffi from "koffi";
import { parseAddress } from "../base/ip.js";
import { bindSocket, closeDescriptor, setOption, socket } from "./libc.js";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const SO_BINDTODEVICE = 25;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const SOL_IP = 0;
const IP_PKTINFO = 8;
const IP_MTU_DISCOVER = 10;
const SOL_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
const SOL_UDP = 17;
const UDP_GRO = 104;
/** Never fragments, and ignores a path MTU that somebody else's ICMP claims. */
const PMTUDISC_PROBE = 3;
const BUFFER_BYTES = 8 << 20;

/** sockaddr_in or sockaddr_in6 of an address and port. */
export function socketAddress(address: string, port: number): Uint8Array {
  const ip = parseAddress(address);
  if (!ip) throw new Error(`${address} is not an IP address`);
  const bytes = Buffer.alloc(ip.length === 4 ? 16 : 28);
  bytes.writeUInt16LE(ip.length === 4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ip, ip.length === 4 ? 4 : 8);
  return bytes;
}

function int(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Asks for what may be refused without harm. */
function tryOption(fd: number, level: number, option: number, value: number): void {
  try {
    setOption(fd, level, option, int(value), "setsockopt");
  } catch {
    // an old kernel or missing privilege: the plain path works
  }
}

function open(v6: boolean): number {
  const fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM);
  tryOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
  tryOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
  tryOption(fd, SOL_UDP, UDP_GRO, 1);
  if (v6) tryOption(fd, SOL_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
  tryOption(fd, SOL_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  return fd;
}

/** A socket that leaves and receives by one interface only. Throws SystemError, ENODEV when there is no such interface. */
export function openLegSocket(ifname: string, v6: boolean): number {
  const fd = open(v6);
  try {
    setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${ifname}\0`), `bind to ${ifname}`);
    bindSocket(fd, socketAddress(v6 ? "::" : "0.0.0.0", 0));
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}

/** One of the sockets that share a port. Each datagram comes with the address that it was sent to. */
export function openSharedSocket(address: string, port: number): number {
  const v6 = address.includes(":");
  const fd = open(v6);
  try {
    setOption(fd, SOL_SOCKET, SO_REUSEPORT, int(1), "SO_REUSEPORT");
    if (v6) {
      setOption(fd, SOL_IPV6, IPV6_V6ONLY, int(0), "IPV6_V6ONLY");
      setOption(fd, SOL_IPV6, IPV6_RECVPKTINFO, int(1), "IPV6_RECVPKTINFO");
    } else setOption(fd, SOL_IP, IP_PKTINFO, int(1), "IP_PKTINFO");
    bindSocket(fd, socketAddress(address, port));
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}

/** Steers datagrams among the sockets of a port, in the order in which they were bound: by byte `offset` of the payload, modulo `count`. */
export function steerByByte(fd: number, offset: number, count: number): void {
  // a sock_fprog, and behind it the filter that it points to
  const buffer = new Uint8Array(64);
  const address = koffi.address(buffer);
  const view = new DataView(buffer.buffer);
  // ldb [offset]; mod #count; ret a
  const filter: readonly (readonly [number, number])[] = [
    [0x30, offset],
    [0x94, count],
    [0x16, 0],
  ];
  filter.forEach(([code, k], i) => {
    view.setUint16(16 + i * 8, code, true);
    view.setUint16(18 + i * 8, 0, true);
    view.setUint32(20 + i * 8, k, true);
  });
  view.setUint16(0, filter.length, true);
  view.setBigUint64(8, address + 16n, true);
  setOption(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, buffer.subarray(0, 16), "SO_ATTACH_REUSEPORT_CBPF");
}
