// The data plane's main thread: workers, the aggregator's port, and the difference between what is wanted and what runs.

import { writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { reasonOf } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import type { Logger } from "../../base/log.js";
import { closeDescriptor, eventDescriptor } from "../../system/libc.js";
import { openSharedSocket, steerByByte } from "../../system/sockopt.js";
import { makeEngineMemory } from "../../wasm/bond.js";
import { BondReader } from "../../wasm/bond_reader.js";
import { startWorker, type WorkerHandle } from "../../workers/pool.js";
import { BondRuntime } from "./bond.js";
import { configProblem } from "./check.js";
import type { BondMethods, LegEvent, WorkerData } from "./commands.js";
import type { BondConfig, DataplaneConfig, DataplaneStatus } from "./protocol.js";
import { bondStatus, Rates } from "./status.js";

const WATCH_MS = 250;
const RETRY_MS = 1_000;
/** Set in the environment of a data plane that control starts. */
export const SPAWNED = "SENNIT_DATAPLANE_SPAWNED";
/** Byte of a frame that names the worker: the low byte of the bond's id (docs/tunnel.md). */
const STEERING_BYTE = 3;

interface Worker {
  readonly handle: WorkerHandle<BondMethods>;
  readonly wakeFd: number;
  readonly reader: BondReader;
  readonly provider: string;
  listenFd: number;
}

export class Dataplane {
  readonly #log: Logger;
  readonly #workers: Worker[] = [];
  readonly #bonds = new Map<number, BondRuntime>();
  readonly #events = new Map<number, Map<number, LegEvent>>();
  readonly #rates = new Rates();
  #config: DataplaneConfig = { revision: 0, bonds: [] };
  #listen = "";
  #listenProblem = "";
  #retryAt = 0;
  #watch: NodeJS.Timeout | undefined;
  /** Changes run one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #stopped = false;
  /** Called after a leg's state or a bond's problem has changed. */
  onChange: () => void = () => undefined;
  /** Called when a worker has died: the process cannot go on. */
  onFailure: (error: Error) => void = () => undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Starts one worker a core. */
  async start(workers = availableParallelism()): Promise<void> {
    // together: a data plane that was killed is back the sooner
    this.#workers.push(...(await Promise.all(Array.from({ length: workers }, (_, i) => this.#startWorker(i)))));
    this.#watch = setInterval(() => void this.#enqueue(() => this.#look()).catch(() => undefined), WATCH_MS);
  }

  /** Makes what runs like `config`. Resolves to why it was refused as a whole, or "". */
  apply(config: DataplaneConfig): Promise<string> {
    return this.#enqueue(async () => {
      const problem = configProblem(config);
      if (problem) return problem;
      await this.#applyListen(config);
      const wanted = new Map(config.bonds.map((bond) => [bond.id, bond]));
      const gone = [...this.#bonds.values()].filter((bond) => {
        const next = wanted.get(bond.id);
        return !next || next.role !== bond.config.role;
      });
      for (const bond of gone) await this.#dropBond(bond);
      for (const bond of config.bonds) await this.#applyBond(bond);
      this.#config = config;
      this.onChange();
      return "";
    });
  }

  status(): DataplaneStatus {
    const now = Date.now();
    return {
      pid: process.pid,
      spawned: process.env[SPAWNED] === "1",
      revision: this.#config.revision,
      bonds: [...this.#bonds.values()].map((bond) => {
        const { reader, provider } = this.#workers[bond.worker] as Worker;
        const events = this.#events.get(bond.id) ?? new Map<number, LegEvent>();
        return bondStatus({ bond, reader, events, provider }, this.#rates, now);
      }),
    };
  }

  /** Removes all devices and ends the workers. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watch);
    await this.#queue.catch(() => undefined);
    for (const bond of [...this.#bonds.values()]) await this.#dropBond(bond).catch(() => undefined);
    for (const worker of this.#workers) {
      const closed = worker.handle.close();
      this.#wake(worker);
      await closed;
      if (worker.listenFd >= 0) closeDescriptor(worker.listenFd);
      closeDescriptor(worker.wakeFd);
    }
  }

  #enqueue<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(change);
    this.#queue = result.catch((error) => this.#log.error({ err: error }, "a change of the data plane failed"));
    return result;
  }

  async #startWorker(number: number): Promise<Worker> {
    const memory = makeEngineMemory();
    const wakeFd = eventDescriptor();
    const data: WorkerData = { memory, wakeFd };
    const file = new URL("./worker.js", import.meta.url);
    const handle = startWorker<BondMethods, WorkerData>(`bond ${number}`, file, data, this.#log);
    void handle.ended.then((error) => {
      if (!this.#stopped) this.onFailure(error ?? new Error(`bond worker ${number} has ended`));
    });
    handle.client.on<LegEvent>("leg", (event) => this.#legChanged(event));
    handle.client.on<{ bond: number }>("tunLost", ({ bond }) => this.#tunLost(bond));
    const started = handle.client.call("start", undefined);
    this.#wake({ wakeFd });
    const { addresses, provider } = await started;
    return { handle, wakeFd, provider, reader: new BondReader(memory, addresses), listenFd: -1 };
  }

  #wake({ wakeFd }: { wakeFd: number }): void {
    writeSync(wakeFd, Buffer.of(1, 0, 0, 0, 0, 0, 0, 0));
  }

  async #call<N extends keyof BondMethods & string>(
    worker: Worker,
    method: N,
    params: Parameters<BondMethods[N]>[0],
  ): Promise<void> {
    const answer = worker.handle.client.call(method, params);
    this.#wake(worker);
    await answer;
  }

  /** Opens the aggregator's port: one socket a worker, steered by the bond's id. */
  async #applyListen({ listen }: DataplaneConfig): Promise<void> {
    const wanted = listen ? `${listen.address} ${listen.port}` : "";
    if (wanted === this.#listen && this.#listenProblem === "") return;
    const old = this.#workers.map(({ listenFd }) => listenFd);
    for (const worker of this.#workers) worker.listenFd = -1;
    this.#listenProblem = "";
    // the old sockets leave the port's group before the new ones are counted
    for (const worker of this.#workers) await this.#call(worker, "listen", { fd: -1 });
    for (const fd of old) if (fd >= 0) closeDescriptor(fd);
    if (listen) {
      try {
        for (const worker of this.#workers) worker.listenFd = openSharedSocket(listen.address, listen.port);
        steerByByte((this.#workers[0] as Worker).listenFd, STEERING_BYTE, this.#workers.length);
      } catch (error) {
        for (const worker of this.#workers) {
          if (worker.listenFd >= 0) closeDescriptor(worker.listenFd);
          worker.listenFd = -1;
        }
        this.#listenProblem = `port ${listen.port} of ${listen.address} cannot be opened: ${reasonOf(error)}`;
        this.#log.warn(this.#listenProblem);
      }
    }
    this.#listen = wanted;
    for (const worker of this.#workers) await this.#call(worker, "listen", { fd: worker.listenFd });
  }

  async #applyBond(config: BondConfig): Promise<void> {
    let bond = this.#bonds.get(config.id);
    if (bond && JSON.stringify(bond.config) === JSON.stringify(config) && bond.problem === "" && !this.#moved(bond)) {
      return;
    }
    if (!bond) {
      const number = (config.id & 0xff) % this.#workers.length;
      const index = this.#freeIndex(number);
      if (index < 0) {
        this.#log.warn(`bond ${config.id} is left out: worker ${number} has ${LIMITS.bondsPerWorker} bonds`);
        return;
      }
      bond = new BondRuntime(config, number, index, this.#log);
      this.#bonds.set(config.id, bond);
    }
    await this.#prepare(bond, config);
  }

  async #prepare(bond: BondRuntime, config = bond.config): Promise<void> {
    if (this.#bonds.get(bond.id) !== bond) return;
    const { listenFd } = this.#workers[bond.worker] as Worker;
    const replaced = await bond.prepare(config, listenFd, this.#listen.includes(":"));
    if (config.role === "aggregator" && this.#listenProblem) bond.problem = this.#listenProblem;
    await this.#tell(bond, replaced);
  }

  /** Whether an aggregator's bond still holds a socket that was replaced. */
  #moved(bond: BondRuntime): boolean {
    const { listenFd } = this.#workers[bond.worker] as Worker;
    return bond.config.role === "aggregator" && [...bond.legs.values()].some(({ fd }) => fd !== listenFd);
  }

  /** Sends a bond to its worker, then closes the descriptors that the worker no longer uses. */
  async #tell(bond: BondRuntime, replaced: readonly number[]): Promise<void> {
    const worker = this.#workers[bond.worker] as Worker;
    if (bond.problem === "") await this.#call(worker, "setBond", bond.command());
    else await this.#call(worker, "dropBond", { index: bond.index });
    if (bond.problem) this.#events.delete(bond.id);
    for (const fd of replaced) closeDescriptor(fd);
    const events = this.#events.get(bond.id);
    for (const leg of events?.keys() ?? []) if (!bond.legs.has(leg)) events?.delete(leg);
  }

  #freeIndex(worker: number): number {
    const taken = new Set([...this.#bonds.values()].filter((bond) => bond.worker === worker).map(({ index }) => index));
    for (let index = 0; index < LIMITS.bondsPerWorker; index++) if (!taken.has(index)) return index;
    return -1;
  }

  async #dropBond(bond: BondRuntime): Promise<void> {
    await this.#call(this.#workers[bond.worker] as Worker, "dropBond", { index: bond.index });
    bond.close();
    this.#bonds.delete(bond.id);
    this.#events.delete(bond.id);
    this.#rates.forget(`${bond.id}/`);
  }

  /** Interfaces that came or went; bonds that could not run try again. */
  async #look(): Promise<void> {
    const now = performance.now();
    const retry = now >= this.#retryAt;
    if (retry) this.#retryAt = now + RETRY_MS;
    if (retry && this.#listenProblem) {
      await this.#applyListen(this.#config);
      if (this.#listenProblem === "") for (const bond of this.#config.bonds) await this.#applyBond(bond);
    }
    for (const bond of this.#bonds.values()) {
      if (bond.problem) {
        if (retry && !this.#listenProblem) {
          await this.#applyBond(bond.config);
          if (bond.problem === "") this.onChange();
        }
        continue;
      }
      const replaced: number[] = [];
      if (!bond.checkInterfaces(replaced)) continue;
      await this.#tell(bond, replaced);
      if (bond.needsMtu(this.#listen.includes(":"))) await this.#prepare(bond);
    }
  }

  #legChanged(event: LegEvent): void {
    const events = this.#events.get(event.bond) ?? new Map<number, LegEvent>();
    this.#events.set(event.bond, events.set(event.leg, event));
    this.#log.info({ bond: event.bond, leg: event.leg }, `leg ${event.leg} of bond ${event.bond} is ${event.state}`);
    this.onChange();
    const bond = this.#bonds.get(event.bond);
    if (bond?.learnMtu(event.leg, event.mtu)) void this.#enqueue(() => this.#prepare(bond)).catch(() => undefined);
  }

  #tunLost(id: number): void {
    const bond = this.#bonds.get(id);
    if (!bond) return;
    this.#log.warn(`the device ${bond.config.tunnelIfname} of bond ${id} was removed; it is made anew`);
    bond.loseDevice();
    bond.problem = "the tunnel device was removed";
  }
}
