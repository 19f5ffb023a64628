// What the kernel says of a network interface of this process's namespace (netdevice(7)); no /sys, which may belong to
// another namespace.

import { closeDescriptor, ioctl, socket } from "./libc.js";

const SIOCGIFFLAGS = 0x8913;
const SIOCGIFMTU = 0x8921;
const SIOCGIFINDEX = 0x8933;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;

export interface InterfaceFacts {
  readonly index: number;
  /** Administratively up and with carrier. */
  readonly running: boolean;
  readonly mtu: number;
}

/** Facts of an interface, or null when there is none of that name. */
export function readInterface(ifname: string): InterfaceFacts | null {
  const fd = socket(2, 2);
  const ask = (request: number): Buffer => {
    const buffer = Buffer.alloc(40);
    buffer.write(ifname.slice(0, 15), 0, "latin1");
    ioctl(fd, request, buffer, ifname);
    return buffer;
  };
  try {
    const flags = ask(SIOCGIFFLAGS).readUInt16LE(16);
    return {
      index: ask(SIOCGIFINDEX).readInt32LE(16),
      running: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
      mtu: ask(SIOCGIFMTU).readInt32LE(16),
    };
  } catch {
    return null;
  } finally {
    closeDescriptor(fd);
  }
}
