// The rooms of the control process, each started from its part of the configuration and closed in reverse order.

import type { Accounts } from "./accounts/accounts.js";
import { hashPassword } from "./accounts/passwords.js";
import { bgpSurface } from "./api/bgp/rows.js";
import { startBonding } from "./api/bonding/start.js";
import { lookingGlassSurfaces } from "./api/looking_glass/rows.js";
import { openflowSurface } from "./api/openflow/rows.js";
import type { RoomHealth } from "./api/ops/rows.js";
import type { Logger } from "./base/log.js";
import { VERSION } from "./base/version.js";
import { startBgp } from "./bgp/agent.js";
import { connectDataplane, type DataplaneClient, spawnDataplane } from "./bond/dataplane/client.js";
import type { Config } from "./config.js";
import type { Surface } from "./http/table.js";
import { startOpenFlow } from "./openflow/agent.js";
import { OPENFLOW_DEFAULTS } from "./openflow/config.js";
import { packetConfig } from "./openflow/packet_config.js";
import { loadTls } from "./openflow/tls_config.js";
import type { Engine } from "./store/engine.js";
import { holdsNetAdmin } from "./system/capabilities.js";

/** What the composition root asks of a room. */
export interface Room {
  readonly name: string;
  readonly surfaces: readonly Surface[];
  health(): RoomHealth;
  /** Answers requests that wait for something to happen: the front end is about to close. */
  quiesce?(): void;
  close(): Promise<void>;
}

/** What rooms are started with. */
export interface Ground {
  readonly config: Config;
  /** Absolute path of the data directory. */
  readonly data: string;
  readonly store: Engine;
  readonly accounts: Accounts;
  readonly log: Logger;
}

/** In the order of their start. Each may reject with a catalogue error that stops the appliance's start. */
export const ROOMS: readonly ((ground: Ground) => Promise<Room>)[] = [bgpRoom, openflowRoom, bondRoom];

async function bgpRoom({ config, store, log }: Ground): Promise<Room> {
  const bgp = await startBgp({ config: config.bgp, store, log: log.child({ room: "bgp" }) });
  const surfaces = [bgpSurface(bgp), ...lookingGlassSurfaces(bgp, config.bgp.looking_glass)];
  return { name: "bgp", surfaces, health: () => bgp.health(), close: () => bgp.close() };
}

async function openflowRoom({ config, store, accounts, log }: Ground): Promise<Room> {
  const openflow = await startOpenFlow({
    config: {
      ...OPENFLOW_DEFAULTS,
      ...config.openflow,
      tls: loadTls(config.openflow.tls),
      packets: packetConfig(config.openflow),
      discoverySeconds: config.openflow.discovery_interval,
      nodeSeconds: config.openflow.node_timeout,
    },
    store,
    log: log.child({ room: "openflow" }),
  });
  const surface = openflowSurface(openflow, {
    async login(user, password, address) {
      const login = await accounts.login(user, password, address, "x-auth-token");
      return login && { token: login.token, expiresMs: login.expiresMs, user: login.account.name };
    },
    logout: (token) => accounts.logout(token),
  });
  return {
    name: "openflow",
    surfaces: [surface],
    health() {
      const { state, listen, listenTls, switches, reason } = openflow.health();
      const where = [listen, listenTls && `${listenTls} (TLS)`].filter((each) => each !== "").join(" and ");
      const detail = { up: `listens on ${where}, ${switches} switches`, off: "not wanted", failed: reason };
      return { status: state, detail: detail[state] };
    },
    close: () => openflow.close(),
  };
}

async function bondRoom({ config, data, store, accounts, log }: Ground): Promise<Room> {
  const roomLog = log.child({ room: "bond" });
  const dataplane = openDataplane(config, data, roomLog);
  const bonding = await startBonding({
    config: { ...config.bond, role: config[""].role },
    store,
    log: roomLog,
    dataplane,
    version: VERSION,
    accounts: {
      login: (user, password, address) => accounts.login(user, password, address, "token"),
      logout: (token) => accounts.logout(token),
      hashPassword,
    },
  });
  return {
    name: "bond",
    surfaces: bonding.surfaces,
    health: () => bonding.health(),
    quiesce: () => bonding.quiesce(),
    async close() {
      await bonding.close();
      await dataplane?.stop();
    },
  };
}

/** The data plane that this box uses; null when it has none. */
function openDataplane(config: Config, data: string, log: Logger): DataplaneClient | null {
  const how = config.bond.dataplane;
  if (how === "off" || (how === "auto" && !holdsNetAdmin())) {
    log.warn("no data plane: tunnels need root or CAP_NET_ADMIN; bonds are kept, but carry nothing");
    return null;
  }
  return connectDataplane({ data, spawn: how === "auto" ? () => spawnDataplane(data) : null, log });
}
