// An OPEN of any content: decoded with its capabilities shown, or refused with a NOTIFICATION.

import { announcedCapabilities, negotiate, PLAIN_OPEN, remoteJson } from "../../../src/bgp/capabilities.js";
import { bodyFault, parsePeer } from "../../../src/bgp/config.js";
import { PeerMemory } from "../../../src/bgp/memory.js";
import { notificationView } from "../../../src/bgp/notifications.js";
import { openFault } from "../../../src/bgp/open_check.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import type { OpenMessage } from "../../../src/wasm/bgp_types.js";
import { message, open } from "../../helpers/bgp_raw.js";
import type { FuzzTarget } from "../registry.js";

const module = new BgpModule();
const peerOf = (more: Record<string, unknown>) =>
  parsePeer({ remote_addr: "10.0.0.2", remote_as: 65002, ...more }, { path: "", localAs: 65001, fault: bodyFault });
/** One that wants nothing, and one that wants all there is. */
const peers = [
  peerOf({ graceful_restart: false }),
  peerOf({
    afi_safi: ["ipv4", "ipv6"],
    add_path: ["ipv4_both", "ipv6_receive"],
    ext_nexthop: ["ipv4"],
    graceful_restart: true,
    llgr_stale_time: 3_600,
    role: "peer",
  }),
];
const wants = peers.map((peer) => [...announcedCapabilities(peer)]);
const capabilities = [69, 4, 0, 1, 1, 3, 5, 6, 0, 1, 0, 1, 0, 2, 71, 7, 0, 1, 1, 0, 0, 0, 9, 73, 2, 1, 2, 64, 2, 0, 9];
const families = [0, 1];

/** What the core takes for granted of an agreement, whatever the peer has sent. */
function check(config: (typeof peers)[number], decoded: OpenMessage): void {
  const agreed = negotiate(config, decoded);
  const spoken = agreed.families.map(({ rib }) => rib);
  const named = [
    ...agreed.addPathIn,
    ...agreed.addPathOut,
    ...agreed.extendedNextHop,
    ...(agreed.gracefulRestart?.families ?? []).map(({ family }) => family),
    ...agreed.llgr.map(({ family }) => family),
  ];
  if (spoken.some((family) => !families.includes(family))) throw new Error("a family that nobody has configured");
  if (named.some((family) => !spoken.includes(family))) throw new Error("a family that is not spoken");
  if (new Set(agreed.addPathIn).size !== agreed.addPathIn.length) throw new Error("a family twice");
  if (agreed.holdTime > config.hold_time) throw new Error("a hold time above ours");
  if (agreed.llgr.some(({ staleTime }) => staleTime > config.llgr_stale_time)) throw new Error("a time above ours");
  const fault = openFault(config, decoded, agreed, 0x0a000001, null);
  if (!fault) return;
  // What we refuse with must be readable, and must not make us drop families when it comes back.
  JSON.stringify(notificationView(fault.content, true, 0));
  const memory = new PeerMemory();
  memory.received(fault.content, true);
  const again = announcedCapabilities(config, { ...PLAIN_OPEN, withheld: memory.withheld });
  if (again[0] !== 1) throw new Error("an OPEN without families");
}

const target: FuzzTarget = {
  name: "bgp_open",
  seeds: [
    open(65002),
    open(4_200_000_000, { capabilities }),
    open(1, { capabilities: [] }),
    ...wants.map((capabilities) => open(65002, { capabilities })),
  ].map((bytes) => Uint8Array.from(bytes.subarray(19))),
  run(bytes) {
    // frame() has seen to it that an OPEN has its fixed part.
    const body = bytes.length < 10 ? Uint8Array.from([...bytes, ...new Uint8Array(10)]) : bytes.subarray(0, 4_000);
    const decoded = module.decodeOpen(message(1, body));
    if (!decoded) {
      if (module.notification().notify >> 8 !== 2) throw new Error("not an OPEN error");
      return;
    }
    JSON.stringify(remoteJson(decoded));
    for (const peer of peers) check(peer, decoded);
  },
};

export default target;
