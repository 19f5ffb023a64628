// One bond in the data plane's main thread: its TUN device and sockets, opened here and lent to its worker.

import { reasonOf } from "../../base/errors.js";
import { parseAddress } from "../../base/ip.js";
import type { Logger } from "../../base/log.js";
import { readInterface } from "../../system/interface.js";
import { ipBatch } from "../../system/iproute.js";
import { closeDescriptor } from "../../system/libc.js";
import { openLegSocket, socketAddress } from "../../system/sockopt.js";
import { openTun } from "../../system/tun.js";
import { ENGINE_LIMITS, TUNNEL_FRAME_OVERHEAD } from "../../wasm/bond.js";
import { bondProblem } from "./check.js";
import type { BondCommand, LegCommand } from "./commands.js";
import type { BondConfig, LegConfig } from "./protocol.js";
import { findScheduler } from "./schedulers.js";

const LINK_MTU = 1500;
/** What every link must carry (RFC 8200 §5); a smaller value that somebody tells is not believed. */
const LINK_MTU_LEAST = 1280;
const UDP_HEADER = 8;
const TXQUEUELEN = 1000;

interface Leg {
  readonly slot: number;
  config: LegConfig;
  fd: number;
  ifindex: number;
  carrier: boolean;
  mtu: number;
}

/** Tunnel MTU over links of `linkMtu`: what an IP and UDP header and the frame leave. docs/tunnel.md has the sum. */
export function tunnelMtu(linkMtu: number, v6: boolean): number {
  return linkMtu - (v6 ? 40 : 20) - UDP_HEADER - TUNNEL_FRAME_OVERHEAD;
}

export class BondRuntime {
  readonly id: number;
  /** Worker, and place in it. */
  readonly worker: number;
  readonly index: number;
  config: BondConfig;
  problem = "";
  mtu = 0;
  offloads = "";
  readonly legs = new Map<number, Leg>();
  readonly #log: Logger;
  #tunFd = -1;
  #tunName = "";
  #deviceHasMtu = 0;
  #addressed = "";

  constructor(config: BondConfig, worker: number, index: number, log: Logger) {
    this.id = config.id;
    this.worker = worker;
    this.index = index;
    this.config = config;
    this.#log = log.child({ bond: config.id });
  }

