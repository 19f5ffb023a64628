// OpenFlow 1.0 and 1.3 side by side: two bridges of one Open vSwitch, one of each version, that one controller serves.

import type { Teardown } from "./cleanup.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "./openflow_room.js";
import { OpenVSwitch } from "./openvswitch.js";
import { until } from "./wait.js";

/** The REST paths of the bridges. */
export const OLD = "/of/datapaths/00:00:00:00:00:00:00:10";
export const NEW = "/of/datapaths/00:00:00:00:00:00:00:13";

export interface TwoBridges {
  room: OpenFlowRoom;
  ovs: OpenVSwitch;
}

/** Starts the room and the bridges `old` and `new` with three ports each. */
export async function startTwoBridges(t: Teardown): Promise<TwoBridges> {
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({
    name: "old",
    dpid: "0000000000000010",
    controller: room.target,
    protocols: "OpenFlow10",
    ports: 3,
  });
  await ovs.addBridge({ name: "new", dpid: "0000000000000013", controller: room.target, ports: 3 });
  await until(() => room.handle.health().switches === 2, { what: "both switches" });
  return { room, ovs };
}

/** The old bridge's flows as the switch's own tool prints them in 1.0. */
export async function flowsOfOld(ovs: OpenVSwitch): Promise<string[]> {
  return ovs.flows("old", "OpenFlow10");
}
