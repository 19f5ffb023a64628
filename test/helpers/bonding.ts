// The bonding side of an appliance in this process: real store, accounts, front end and surfaces; a data plane that
// only remembers what it was told.

import { Accounts } from "../../src/accounts/accounts.js";
import { hashPassword } from "../../src/accounts/passwords.js";
import { type Bonding, startBonding } from "../../src/api/bonding/start.js";
import type { BondingConfig } from "../../src/bond/config.js";
import type { BondStatus, DataplaneConfig, DataplaneStatus, LegState } from "../../src/bond/dataplane/protocol.js";
import type { Dataplane } from "../../src/bond/provision.js";
import { mount } from "../../src/http/mount.js";
import { createUwsServer } from "../../src/http/server.js";
import type { Engine } from "../../src/store/engine.js";
import { openStore } from "../../src/store/open.js";
import { http, type RestOptions, type RestReply } from "./appliance.js";
import type { Teardown } from "./cleanup.js";
import { quietLog } from "./quiet.js";
import { tmpDir } from "./tmp.js";

export const ADMIN = { user: "admin", password: "test-password-1" };

/** Remembers each configuration; `emit` says what a data plane would say. */
export class RecordingDataplane implements Dataplane {
  readonly configs: DataplaneConfig[] = [];
  readonly #listeners: ((status: DataplaneStatus) => void)[] = [];
  #status: DataplaneStatus | null = null;

  apply(config: DataplaneConfig): void {
    this.configs.push(config);
    this.emit(this.#status?.bonds ?? []);
  }

  status(): DataplaneStatus | null {
    return this.#status;
  }

  on(_event: "status", listener: (status: DataplaneStatus) => void): void {
    this.#listeners.push(listener);
  }

  get last(): DataplaneConfig | undefined {
    return this.configs.at(-1);
  }

  emit(bonds: readonly BondStatus[]): void {
    this.#status = { pid: process.pid, revision: this.last?.revision ?? 0, bonds };
    for (const listener of this.#listeners) listener(this.#status);
  }
}

/** A status of a bond whose legs have the given states and rates (bit/s). */
export function bondStatus(
  id: number,
  legs: readonly { id: number; state: LegState; rxRate?: number; txRate?: number }[],
): BondStatus {
  const up = legs.some((leg) => leg.state === "up");
  const sum = (name: "rxRate" | "txRate") => legs.reduce((total, leg) => total + (leg[name] ?? 0), 0);
  return {
    id,
    state: up ? "up" : "down",
    tunnelIfname: `tun${id}`,
    tunnelMtu: 1400,
    rxBytes: 1,
    txBytes: 2,
    rxRate: sum("rxRate"),
    txRate: sum("txRate"),
    counters: { in_order: 3 },
    paths: { aead: "chacha20-poly1305" },
    problem: "",
    legs: legs.map((leg) => ({
      since: 1,
      remote: "192.0.2.1:7790",
      rttMs: 20,
      lossRatio: 0.01,
      rxBytes: 1,
      txBytes: 1,
      rxPackets: 1,
      txPackets: 1,
      rxRate: 0,
      txRate: 0,
      ...leg,
    })),
  };
}

export interface Box {
  readonly store: Engine;
  readonly bonding: Bonding;
  readonly dataplane: RecordingDataplane;
  readonly accounts: Accounts;
  readonly address: string;
  readonly url: string;
  /** Lines that were logged. */
  readonly lines: Record<string, unknown>[];
  /** One request as the administrator unless `auth` says otherwise. */
  rest(method: string, path: string, options?: RestOptions): Promise<RestReply>;
  close(): Promise<void>;
}

export interface BoxOptions {
  readonly config?: Partial<BondingConfig>;
  readonly dir?: string;
  /** Default: a free one of 127.0.0.1. */
  readonly port?: number;
}

/** Starts one box; it ends with the test. */
export async function startBox(t: Teardown, options: BoxOptions = {}): Promise<Box> {
  const { log, lines } = quietLog();
  const store = await openStore(options.dir ?? tmpDir(t, "bonding"), log);
  const { accounts } = await Accounts.open(store, ADMIN);
  const dataplane = new RecordingDataplane();
  const config: BondingConfig = {
    role: "aggregator",
    address: "192.0.2.1",
    port: 7790,
    tunnel_pool: "198.18.0.0/15",
    ...options.config,
  };
  const bonding = await startBonding({
    config,
    store,
    log,
    dataplane,
    version: "0.1.0-test",
    accounts: {
      hashPassword,
      login: (user, password, address) => accounts.login(user, password, address, "token"),
      logout: (token) => accounts.logout(token),
    },
  });
  const handler = mount(bonding.surfaces, accounts, log, { inFlight: 0, sockets: 0, closed: false });
  const server = createUwsServer(handler);
  const port = await server.listen("127.0.0.1", options.port ?? 0);
  const address = `127.0.0.1:${port}`;
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      await bonding.close();
      await server.close(500);
      await store.close();
    })();
    return closing;
  };
  t.teardown(close);
  return {
    store,
    bonding,
    dataplane,
    accounts,
    address,
    url: `http://${address}`,
    lines,
    rest: (method, path, rest = {}) => http(address, method, path, { auth: ADMIN, ...rest }),
    close,
  };
}

/** Makes what the pinned walk makes: a bond of this box, with one leg a name in `ifnames`. */
export async function makeBond(
  box: Pick<Box, "rest">,
  ifnames: readonly string[] = [],
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape
): Promise<{ bond: any; legs: any[] }> {
  const post = async (path: string, body: unknown) => {
    const reply = await box.rest("POST", path, { body });
    if (reply.status !== 201) throw new Error(`${path}: ${reply.status} ${reply.text}`);
    return reply.json();
  };
  const [aggregator] = (await box.rest("GET", "/api/v4/aggregators/")).json();
  const bond = await post("/api/v4/bonds/", { aggregator: aggregator.url });
  const legs = [];
  for (const ifname of ifnames) {
    const made = await post(`/api/v4/bonders/${bond.bonder.id}/ethernet_interfaces/`, { ifname });
    const leg = { interface: made.url, down_speed: 50, up_speed: 20, link_mode: "active" };
    legs.push(await post(`/api/v4/bonds/${bond.id}/interface_legs/`, leg));
  }
  return { bond, legs };
}
