// Tells when links and addresses come up, by rtnetlink's multicast groups.

import { closeDescriptor } from "./libc.js";
import { NETLINK_BYTES, nextMessage, openNetlink, receiveNetlink } from "./netlink.js";

const RTM_NEWLINK = 16;
const RTM_NEWADDR = 20;
/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const GROUPS = 0x111;
const IFF_UP_RUNNING = 0x41;

/** Tells whether links came up or addresses were added: what the kernel dropped with them can be put back. */
export class LinkWatch {
  readonly #fd = openNetlink(GROUPS);
  readonly #answer = Buffer.alloc(NETLINK_BYTES);
  readonly #up = new Map<number, boolean>();

  close(): void {
    closeDescriptor(this.#fd);
  }

  /** True when something has come up since the last call. */
  cameUp(): boolean {
    let up = false;
    for (;;) {
      let length = 0;
      try {
        length = receiveNetlink(this.#fd, this.#answer);
      } catch {
        // Messages were lost: better once too often.
        return true;
      }
      if (length === 0) return up;
      for (let at = 0; at + 32 <= length; at = nextMessage(this.#answer, at)) {
        const type = this.#answer.readUInt16LE(at + 4);
        if (type === RTM_NEWADDR) up = true;
        if (type === RTM_NEWLINK && this.#linkCameUp(at)) up = true;
      }
    }
  }

  #linkCameUp(at: number): boolean {
    const index = this.#answer.readInt32LE(at + 20);
    const runs = (this.#answer.readUInt32LE(at + 24) & IFF_UP_RUNNING) === IFF_UP_RUNNING;
    const ran = this.#up.get(index);
    this.#up.set(index, runs);
    return runs && ran !== true;
  }
}
