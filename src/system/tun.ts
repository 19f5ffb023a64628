// TUN devices with virtio_net_hdr: the kernel gives and takes up to 64 KiB of one flow at a time.

import { closeDescriptor, ioctl, ioctlNumber, openDevice } from "./libc.js";

const TUNSETIFF = 0x400454ca;
const TUNSETOFFLOAD = 0x400454d0;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
/** TUN_F_CSUM, TSO4, TSO6, TSO_ECN; then USO4 and USO6, which came with Linux 6.2. */
const OFFLOAD_TCP = 0x0f;
const OFFLOAD_UDP = 0x60;

export interface TunDevice {
  readonly fd: number;
  /** What the kernel leaves to us to cut: "tso+uso", "tso" or "none". */
  readonly offloads: string;
}

/** Makes the device, which lives as long as its descriptor. Throws SystemError: EBUSY when the name is in use, EPERM without CAP_NET_ADMIN. */
export function openTun(name: string): TunDevice {
  const fd = openDevice("/dev/net/tun");
  const request = Buffer.alloc(40);
  request.write(name.slice(0, 15), 0, "latin1");
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, 16);
  try {
    ioctl(fd, TUNSETIFF, request, `make TUN device ${name}`);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  if (ioctlNumber(fd, TUNSETOFFLOAD, OFFLOAD_TCP | OFFLOAD_UDP)) return { fd, offloads: "tso+uso" };
  if (ioctlNumber(fd, TUNSETOFFLOAD, OFFLOAD_TCP)) return { fd, offloads: "tso" };
  return { fd, offloads: "none" };
}
