// Starts the bonding side of a box: its own record, the data plane's configuration, the node channel's two ends, and
// the two surfaces. The composition root (src/serve.ts) hands in what belongs to other rooms.

import { AppError, reasonOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { Agent } from "../../bond/agent.js";
import { type BondingConfig, dialsOut, takesLegs } from "../../bond/config.js";
import { ensureOwnAggregator, ensureRootSpace, ownNode } from "../../bond/lifecycle.js";
import { Live } from "../../bond/live.js";
import { NodeManager } from "../../bond/manager.js";
import { type Dataplane, Provisioner } from "../../bond/provision.js";
import type { Surface } from "../../http/table.js";
import type { Engine } from "../../store/engine.js";
import { nodeSurface } from "../node/rows.js";
import type { RoomHealth } from "../ops/rows.js";
import type { LoginService } from "./session.js";
import { bondingSurface } from "./surface.js";

export interface BondingOptions {
  readonly config: BondingConfig;
  readonly store: Engine;
  readonly log: Logger;
  /** Null when the box has none (no root): records and the node channel work, no tunnel does. */
  readonly dataplane: Dataplane | null;
  readonly version: string;
  readonly accounts: LoginService & { hashPassword(password: string): Promise<string> };
}

export interface Bonding {
  readonly name: "bonding";
  /** /api/v4 and the node channel, to be mounted. */
  readonly surfaces: readonly Surface[];
  health(): RoomHealth;
  /** Answers the nodes that wait for a change, so that nothing holds up the end. */
  quiesce(): void;
  close(): Promise<void>;
}

const NO_DATAPLANE = "no data plane: tunnels need root";

/** Errors: CONFIG when a manager is given without a key, or is no URL. */
export async function startBonding(options: BondingOptions): Promise<Bonding> {
  const { config, store, log, dataplane, accounts, version } = options;
  checkManager(config);
  await ensureRootSpace(store);
  if (takesLegs(config)) await ensureOwnAggregator(store, config.address);

  const provisioner = new Provisioner({ config, store, dataplane, log });
  const live = new Live({
    status: () => dataplane?.status() ?? null,
    isOurs: (bond) => provisioner.isOurs(bond),
    lacking: dataplane ? "" : NO_DATAPLANE,
  });
  live.exportMetrics();

  const manager = new NodeManager({ store, live, port: config.port, log });
  const agent = dialsOut(config)
    ? Agent.start({
        manager: config.manager ?? "",
        nodeKey: config.node_key ?? "",
        version,
        store,
        log,
        apply: (bond) => provisioner.dial(bond),
        status: () => provisioner.dialledStatus(),
        onStatus: (listener) => void dataplane?.on("status", listener),
      })
    : null;

  const services = {
    live,
    tunnelPool: config.tunnel_pool,
    version,
    ownNode: () => ownNode(store),
    hashPassword: (password: string) => accounts.hashPassword(password),
  };
  const { login, logout } = accounts;
  const surface = bondingSurface({ store, services, login: login.bind(accounts), logout: logout.bind(accounts) });

  return {
    name: "bonding",
    surfaces: [surface, nodeSurface(manager)],
    health() {
      if (!dataplane) return { status: "off", detail: NO_DATAPLANE };
      const link = agent?.health();
      const problem = provisioner.problem || link?.problem;
      if (problem) return { status: "failed", detail: problem };
      const own = (dataplane.status()?.bonds ?? []).filter((bond) => provisioner.isOurs(bond.id));
      const up = own.filter((bond) => bond.state === "up").length;
      const parts = takesLegs(config)
        ? [`${up} of ${provisioner.ours} bonds up`, `${manager.connected()} bonders connected`]
        : [];
      if (link) parts.push(`served by ${link.manager}`);
      return { status: "up", detail: parts.join(", ") };
    },
    quiesce: () => manager.close(),
    async close() {
      manager.close();
      provisioner.close();
      await agent?.close().catch((error: unknown) => log.warn(`the node channel did not end well: ${reasonOf(error)}`));
    },
  };
}

function checkManager(config: BondingConfig): void {
  const { manager = "", node_key: key = "" } = config;
  if (manager === "" && key === "") return;
  if (manager === "" || key === "") {
    const path = manager === "" ? "bond.manager" : "bond.node_key";
    throw new AppError("CONFIG", { path, value: '""', allowed: "the manager's URL and the node key, both or neither" });
  }
  if (!/^https?:\/\/[^/?#\s]+/.test(manager) || !URL.canParse(manager)) {
    throw new AppError("CONFIG", {
      path: "bond.manager",
      value: manager,
      allowed: "http://HOST:PORT or https://HOST:PORT",
    });
  }
}
