// What a test needs of the machine. Each function returns true, or skips the test with the reason and returns false:
//   if (!need.root(t) || !need.program(t, "bird", "bird2")) return;

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The part of a tap test that skipping needs. */
export interface Skippable {
  plan(count: number, reason?: string): unknown;
}

// Daemons live in directories that are not on everyone's PATH.
const DIRECTORIES = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/usr/sbin",
  "/sbin",
  "/usr/local/sbin",
  "/usr/lib/frr",
  "/usr/share/openvswitch/scripts",
];

/** The full path of an executable, or null when it is not installed. A name with a slash is a path already. */
export function findProgram(name: string): string | null {
  for (const dir of name.includes("/") ? ["/"] : DIRECTORIES) {
    if (dir === "") continue;
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this directory
    }
  }
  return null;
}

function skip(t: Skippable, reason: string): false {
  t.plan(0, reason);
  return false;
}

let namespacesWork: string | null | undefined;

/** Null when network namespaces, veth and TUN can be made here, else why not. */
function namespaceTrouble(): string | null {
  if (namespacesWork !== undefined) return namespacesWork;
  const name = `sennit-probe-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (made.status !== 0) {
    namespacesWork = `needs network namespaces: ${(made.stderr || made.error?.message || "").trim()}`;
    return namespacesWork;
  }
  const veth = spawnSync("ip", ["-n", name, "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"], {
    encoding: "utf8",
  });
  namespacesWork = veth.status === 0 ? null : `needs veth pairs: ${veth.stderr.trim()}`;
  spawnSync("ip", ["netns", "del", name]);
  return namespacesWork;
}

export const need = {
  /** Needs to run as root. */
  root(t: Skippable): boolean {
    return process.getuid?.() === 0 || skip(t, "needs root");
  },

  /** Needs an installed program; `packageName` is the Debian package that has it. */
  program(t: Skippable, name: string, packageName = name): boolean {
    return findProgram(name) !== null || skip(t, `needs the program ${name} (Debian package ${packageName})`);
  },

  /** Needs a Python module. */
  pythonModule(t: Skippable, name: string, packageName: string): boolean {
    const found = spawnSync("python3", ["-c", `import ${name}`]).status === 0;
    return found || skip(t, `needs the Python module ${name} (Debian package ${packageName})`);
  },

  /** Needs root and a kernel that makes network namespaces with veth pairs. */
  namespaces(t: Skippable): boolean {
    if (!need.root(t)) return false;
    if (!need.program(t, "ip", "iproute2")) return false;
    const trouble = namespaceTrouble();
    return trouble === null || skip(t, trouble);
  },

  /** Needs a file or device, such as /dev/net/tun, readable and writable. */
  device(t: Skippable, path: string): boolean {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return skip(t, `needs ${path}`);
    }
  },

  /** Needs anything else that `holds` tells. */
  that(t: Skippable, holds: boolean, reason: string): boolean {
    return holds || skip(t, reason);
  },
};
