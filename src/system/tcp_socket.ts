// TCP sockets with options that Node has no API for: they are set before it is handed the socket.

import { Socket } from "node:net";
import { closeDescriptor, setOption, socket } from "./libc.js";

export const AF_INET = 2;
export const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOL_IP = 0;
const IP_TTL = 2;
const IP_MINTTL = 21;
const SOL_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MINHOPCOUNT = 73;
const TTL_MOST = 255;

/** A TCP socket of an address family, non-blocking. Throws SystemError. */
export function openTcpSocket(family: number): number {
  return socket(family, SOCK_STREAM);
}

/** The descriptor of one of Node's sockets or servers, -1 when it has none (any more). */
export function descriptorOf(handle: object): number {
  return (handle as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

function int(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** How far the packets of a connection go, and come from. */
export interface Reach {
  /** TTL or hop limit of what is sent; 0 the kernel's. */
  readonly ttl: number;
  /** GTSM (RFC 5082): hops that the other end may be away; packets from further are dropped. 0 off. */
  readonly hops: number;
}

/** Sets the reach of a connection. `v6`: the peer's address is an IPv6 one. Throws SystemError. */
export function setReach(fd: number, v6: boolean, { ttl, hops }: Reach): void {
  const level = v6 ? SOL_IPV6 : SOL_IP;
  const sent = hops > 0 ? TTL_MOST : ttl;
  if (sent > 0) setOption(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, int(sent), "TTL");
  if (hops === 0) return;
  setOption(fd, level, v6 ? IPV6_MINHOPCOUNT : IP_MINTTL, int(TTL_MOST + 1 - hops), "TTL security");
}

/** Makes a server answer with the highest TTL, so that peers with GTSM take the first packet of a connection, too. */
export function setListenerReach(server: object, listensOnIpv6: boolean): void {
  const fd = descriptorOf(server);
  if (fd < 0) return;
  if (listensOnIpv6) setOption(fd, SOL_IPV6, IPV6_UNICAST_HOPS, int(TTL_MOST), "TTL");
  setOption(fd, SOL_IP, IP_TTL, int(TTL_MOST), "TTL");
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** As net.connect(), with `prepare` called on the descriptor first; what it throws ends the attempt. */
export function connectPrepared(options: ConnectOptions, prepare: (fd: number, v6: boolean) => void): Socket {
  const v6 = options.host.includes(":");
  const fd = openTcpSocket(v6 ? AF_INET6 : AF_INET);
  try {
    prepare(fd, v6);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  // manualStart: nothing is read before it is connected. Node knows the option, its types do not.
  return new Socket({ fd, manualStart: true } as { fd: number }).connect(options);
}
