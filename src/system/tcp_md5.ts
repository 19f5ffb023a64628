// TCP MD5 signatures (RFC 2385) through setsockopt: Node has no API for them. The key of a connection must be set
// before it is dialled, that of an incoming one on the listening socket.

import { type Prefix, parseAddress } from "../base/ip.js";
import { closeDescriptor, setOption } from "./libc.js";
import { AF_INET, AF_INET6, descriptorOf, openTcpSocket } from "./tcp_socket.js";

const IPPROTO_TCP = 6;
const TCP_MD5SIG = 14;
/** With flags and a prefix length; since Linux 4.13. */
const TCP_MD5SIG_EXT = 32;
const FLAG_PREFIX = 1;
/** struct tcp_md5sig: sockaddr_storage, flags, prefix length, key length, interface, key. */
const FLAGS_AT = 128;
const PREFIX_AT = 129;
const LENGTH_AT = 130;
const KEY_AT = 136;
const SIG_BYTES = KEY_AT + 80;

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
  value.writeUInt16LE(Buffer.byteLength(key), LENGTH_AT);
  value.write(key, KEY_AT);
  return value;
}

/** Sets or, with an empty key, removes a peer's key on a socket. Throws SystemError when the kernel refuses a key. */
export function setMd5(fd: number, family: number, peer: Uint8Array, key: string): void {
  set(fd, TCP_MD5SIG, signature(peer, family, key), key !== "");
}

function set(fd: number, option: number, value: Buffer, must: boolean): void {
  try {
    setOption(fd, IPPROTO_TCP, option, value, "TCP_MD5SIG");
  } catch (error) {
    // Removing a key that is not there is no fault.
    if (must) throw error;
  }
}

/** Sets or removes the key of all peers inside a prefix; an IPv4 prefix may be on a socket that listens on IPv6. */
function setMd5Prefix(fd: number, family: number, { bytes, length }: Prefix, key: string): void {
  const value = signature(bytes, family, key);
  value.writeUInt8(FLAG_PREFIX, FLAGS_AT);
  // The kernel counts the bits of an IPv4 prefix from its own start on an IPv6 socket, too.
  value.writeUInt8(length, PREFIX_AT);
  set(fd, TCP_MD5SIG_EXT, value, key !== "");
}

function probe(setKey: (fd: number) => void): boolean {
  let fd = -1;
  try {
    fd = openTcpSocket(AF_INET);
    setKey(fd);
    return true;
  } catch {
    return false;
  } finally {
    if (fd >= 0) closeDescriptor(fd);
  }
}

let supported: boolean | undefined;
let prefixSupported: boolean | undefined;

/** True when this kernel signs TCP segments. */
export function tcpMd5Supported(): boolean {
  supported ??= probe((fd) => setMd5(fd, AF_INET, Uint8Array.of(127, 0, 0, 1), "probe"));
  return supported;
}

/** True when a key can be set for a whole prefix. */
export function tcpMd5PrefixSupported(): boolean {
  const net = { bytes: Uint8Array.of(127, 0, 0, 0), length: 8 };
  prefixSupported ??= probe((fd) => setMd5Prefix(fd, AF_INET, net, "probe"));
  return prefixSupported;
}

/** Sets or, with an empty key, removes a peer's key on a listening server. Throws when the kernel refuses. */
export function setListenerMd5(server: object, listensOnIpv6: boolean, address: string, key: string): void {
  const fd = descriptorOf(server);
  const peer = parseAddress(address.replace(/%.*$/, "")) as Uint8Array;
  if (fd < 0 || (peer.length === 16 && !listensOnIpv6)) return;
  setMd5(fd, listensOnIpv6 ? AF_INET6 : AF_INET, peer, key);
}

/** The same for every peer inside a prefix (dynamic neighbours). A key of a single peer goes before it. */
export function setListenerMd5Prefix(server: object, listensOnIpv6: boolean, prefix: Prefix, key: string): void {
  const fd = descriptorOf(server);
  if (fd < 0 || (prefix.bytes.length === 16 && !listensOnIpv6)) return;
  setMd5Prefix(fd, listensOnIpv6 ? AF_INET6 : AF_INET, prefix, key);
}
