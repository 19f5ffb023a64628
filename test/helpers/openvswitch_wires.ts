// Wires between bridges of Open vSwitch: patch ports within one daemon, dummy ports over a Unix socket between two.

import { join } from "node:path";
import type { OpenVSwitch } from "./openvswitch.js";

/** Joins two bridges of one daemon; the ports get these OpenFlow numbers. The port's name is `BRIDGE-OTHER`. */
export async function patch(ovs: OpenVSwitch, a: string, aPort: number, b: string, bPort: number): Promise<void> {
  const end = (bridge: string, other: string, number: number): string[] => [
    ...["--", "add-port", bridge, `${bridge}-${other}`, "--", "set", "interface", `${bridge}-${other}`],
    ...["type=patch", `options:peer=${other}-${bridge}`, `ofport_request=${number}`],
  ];
  await ovs.vsctl(...[...end(a, b, aPort), ...end(b, a, bPort)].slice(1));
}

/** Takes a patch's port away at one end; the other's link goes down. */
export async function unpatch(ovs: OpenVSwitch, a: string, b: string): Promise<void> {
  await ovs.vsctl("del-port", a, `${a}-${b}`);
}

/** Joins a dummy port of one daemon to one of another. */
export async function wire(ovs: OpenVSwitch, port: string, other: OpenVSwitch, otherPort: string): Promise<void> {
  const socket = join(ovs.dir, `${port}.wire`);
  await ovs.vsctl("set", "interface", port, `options:pstream=punix:${socket}`);
  await other.vsctl("set", "interface", otherPort, `options:stream=unix:${socket}`);
}
