// The best routes on their way into the kernel: a receiver like a peer, but routes go as they are, and what it is sent
// is applied (fib/installer.ts).

import { FAMILY } from "../wasm/bgp_numbers.js";
import type { ExportSlot, RibSlot } from "../wasm/bgp_types.js";
import type { FibConfig } from "./fib/config.js";
import { type FibFigures, FibInstaller } from "./fib/installer.js";
import { type Receiver, type Routing, SLICE_SLOTS } from "./routing.js";

const FAMILIES = [FAMILY.ipv4, FAMILY.ipv6];

export class KernelRoutes implements Receiver {
  readonly #routing: Routing;
  readonly #installer: FibInstaller;
  readonly #x: ExportSlot;
  readonly #out: RibSlot;

  constructor(routing: Routing, config: FibConfig, note: (text: string) => void) {
    this.#routing = routing;
    const { tables, exports } = routing.module;
    this.#out = tables.createRib();
    this.#x = exports.create(tables.createRib(), this.#out);
    exports.configurePlain(this.#x, FAMILIES);
    this.#installer = new FibInstaller(config, { note, replay: () => this.#replay() });
  }

  /** Errors: as FibInstaller.start(). */
  start(): void {
    this.#installer.start();
    this.#routing.receivers.add(this);
  }

  trim(): void {
    this.#routing.module.tables.trim(this.#out);
  }

  batch(): void {
    this.#routing.module.exports.batch(this.#x, ({ bytes }) => this.#installer.apply(bytes));
  }

  /** All routes once more: the kernel may have lost some. */
  #replay(): void {
    const { exports } = this.#routing.module;
    for (const family of FAMILIES) exports.startWalk(this.#x, family, false);
    this.#routing.run(() => {
      const family = FAMILIES.find((one) => exports.isWalking(this.#x, one));
      if (family === undefined) return false;
      exports.walk(this.#x, family, SLICE_SLOTS, true, ({ bytes }) => this.#installer.apply(bytes));
      return true;
    });
  }

  figures(): FibFigures {
    return this.#installer.figures();
  }

  /** Removes all routes from the kernel. */
  close(): void {
    this.#routing.receivers.delete(this);
    this.#routing.module.exports.stop(this.#x);
    this.#installer.close();
  }
}
