// One worker of the data plane: a thread that serves the packets of some bonds for as long as it lives. The engine's
// `turn` does the packets; here are commands, handshakes and the legs' states, twenty times a second.

import { randomBytes } from "node:crypto";
import { readSync } from "node:fs";
import { setImmediate as immediate } from "node:timers/promises";
import { sharpenTimers } from "../../system/libc.js";
import { sodium } from "../../system/sodium.js";
import { AEAD, BondEngine, type Polled } from "../../wasm/bond.js";
import type { WorkerTask } from "../../workers/pool.js";
import { WorkerServer } from "../../workers/rpc.js";
import type { BondCommand, BondMethods, LegCommand, LegEvent, WorkerData } from "./commands.js";
import { type HandshakeBond, type HandshakeLeg, Handshakes, newHandshakeLeg } from "./handshake.js";
import { carriesData, isAlive, isQuiet, type LegMachine, newLeg, step } from "./leg_fsm.js";
import { makePacketHost, nativeAddress } from "./packet_host.js";

const HEARTBEAT_MS = 100;
/** Between first messages on a leg that is not up: grows from the first to the last. */
const RETRY_MS = { first: 250, last: 2_000 };
const REKEY_MS = 3_600_000;
/** A bucket may queue this much before its oldest packet is dropped. */
const QUEUE_BYTES = { least: 256 << 10, most: 8 << 20, ms: 120 };
/** A bucket's turn: long enough at high speed that a flow's packets stay together and the far end can join them. */
const TURN_BYTES = { least: 3_000, most: 65_000, ms: 0.5 };
/** What a leg's heartbeats are paced at when nothing else may be sent on it. */
const LEAST_BITS_PER_SECOND = 1e6;

interface Leg extends HandshakeLeg {
  command: LegCommand;
  machine: LegMachine;
  nextAttempt: number;
  /** What the engine was told last. */
  sending: boolean;
  retryMs: number;
}

interface Bond extends HandshakeBond {
  command: BondCommand;
  readonly legs: Map<number, Leg>;
}

class Worker {
  readonly #engine: BondEngine;
  readonly #handshakes: Handshakes;
  readonly #bonds = new Map<number, Bond>();
  readonly #wakeFd: number;
  readonly #server: WorkerServer;
  #listenFd = -1;
  #closing = false;

