// TCP MD5 signatures (RFC 2385) through setsockopt: Node has no API for them. The key of a connection must be set
// before it is dialled, that of an incoming one on the listening socket.

import { Socket } from "node:net";
import koffi from "koffi";
import { parseAddress } from "../base/ip.js";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_TCP = 6;
const TCP_MD5SIG = 14;
/** struct tcp_md5sig: sockaddr_storage, flags, prefix length, key length, interface, key. */
const KEY_AT = 136;
const SIG_BYTES = KEY_AT + 80;

interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Buffer, bytes: number): number;
  close(fd: number): number;
}

let libc: Libc | undefined;

function load(): Libc {
  if (libc) return libc;
  const lib = koffi.load("libc.so.6");
  libc = {
    socket: lib.func("int socket(int domain, int type, int protocol)"),
    setsockopt: lib.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t length)"),
    close: lib.func("int close(int fd)"),
  } as unknown as Libc;
  return libc;
}

/** What setsockopt takes: the peer's address and the key; an empty key removes it. */
function signature(peer: Uint8Array, family: number, key: string): Buffer {
  const value = Buffer.alloc(SIG_BYTES);
  value.writeUInt16LE(family, 0);
  if (family === AF_INET) value.set(peer, 4);
  else if (peer.length === 16) value.set(peer, 8);
  else {
    // An IPv4 peer of a socket that listens on IPv6.
    value.fill(0xff, 18, 20);
    value.set(peer, 20);
  }
  value.writeUInt16LE(Buffer.byteLength(key), 130);
  value.write(key, KEY_AT);
  return value;
}

/** Sets or, with an empty key, removes a peer's key on a socket. Throws when the kernel refuses. */
function setKey(fd: number, family: number, peer: Uint8Array, key: string): void {
  const value = signature(peer, family, key);
  if (load().setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, value, value.length) !== 0 && key !== "") {
    throw new Error(`TCP_MD5SIG: ${koffi.errno()}`);
  }
}

function openSocket(family: number): number {
  const fd = load().socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error(`socket: ${koffi.errno()}`);
  return fd;
}

let supported: boolean | undefined;

/** True when this kernel signs TCP segments. */
export function tcpMd5Supported(): boolean {
  if (supported !== undefined) return supported;
  let fd = -1;
  try {
    fd = openSocket(AF_INET);
    setKey(fd, AF_INET, Uint8Array.of(127, 0, 0, 1), "probe");
    supported = true;
  } catch {
    supported = false;
  }
  if (fd >= 0) load().close(fd);
  return supported;
}

/** Dials with a key. As net.connect(); throws when the kernel refuses the key. */
export function connectWithMd5(options: { host: string; port: number; localAddress?: string; key: string }): Socket {
  const peer = parseAddress(options.host) as Uint8Array;
  const family = peer.length === 4 ? AF_INET : AF_INET6;
  const fd = openSocket(family);
  try {
    setKey(fd, family, peer, options.key);
  } catch (error) {
    load().close(fd);
    throw error;
  }
  // manualStart: nothing is read before it is connected. Node knows the option, its types do not.
  const socket = new Socket({ fd, manualStart: true } as { fd: number });
  const { host, port, localAddress } = options;
  return socket.connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
}

/** Sets or, with an empty key, removes a peer's key on a listening server. Throws when the kernel refuses. */
export function setListenerMd5(server: object, listensOnIpv6: boolean, address: string, key: string): void {
  const fd = (server as { _handle?: { fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) return;
  const peer = parseAddress(address) as Uint8Array;
  if (peer.length === 16 && !listensOnIpv6) return;
  setKey(fd, listensOnIpv6 ? AF_INET6 : AF_INET, peer, key);
}