  /**
   * Makes devices and sockets as the configuration wants. What fails becomes the bond's `problem`. `listen`: the
   * worker's socket and family on an aggregator. Descriptors that are replaced are returned: to be closed when the
   * worker has let go of them.
   */
  async prepare(config: BondConfig, listenFd: number, v6: boolean): Promise<number[]> {
    this.config = config;
    const replaced: number[] = [];
    const problem = bondProblem(config) || (config.role === "aggregator" && listenFd < 0 ? "no listening port" : "");
    this.#placeLegs(config, replaced);
    if (problem === "") {
      this.problem = "";
      this.checkInterfaces(replaced);
      if (config.role === "aggregator") for (const leg of this.legs.values()) leg.fd = listenFd;
      await this.#prepareDevice(v6, replaced).catch((error) => {
        this.problem = reasonOf(error);
      });
    } else this.problem = problem;
    if (this.problem) this.#log.warn(`bond ${this.id} cannot run: ${this.problem}`);
    return replaced;
  }

  /** Opens sockets of interfaces that came, notices those that went. True when something changed. */
  checkInterfaces(replaced: number[]): boolean {
    if (this.config.role !== "bonder" || this.problem) return false;
    let changed = false;
    for (const leg of this.legs.values()) {
      const facts = readInterface(leg.config.ifname as string);
      if (leg.ifindex !== (facts?.index ?? 0)) {
        if (leg.fd >= 0) replaced.push(leg.fd);
        leg.fd = -1;
        leg.ifindex = 0;
        changed = true;
        if (facts) this.#openLeg(leg, facts.index);
      }
      const carrier = facts?.running ?? false;
      const mtu = facts?.mtu ?? leg.mtu;
      changed ||= carrier !== leg.carrier || mtu !== leg.mtu;
      leg.carrier = carrier;
      leg.mtu = mtu;
    }
    return changed;
  }

  /** What the bonder told of a leg's link (aggregator). True when it is new: `prepare` then sets the device's MTU. */
  learnMtu(id: number, mtu: number): boolean {
    const leg = this.legs.get(id);
    if (this.config.role !== "aggregator" || !leg || leg.mtu === mtu || mtu === 0) return false;
    leg.mtu = mtu;
    return true;
  }

  /** Whether the links now ask for another MTU of the device than it has; `prepare` sets it. */
  needsMtu(listenV6: boolean): boolean {
    return this.#deviceMtu(listenV6) !== this.mtu;
  }

  /** Forgets the TUN device, which somebody has removed; `prepare` makes it anew. */
  loseDevice(): void {
    if (this.#tunFd >= 0) closeDescriptor(this.#tunFd);
    this.#tunFd = -1;
    this.#addressed = "";
  }

  /** What the worker is told. */
  command(): BondCommand {
    const { config } = this;
    const bonder = config.role === "bonder";
    return {
      index: this.index,
      id: config.id,
      role: config.role,
      psk: Buffer.from(config.psk, "base64"),
      encrypt: config.security === "encryption",
      scheduler: findScheduler(config.scheduler)?.id ?? 1,
      holdMs: config.reorderMaxHoldMs,
      tunFd: this.#tunFd,
      remote: bonder && config.remote ? socketAddress(config.remote.address, config.remote.port) : null,
      legs: [...this.legs.values()].map(
        (leg): LegCommand => ({
          slot: leg.slot,
          id: leg.config.id,
          fd: leg.fd,
          carrier: bonder ? leg.carrier : true,
          mtu: leg.mtu,
          linkMode: leg.config.linkMode,
          failover: leg.config.failover,
          sendMbps: bonder ? leg.config.upMbps : leg.config.downMbps,
        }),
      ),
    };
  }

  /** Closes all that it owns; the device goes with its descriptor. The worker must have dropped the bond before. */
  close(): void {
    if (this.#tunFd >= 0) closeDescriptor(this.#tunFd);
    this.#tunFd = -1;
    if (this.config.role === "bonder") for (const { fd } of this.legs.values()) if (fd >= 0) closeDescriptor(fd);
    this.legs.clear();
  }

  #placeLegs(config: BondConfig, replaced: number[]): void {
    for (const [id, leg] of this.legs) {
      const wanted = config.legs.find((other) => other.id === id);
      if (wanted && wanted.ifname === leg.config.ifname) {
        leg.config = wanted;
        continue;
      }
      if (config.role === "bonder" && leg.fd >= 0) replaced.push(leg.fd);
      this.legs.delete(id);
    }
    const taken = new Set([...this.legs.values()].map(({ slot }) => slot));
    for (const wanted of config.legs) {
      if (this.legs.has(wanted.id)) continue;
      let slot = 0;
      while (taken.has(slot)) slot++;
      if (slot >= ENGINE_LIMITS.legs) return;
      taken.add(slot);
      this.legs.set(wanted.id, { slot, config: wanted, fd: -1, ifindex: 0, carrier: false, mtu: LINK_MTU });
    }
  }

  #openLeg(leg: Leg, ifindex: number): void {
    const v6 = parseAddress(this.config.remote?.address ?? "")?.length === 16;
    try {
      leg.fd = openLegSocket(leg.config.ifname as string, v6);
      leg.ifindex = ifindex;
    } catch (error) {
      this.#log.warn(`leg ${leg.config.id} has no socket: ${reasonOf(error)}`);
    }
  }

  #deviceMtu(listenV6: boolean): number {
    const { config } = this;
    const v6 = config.role === "bonder" ? parseAddress(config.remote?.address ?? "")?.length === 16 : listenV6;
    const mtus = [...this.legs.values()].map((leg) => leg.mtu);
    return tunnelMtu(Math.max(LINK_MTU_LEAST, Math.min(LINK_MTU, ...mtus)), v6);
  }

  async #prepareDevice(listenV6: boolean, replaced: number[]): Promise<void> {
    const { config } = this;
    if (this.#tunFd >= 0 && this.#tunName !== config.tunnelIfname) {
      replaced.push(this.#tunFd);
      this.#tunFd = -1;
    }
    if (this.#tunFd < 0) {
      const device = openTun(config.tunnelIfname);
      this.#tunFd = device.fd;
      this.#tunName = config.tunnelIfname;
      this.offloads = device.offloads;
      this.#addressed = "";
    }
    this.mtu = this.#deviceMtu(listenV6);
    const addressed = `${config.localIp} ${config.peerIp}`;
    const dev = config.tunnelIfname;
    if (addressed === this.#addressed) {
      // addresses and routes that others have put on the device stay
      if (this.mtu !== this.#deviceHasMtu) await ipBatch([`link set dev ${dev} mtu ${this.mtu}`]);
      this.#deviceHasMtu = this.mtu;
      return;
    }
    const bits = parseAddress(config.localIp)?.length === 16 ? 128 : 32;
    await ipBatch([
      `address flush dev ${dev}`,
      `link set dev ${dev} mtu ${this.mtu} txqueuelen ${TXQUEUELEN} addrgenmode none`,
      `address add ${config.localIp} peer ${config.peerIp}/${bits} dev ${dev}`,
      `link set dev ${dev} up`,
    ]);
    this.#addressed = addressed;
    this.#deviceHasMtu = this.mtu;
  }
}
