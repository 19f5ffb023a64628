// Open vSwitch without systemd, kernel module or privilege: ovsdb-server and ovs-vswitchd in a directory of their own,
// with the userspace `dummy` datapath. Any number of them run side by side.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Teardown } from "./cleanup.js";
import { need, type Skippable } from "./need.js";
import { must, type Running, start } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

export interface BridgeOptions {
  readonly name?: string;
  /** 16 hex digits. */
  readonly dpid?: string;
  /** Where its controller is; none when left out. */
  readonly controller?: string;
  /** Default OpenFlow13. */
  readonly protocols?: string;
  /** Number of dummy ports, numbered from 1. */
  readonly ports?: number;
}

/** True when Open vSwitch is installed; skips the test otherwise. */
export function needOpenVSwitch(t: Skippable): boolean {
  return (
    need.program(t, "ovs-vswitchd", "openvswitch-switch") &&
    need.program(t, "ovsdb-server", "openvswitch-switch") &&
    need.that(t, existsSync(SCHEMA), `needs ${SCHEMA} (Debian package openvswitch-switch)`)
  );
}

export class OpenVSwitch {
  readonly dir: string;
  readonly #env: Readonly<Record<string, string>>;
  #daemon: Running | null = null;
  #start: () => Promise<void> = () => Promise.resolve();

  private constructor(dir: string) {
    this.dir = dir;
    this.#env = { OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir, OVS_SYSCONFDIR: dir };
  }

  /** Starts both daemons; they end with the test. */
  static async start(t: Teardown): Promise<OpenVSwitch> {
    const ovs = new OpenVSwitch(tmpDir(t, "ovs"));
    const { dir } = ovs;
    const env = ovs.#env;
    await must("ovsdb-tool", ["create", join(dir, "conf.db"), SCHEMA], { env });
    const control = (name: string): string[] => [`--unixctl=${join(dir, name)}`, "-vconsole:off"];
    start(t, "ovsdb-server", [join(dir, "conf.db"), `--remote=punix:${join(dir, "db.sock")}`, ...control("db.ctl")], {
      env,
    });
    await until(() => existsSync(join(dir, "db.sock")), { what: "ovsdb-server's socket" });
    await ovs.vsctl("--no-wait", "init");
    ovs.#start = async () => {
      const args = [`unix:${join(dir, "db.sock")}`, "--disable-system", "--enable-dummy", ...control("vswitchd.ctl")];
      ovs.#daemon = start(t, "ovs-vswitchd", args, { env });
      await until(() => existsSync(join(dir, "vswitchd.ctl")), { what: "ovs-vswitchd's socket" });
    };
    await ovs.#start();
    return ovs;
  }

  /** kill -9 of ovs-vswitchd and a new one: its bridges come back from the database, their flows, groups and meters do not. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#start();
  }

  /** kill -9 of ovs-vswitchd. */
  async kill(): Promise<void> {
    this.#daemon?.kill("SIGKILL");
    await this.#daemon?.exited;
    rmSync(join(this.dir, "vswitchd.ctl"), { force: true });
  }

  get pid(): number {
    return this.#daemon?.pid ?? -1;
  }

  vsctl(...args: string[]): Promise<string> {
    return must("ovs-vsctl", [`--db=unix:${join(this.dir, "db.sock")}`, ...args], { env: this.#env });
  }

  appctl(...args: string[]): Promise<string> {
    return must("ovs-appctl", ["-t", join(this.dir, "vswitchd.ctl"), ...args], { env: this.#env });
  }

  /** `ovs-ofctl -O OpenFlow13 COMMAND BRIDGE ...`, over the bridge's management socket. */
  ofctl(command: string, bridge = "br0", ...args: string[]): Promise<string> {
    const target = `unix:${join(this.dir, `${bridge}.mgmt`)}`;
    return must("ovs-ofctl", ["-O", "OpenFlow13", command, target, ...args], { env: this.#env });
  }

  /** The same in OpenFlow 1.0. */
  ofctl10(command: string, bridge = "br0", ...args: string[]): Promise<string> {
    const target = `unix:${join(this.dir, `${bridge}.mgmt`)}`;
    return must("ovs-ofctl", ["-O", "OpenFlow10", command, target, ...args], { env: this.#env });
  }

  /** Makes a bridge with dummy ports that connects to a controller. */
  async addBridge(options: BridgeOptions = {}): Promise<void> {
    const { name = "br0", dpid = "0000000000000001", controller, protocols = "OpenFlow13", ports = 4 } = options;
    const args = ["--", "add-br", name, "--", "set", "bridge", name, "datapath_type=dummy", "fail_mode=secure"];
    args.push(`protocols=${protocols}`, `other-config:datapath-id=${dpid}`, "other-config:disable-in-band=true");
    for (let i = 1; i <= ports; i++) {
      const port = `${name}p${i}`;
      args.push("--", "add-port", name, port, "--", "set", "interface", port, "type=dummy", `ofport_request=${i}`);
    }
    await this.vsctl(...args.slice(1));
    if (controller) await this.setController(controller, name);
    await until(() => existsSync(join(this.dir, `${name}.mgmt`)), { what: `bridge ${name}` });
  }

  /** (Re)connects a bridge to `tcp:HOST:PORT`, at once and with at most 100 ms between tries. */
  async setController(target: string, name = "br0"): Promise<void> {
    await this.vsctl("set-controller", name, target, "--", "set", "controller", name, "max_backoff=1000");
  }

  /** The bridge's flows as ovs-ofctl prints them in a version, without counters, sorted. */
  async flows(bridge = "br0", version = "OpenFlow13"): Promise<string[]> {
    const args = ["--no-stats", "--no-names"];
    const old = version === "OpenFlow10";
    const text = await (old ? this.ofctl10("dump-flows", bridge, ...args) : this.ofctl("dump-flows", bridge, ...args));
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !/^(OFPST|NXST)/.test(line))
      .sort();
  }
}
