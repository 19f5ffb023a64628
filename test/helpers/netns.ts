// Network namespaces with veth pairs between them: boxes of a test network on one machine. Needs `need.namespaces(t)`.

import { execFileSync } from "node:child_process";
import { atExit, type Teardown } from "./cleanup.js";
import { must, type Result, type Running, run, type StartOptions, start } from "./processes.js";

let made = 0;

export interface End {
  readonly netns: Netns;
  /** Interface name in that namespace, up to 15 characters. */
  readonly ifname: string;
  /** Addresses with prefix length, `192.0.2.1/24`. */
  readonly addresses?: readonly string[];
}

export interface Shape {
  /** What the interface sends at most, in Mbit/s of IP packets with their link header. */
  readonly rateMbps: number;
  /** Longest time a packet may wait in the queue; what would wait longer is dropped. Default 50 ms. */
  readonly latencyMs?: number;
  /** Bucket size; default 4 ms worth, at least 8 kB. */
  readonly burstBytes?: number;
}

/** One namespace. */
export class Netns {
  readonly name: string;
  readonly #t: Teardown;

  constructor(t: Teardown, name: string) {
    this.#t = t;
    this.name = name;
  }

  /** `ip -n NAME …`; rejects when it fails. */
  ip(...args: string[]): Promise<string> {
    return must("ip", ["-n", this.name, ...args]);
  }

  /** `ip -json -n NAME …`, parsed. */
  async ipJson<T = Record<string, unknown>[]>(...args: string[]): Promise<T> {
    const text = await must("ip", ["-json", "-n", this.name, ...args]);
    return JSON.parse(text.trim() === "" ? "[]" : text) as T;
  }

  /** Runs a program inside to its end; never rejects. */
  run(program: string, args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<Result> {
    return run(program, args, { ...options, netns: this.name });
  }

  /** Runs a program inside; rejects when it fails. */
  must(program: string, args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<string> {
    return must(program, args, { ...options, netns: this.name });
  }

  /** Starts a program inside; it ends with the test. */
  start(program: string, args: readonly string[], options: StartOptions = {}): Running {
    return start(this.#t, program, args, { ...options, netns: this.name });
  }

  /** Adds addresses to an interface and takes it up. Duplicate address detection is left out: addresses work at once. */
  async address(ifname: string, ...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      const nodad = address.includes(":") ? ["nodad"] : [];
      await this.ip("address", "add", address, "dev", ifname, ...nodad);
    }
    await this.ip("link", "set", ifname, "up");
  }

  /** Limits what `ifname` sends (tbf); replaces an earlier limit. */
  async shape(ifname: string, { rateMbps, latencyMs = 50, burstBytes }: Shape): Promise<void> {
    const burst = burstBytes ?? Math.max(8_000, Math.round(rateMbps * 125 * 4));
    const args = ["root", "tbf", "rate", `${rateMbps}mbit`, "burst", String(burst), "latency", `${latencyMs}ms`];
    await must("tc", ["-n", this.name, "qdisc", "replace", "dev", ifname, ...args]);
  }

  /** Takes an interface down or up: a cable pulled out or put back. */
  async link(ifname: string, state: "up" | "down"): Promise<void> {
    await this.ip("link", "set", ifname, state);
  }

  /** Removes an interface. */
  async removeLink(ifname: string): Promise<void> {
    await this.ip("link", "del", ifname);
  }
}

/** Makes a namespace with its loopback up, gone when the test ends. The name holds this process's id: tests may run side by side. */
export async function makeNetns(t: Teardown, label: string): Promise<Netns> {
  made += 1;
  const name = `sennit-${process.pid}-${made}-${label}`;
  await must("ip", ["netns", "add", name]);
  const remove = () => execFileSync("ip", ["netns", "del", name], { stdio: "ignore" });
  const done = atExit(remove);
  t.teardown(() => {
    done();
    remove();
  });
  const netns = new Netns(t, name);
  await netns.ip("link", "set", "lo", "up");
  await netns.run("sysctl", ["-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0"]);
  await netns.run("sysctl", ["-qw", "net.ipv4.conf.default.rp_filter=0", "net.ipv6.conf.all.forwarding=1"]);
  return netns;
}

/** Joins two namespaces with a veth pair, with addresses, both ends up. */
export async function joinNetns(a: End, b: End): Promise<void> {
  const peer = ["peer", "name", b.ifname, "netns", b.netns.name];
  await a.netns.ip("link", "add", a.ifname, "type", "veth", ...peer);
  await a.netns.address(a.ifname, ...(a.addresses ?? []));
  await b.netns.address(b.ifname, ...(b.addresses ?? []));
}