  constructor({ port, data }: WorkerTask<WorkerData>) {
    this.#wakeFd = data.wakeFd;
    const base = nativeAddress(data.memory);
    this.#engine = new BondEngine(data.memory, base, makePacketHost(data.memory, base), {
      handshake: (fd, frame, from, local) => this.#handshakes.input(fd, frame, from, local, performance.now()),
      confirmed: (place) => this.#confirmed(place),
    });
    this.#handshakes = new Handshakes(this.#engine, sodium, this.#bonds);
    const methods: BondMethods = {
      start: () => ({ addresses: this.#engine.addresses, provider: sodium.provider, aes: sodium.aes }),
      listen: ({ fd }) => this.#listen(fd),
      setBond: (bond) => this.#setBond(bond),
      dropBond: ({ index }) => this.#dropBond(index),
      close: () => {
        this.#closing = true;
      },
    };
    this.#server = new WorkerServer(port, methods);
  }

  async run(): Promise<void> {
    sharpenTimers();
    const counter = Buffer.alloc(8);
    this.#poll();
    // messages that came before the first turn
    await immediate();
    while (!this.#closing) {
      if (this.#engine.turn() === "woken") {
        try {
          readSync(this.#wakeFd, counter);
        } catch {
          // read by an earlier turn
        }
        // a message wakes this thread's event loop only while it runs
        await immediate();
        await immediate();
      } else this.#tick(performance.now());
    }
    this.#server.close();
  }

  #listen(fd: number): void {
    this.#listenFd = fd;
    this.#poll();
  }

  #setBond(command: BondCommand): void {
    const before = [...this.#bonds.values()].find(({ index }) => index === command.index);
    const same =
      before?.id === command.id &&
      before.role === command.role &&
      before.encrypt === command.encrypt &&
      Buffer.compare(before.psk, command.psk) === 0;
    if (before && !same) this.#dropBond(command.index);
    if (!same) this.#engine.clearBond(command.index);
    const bond: Bond = {
      index: command.index,
      id: command.id,
      role: command.role,
      psk: command.psk,
      encrypt: command.encrypt,
      remote: command.remote,
      legs: same && before ? before.legs : new Map<number, Leg>(),
      boot: same && before ? before.boot : randomBytes(8),
      peerBoot: same && before ? before.peerBoot : "",
      seen: same && before ? before.seen : new Set<string>(),
      command,
    };
    this.#bonds.set(command.id, bond);
    const total = command.legs.reduce((sum, leg) => sum + leg.sendMbps, 0);
    const wanted = (total * 1e6 * QUEUE_BYTES.ms) / 8000;
    this.#engine.setBond(command.index, {
      id: command.id,
      tunFd: command.tunFd,
      scheduler: command.scheduler,
      holdMs: command.holdMs,
      legs: command.legs.reduce((most, leg) => Math.max(most, leg.slot + 1), 0),
      quantum: Math.round(Math.min(TURN_BYTES.most, Math.max(TURN_BYTES.least, (total * 1e6 * TURN_BYTES.ms) / 8000))),
      queueBytes: Math.round(Math.min(QUEUE_BYTES.most, Math.max(QUEUE_BYTES.least, wanted))),
    });
    for (const leg of [...bond.legs.values()]) {
      if (!command.legs.some(({ slot, id }) => slot === leg.slot && id === leg.id)) this.#dropLeg(bond, leg);
    }
    for (const leg of command.legs) this.#setLeg(bond, leg);
    this.#poll();
    this.#stepLegs(bond, performance.now());
  }

  #setLeg(bond: Bond, command: LegCommand): void {
    const now = performance.now();
    let leg = bond.legs.get(command.slot);
    if (!leg) {
      leg = {
        ...newHandshakeLeg(command.slot, command.id, command.fd, command.mtu),
        command,
        machine: newLeg(now),
        nextAttempt: now,
        sending: false,
        retryMs: RETRY_MS.first,
      };
      bond.legs.set(command.slot, leg);
      this.#engine.clearLeg(bond.index, command.slot);
      this.#report(bond, leg);
    }
    if (leg.fd !== command.fd) leg.nextAttempt = now;
    leg.fd = command.fd;
    if (bond.role === "bonder" && leg.mtu !== command.mtu) {
      leg.mtu = command.mtu;
      // the aggregator learns it from a handshake
      leg.keyedAt = Number.NEGATIVE_INFINITY;
    }
    leg.command = command;
    this.#engine.setLeg(bond.index, command.slot, {
      id: command.id,
      fd: command.fd,
      bitsPerSecond: Math.max(command.sendMbps * 1e6, LEAST_BITS_PER_SECOND),
      failover: command.failover,
      follows: bond.role === "aggregator",
    });
    if (bond.role === "bonder" && bond.remote) this.#engine.setRemote(bond.index, command.slot, bond.remote);
    this.#engine.setHeartbeat(bond.index, command.slot, this.#beats(command) ? HEARTBEAT_MS : 0);
    this.#send(bond, leg, true);
  }

  /** Aggregator: new keys are in use, and with them what the bonder told of its link. */
  #confirmed(place: number): void {
    const found = this.#handshakes.confirmed(place, performance.now());
    const bond = found && this.#bonds.get(found.bond.id);
    const leg = bond?.legs.get(found?.leg.slot ?? -1);
    if (bond && leg && leg.mtu !== leg.command.mtu) this.#report(bond, leg);
  }

  #beats(leg: LegCommand): boolean {
    return leg.linkMode !== "offline" && leg.fd >= 0 && leg.carrier;
  }

  #dropLeg(bond: Bond, leg: Leg): void {
    this.#handshakes.forget(bond, leg);
    this.#engine.clearLeg(bond.index, leg.slot);
    bond.legs.delete(leg.slot);
  }

  #dropBond(index: number): void {
    const bond = [...this.#bonds.values()].find((other) => other.index === index);
    if (!bond) return;
    for (const leg of [...bond.legs.values()]) this.#dropLeg(bond, leg);
    this.#bonds.delete(bond.id);
    this.#engine.clearBond(index);
    this.#poll();
  }

  /** Lets a leg carry data, or not; `wanted` matters only in a state that carries data at all. */
  #send(bond: Bond, leg: Leg, wanted: boolean): void {
    const sending = wanted && carriesData(leg.machine.state) && leg.command.sendMbps > 0;
    if (sending === leg.sending) return;
    leg.sending = sending;
    this.#engine.setSending(bond.index, leg.slot, sending);
  }

  /** Tells the engine what to wait for. */
  #poll(): void {
    const polled: Polled[] = [{ fd: this.#wakeFd, kind: "wake" }];
    if (this.#listenFd >= 0) polled.push({ fd: this.#listenFd, kind: "udp" });
    let used = 0;
    for (const bond of this.#bonds.values()) {
      used = Math.max(used, bond.index + 1);
      if (bond.command.tunFd >= 0) polled.push({ fd: bond.command.tunFd, kind: "tun", bond: bond.index });
      if (bond.role === "aggregator") continue;
      for (const { fd } of bond.legs.values()) if (fd >= 0) polled.push({ fd, kind: "udp" });
    }
    this.#engine.setBondsUsed(used);
    this.#engine.setPolled(polled);
  }

  #tick(now: number): void {
    for (const bond of this.#bonds.values()) {
      this.#stepLegs(bond, now);
      if (bond.command.tunFd >= 0 && !this.#engine.hasTun(bond.index)) {
        bond.command = { ...bond.command, tunFd: -1 };
        this.#server.emit("tunLost", { bond: bond.id });
      }
    }
  }

  #stepLegs(bond: Bond, now: number): void {
    const quiet: Leg[] = [];
    let heard = false;
    for (const leg of bond.legs.values()) {
      this.#handshakes.expire(bond, leg, now);
      const facts = this.#engine.legFacts(bond.index, leg.slot);
      const next = step(
        leg.machine,
        {
          linkMode: leg.command.linkMode,
          failover: leg.command.failover,
          hasSocket: leg.fd >= 0,
          carrier: leg.command.carrier,
          hasKeys: leg.session !== null,
          ...facts,
        },
        now,
      );
      if (next !== leg.machine) this.#enter(bond, leg, next);
      if (bond.role === "bonder") this.#shakeHands(bond, leg, now);
      if (!carriesData(next.state)) continue;
      if (isQuiet(facts)) quiet.push(leg);
      else {
        heard ||= leg.command.sendMbps > 0;
        this.#send(bond, leg, true);
      }
    }
    for (const leg of quiet) this.#send(bond, leg, !heard);
  }

  #enter(bond: Bond, leg: Leg, machine: LegMachine): void {
    leg.machine = machine;
    this.#send(bond, leg, true);
    if (!isAlive(machine.state)) this.#engine.setReceiving(bond.index, leg.slot, false);
    leg.retryMs = RETRY_MS.first;
    this.#report(bond, leg);
  }

  /** Bonder: new keys for a leg that has none, that is silent, or whose keys are old. */
  #shakeHands(bond: Bond, leg: Leg, now: number): void {
    const due = isAlive(leg.machine.state) ? now - leg.keyedAt >= REKEY_MS : now - leg.keyedAt >= RETRY_MS.last;
    if (leg.session !== null && !due) return;
    if (!this.#beats(leg.command) || now < leg.nextAttempt) return;
    this.#handshakes.begin(bond, leg);
    leg.nextAttempt = now + leg.retryMs;
    leg.retryMs = Math.min(leg.retryMs * 1.5, RETRY_MS.last);
  }

  #report(bond: Bond, leg: Leg): void {
    const cipher = leg.aead & AEAD.aes256gcm ? "aes-256-gcm" : leg.aead ? "chacha20-poly1305" : "";
    const aead = leg.aead & AEAD.authenticateOnly ? `${cipher}, authentication only` : cipher;
    const { state } = leg.machine;
    const since = Date.now() - (performance.now() - leg.machine.since);
    this.#server.emit("leg", { bond: bond.id, leg: leg.id, state, since, mtu: leg.mtu, aead } satisfies LegEvent);
  }
}

/** Entry of the worker thread; resolves after `close`. */
export default async function bondWorker(task: WorkerTask<WorkerData>): Promise<void> {
  await new Worker(task).run();
}
