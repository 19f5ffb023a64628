// The engine's system calls: libc and libsodium through koffi, directly on the engine's memory.

import koffi from "koffi";
import { errno, raw } from "../../system/libc.js";
import { packetCipher } from "../../system/sodium.js";
import type { PacketHost } from "../../wasm/bond.js";

const MSG_DONTWAIT = 0x40;

/** Native address of a shared memory, which never moves. */
export function nativeAddress(memory: WebAssembly.Memory): number {
  return Number(koffi.address(new Uint8Array(memory.buffer)));
}

/** The host of an engine whose memory is at native address `base`. */
export function makePacketHost(memory: WebAssembly.Memory, base: number): PacketHost {
  const cipher = packetCipher(new Uint8Array(memory.buffer), base);
  const result = (value: number) => (value < 0 ? -errno() : value);
  return {
    now: () => performance.now() * 1e6,
    seal: cipher.seal,
    open: cipher.open,
    expandKey: cipher.expandKey,
    read: (fd, buffer, length) => result(raw.read(fd, base + buffer, length)),
    writev: (fd, iov, count) => result(raw.writev(fd, base + iov, count)),
    recvmmsg: (fd, messages, count) => result(raw.recvmmsg(fd, base + messages, count, MSG_DONTWAIT, 0)),
    sendmmsg: (fd, messages, count) => result(raw.sendmmsg(fd, base + messages, count, MSG_DONTWAIT)),
    ppoll: (fds, count, timespec) => result(raw.ppoll(base + fds, count, base + timespec, 0)),
  };
}
