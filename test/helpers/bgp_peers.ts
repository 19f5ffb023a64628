// BGP daemons of others, and our own room behind its surface, on loopback addresses that no other test uses.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Accounts } from "../../src/accounts/accounts.js";
import { bgpSurface } from "../../src/api/bgp/rows.js";
import { type BgpHandle, startBgp } from "../../src/bgp/agent.js";
import type { BgpTable } from "../../src/bgp/config.js";
import { startFront } from "../../src/http/front.js";
import { openStore } from "../../src/store/open.js";
import { http, type RestOptions, type RestReply } from "./appliance.js";
import type { Teardown } from "./cleanup.js";
import { must, type Running, type StartOptions, start } from "./processes.js";
import { type QuietLog, quietLog } from "./quiet.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

/** Addresses of both ends of a session. */
export interface Pair {
  readonly ours: string;
  readonly theirs: string;
}

/** Ours is .1, the other daemon .2: a pair of 127/8 addresses of this process. */
export function loopbackPair(index = 0): Pair {
  const net = `127.${64 + (process.pid % 128)}.${((process.pid >> 7) + index * 16) % 256}`;
  return { ours: `${net}.1`, theirs: `${net}.2` };
}

/** Not 179, so that no privilege is needed; the addresses are this process's own. */
export const BGP_PORT = 17_900;

const AUTH = { user: "admin", password: "test-password-1" };

/** The BGP room with a store and a front end of its own. */
export interface Room {
  readonly bgp: BgpHandle;
  readonly quiet: QuietLog;
  /** Of the front end. */
  readonly port: number;
  rest(method: string, path: string, options?: RestOptions): Promise<RestReply>;
  /** Resolves once the peer's session is in a state. */
  reaches(address: string, fsm: string): Promise<void>;
}

export async function startRoom(t: Teardown, config: BgpTable): Promise<Room> {
  const quiet = quietLog();
  const store = await openStore(tmpDir(t, "bgp"), quiet.log);
  const bgp = await startBgp({ config, store, log: quiet.log });
  const { accounts } = await Accounts.open(store, AUTH);
  const surfaces = [bgpSurface(bgp)];
  const front = await startFront({ host: "127.0.0.1", port: 0, adapter: "node", surfaces, accounts, log: quiet.log });
  t.teardown(async () => {
    await front.close();
    await bgp.close();
    await store.close();
  });
  const rest: Room["rest"] = (method, path, options = {}) =>
    http(`127.0.0.1:${front.port}`, method, path, { auth: AUTH, ...options });
  return {
    bgp,
    quiet,
    port: front.port,
    rest,
    async reaches(address, fsm) {
      let seen = "";
      await until(
        async () => {
          seen = (await bgp.state(address)).fsm;
          return seen === fsm;
        },
        {
          what: `the session with ${address} to be ${fsm}`,
          timeoutMs: 20_000,
          state: () => [seen, quiet.lines.slice(-5)],
        },
      );
    },
  };
}

/** A room of AS 65001 with one peer of AS 65002, both families, that is tried again at once. `more`: options of the peer. */
export function startRoomOf(t: Teardown, pair: Pair, more: Record<string, unknown> = {}): Promise<Room> {
  const peer = {
    remote_addr: pair.theirs,
    remote_as: 65002,
    local_addr: pair.ours,
    port: BGP_PORT,
    afi_safi: ["ipv4", "ipv6"],
    connect_retry_time: 1,
    idle_hold_time: 1,
    damp_peer_oscillations: false,
    ...more,
  };
  return startRoom(t, {
    listen: { host: pair.ours, port: BGP_PORT },
    local_as: 65001,
    router_id: "10.0.0.1",
    peer: [peer],
  });
}

/** FRR's program by its path: OpenBGPD's has the same name, and its place comes first. */
export const FRR_BGPD = "/usr/lib/frr/bgpd";

export interface Frr {
  readonly process: Running;
  vtysh(...commands: string[]): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: FRR's JSON has no types
  json(command: string): Promise<any>;
}

/** FRR's bgpd alone, without zebra. `config` is what stands under its `router bgp`. */
export async function startFrr(t: Teardown, address: string, config: string, options: StartOptions = {}): Promise<Frr> {
  const dir = tmpDir(t, "frr");
  chmodSync(dir, 0o777);
  writeFileSync(join(dir, "bgpd.conf"), config);
  const args = ["-n", "-Z", "-S", "-p", String(BGP_PORT), "-l", address, "-P", "0"];
  const process = start(
    t,
    FRR_BGPD,
    [...args, "-f", join(dir, "bgpd.conf"), "-i", join(dir, "pid"), "--vty_socket", dir],
    options,
  );
  const vtysh = (...commands: string[]) =>
    must("vtysh", ["--vty_socket", dir, ...commands.flatMap((command) => ["-c", command])]);
  await until(async () => (await vtysh("show bgp summary json")) !== "", { what: "bgpd to answer" });
  return { process, vtysh, json: async (command) => JSON.parse(await vtysh(command)) };
}

/** `router bgp` with one neighbour, both families, no policy. */
export function frrConfig(pair: Pair, more: string[] = [], families: string[] = []): string {
  const n = `neighbor ${pair.ours}`;
  return [
    "router bgp 65002",
    ` bgp router-id ${pair.theirs}`,
    " no bgp ebgp-requires-policy",
    " no bgp default ipv4-unicast",
    ` ${n} remote-as 65001`,
    ` ${n} port ${BGP_PORT}`,
    ` ${n} disable-connected-check`,
    ` ${n} update-source ${pair.theirs}`,
    ` ${n} timers connect 1`,
    ` ${n} advertisement-interval 0`,
    ...more.map((line) => ` ${line}`),
    " address-family ipv4 unicast",
    `  ${n} activate`,
    "  network 192.0.2.0/24",
    "  network 198.51.100.0/25",
    ...families.map((line) => `  ${line}`),
    " exit-address-family",
    " address-family ipv6 unicast",
    `  ${n} activate`,
    "  network 2001:db8:1::/48",
    " exit-address-family",
    "",
  ].join("\n");
}

export interface Bird {
  readonly process: Running;
  /** Its control socket. */
  readonly socket: string;
  birdc(...words: string[]): Promise<string>;
}

/** BIRD with a configuration of its own. */
export async function startBird(t: Teardown, config: string, options: StartOptions = {}): Promise<Bird> {
  const dir = tmpDir(t, "bird");
  writeFileSync(join(dir, "bird.conf"), config);
  const socket = join(dir, "ctl");
  const process = start(t, "bird", ["-f", "-c", join(dir, "bird.conf"), "-s", socket, "-P", join(dir, "pid")], options);
  const birdc = (...words: string[]) => must("birdc", ["-s", socket, ...words]);
  await until(async () => (await birdc("show", "status")).includes("BIRD"), { what: "bird to answer" });
  return { process, socket, birdc };
}
