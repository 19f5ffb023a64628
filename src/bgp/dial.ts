// Connections to and from a peer with what its configuration asks of the socket.

import { connect, type Socket } from "node:net";
import { parseAddress } from "../base/ip.js";
import { setMd5 } from "../system/tcp_md5.js";
import { AF_INET, AF_INET6, connectPrepared, descriptorOf, setReach } from "../system/tcp_socket.js";
import { isLinkLocal, withoutZone, zoneOf } from "./addresses.js";
import type { PeerConfig } from "./config.js";

/** Opens a connection; the socket is not connected yet. May throw when the kernel refuses one. */
export type Dial = (config: PeerConfig) => Socket;

const reach = ({ multihop, ttl_security }: PeerConfig) => ({ ttl: multihop, hops: ttl_security });

export const dialTcp: Dial = (config) => {
  const { remote_addr: host, port, local_addr, md5: key, multihop, ttl_security } = config;
  // A link-local source is on the interface that the peer is on.
  const localAddress = local_addr + (isLinkLocal(local_addr) ? zoneOf(host) : "");
  const target = { host, port, ...(local_addr === "" ? {} : { localAddress }) };
  if (key === "" && multihop === 0 && ttl_security === 0) return connect(target);
  return connectPrepared(target, (fd, v6) => {
    if (key !== "") setMd5(fd, v6 ? AF_INET6 : AF_INET, parseAddress(withoutZone(host)) as Uint8Array, key);
    setReach(fd, v6, reach(config));
  });
};

/** Does the same for a connection that the peer has opened; its key is the listening socket's. Throws SystemError. */
export function prepareAccepted(socket: Socket, config: PeerConfig): void {
  const fd = descriptorOf(socket);
  if (fd < 0 || (config.multihop === 0 && config.ttl_security === 0)) return;
  setReach(fd, config.remote_addr.includes(":"), reach(config));
}
