// The Debian packages that tests run against. `npm test` as root installs those that are missing; without root, or
// without a package source, the tests that need them are skipped and say so.

import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

const PACKAGES = [
  "bgpdump",
  "bird2",
  "bzip2",
  "curl",
  "ethtool",
  "exabgp",
  "frr",
  "gobgpd",
  "iperf3",
  "iproute2",
  "iputils-ping",
  "libsodium23",
  "nftables",
  "openbgpd",
  "openvswitch-switch",
  "pmacct",
  "procps",
  "python3",
  "python3-os-ken",
  "stayrtr",
  "tcpdump",
  "tshark",
];

const POLICY = "/usr/sbin/policy-rc.d";
const INSTALL = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];

function apt(args, timeout) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  return spawnSync("apt-get", ["-q", ...args], { env, timeout, encoding: "utf8", maxBuffer: 64 << 20 });
}

function missing() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are those of dpkg-query
  const found = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...PACKAGES], {
    encoding: "utf8",
  });
  const installed = new Set(
    (found.stdout ?? "").split("\n").map((line) => / installed$/.test(line) && line.split(" ")[0]),
  );
  return PACKAGES.filter((name) => !installed.has(name));
}

/** Known to apt by now: one unknown name would make the whole call fail. */
function known(names) {
  return names.filter((name) => spawnSync("apt-cache", ["show", name]).status === 0);
}

/** Runs `install` while no package may start its daemon: tests start their own, in namespaces of their own. */
function withoutDaemons(install) {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return install();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

/** Installs what is missing, as far as that is possible here. Never fails: prints what is not there. */
export function installPeers() {
  if (process.env.SENNIT_TEST_INSTALL === "off") return;
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) return;
  let wanted = missing();
  if (wanted.length === 0) return;
  console.log(`peers: installing ${wanted.join(" ")}`);
  withoutDaemons(() => {
    if (apt([...INSTALL, ...wanted], 300_000).status === 0) return;
    apt(["update"], 120_000);
    const names = known(wanted);
    if (names.length === 0) return;
    const result = apt([...INSTALL, ...names], 300_000);
    if (result.status !== 0) console.log(`peers: apt-get failed: ${(result.stderr ?? "").trim().split("\n").at(-1)}`);
  });
  wanted = missing();
  if (wanted.length > 0) console.log(`peers: not installed: ${wanted.join(" ")}; the tests that need them are skipped`);
}
