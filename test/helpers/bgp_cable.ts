// A veth pair from this process to a namespace where another daemon runs: IPv6 addresses, link-local ones included,
// that loopback has not. Needs `need.namespaces(t)`.

import type { Teardown } from "./cleanup.js";
import { makeNetns, type Netns } from "./netns.js";
import { must } from "./processes.js";

export interface Cable {
  readonly netns: Netns;
  /** Names of both ends' interfaces. */
  readonly ifname: string;
  readonly theirIfname: string;
  readonly ours: string;
  readonly theirs: string;
  /** Link-local addresses, without interface. */
  readonly ourLocal: string;
  readonly theirLocal: string;
}

/** Gone with the test. */
export async function makeCable(t: Teardown): Promise<Cable> {
  const netns = await makeNetns(t, "bgp");
  const [ifname, theirIfname] = [`sb${process.pid}`, "peer0"];
  await must("ip", ["link", "add", ifname, "type", "veth", "peer", "name", theirIfname, "netns", netns.name]);
  const net = `fd53:${(process.pid & 0xffff).toString(16)}`;
  const [ourLocal, theirLocal] = ["fe80::5:1", "fe80::5:2"];
  for (const address of [`${net}::1/64`, `${ourLocal}/64`]) {
    await must("ip", ["address", "add", address, "dev", ifname, "nodad"]);
  }
  await must("ip", ["link", "set", ifname, "up"]);
  await netns.address(theirIfname, `${net}::2/64`, `${theirLocal}/64`);
  return { netns, ifname, theirIfname, ours: `${net}::1`, theirs: `${net}::2`, ourLocal, theirLocal };
}
