// What hosts and foreign switches send: frames that come to topology by PACKET_IN.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ETHER_TYPE, ethernetFrame } from "../../../src/openflow/net/packets/ethernet.js";
import { encodeProbe } from "../../../src/openflow/net/packets/lldp.js";
import { Topology } from "../../../src/openflow/net/topology.js";
import { type PacketSource, PacketTap } from "../../../src/openflow/packet_tap.js";

const FILE = fileURLToPath(new URL("../../../../test/vectors/openflow/frames.json", import.meta.url));
const vectors = JSON.parse(readFileSync(FILE, "utf8")) as { lldp: string; frames: { hex: string }[] };

const port = {
  ...{ number: 1, mac: "02:00:00:00:00:01", name: "p1", config: 0, state: 0, current: 0, advertised: 0 },
  ...{ supported: 0, peer: 0, currentSpeed: 0, maxSpeed: 0 },
};
const session = {
  version: 4,
  features: { version: 4, dpid: "0000000000000001", buffers: 0, tables: 1, auxiliaryId: 0, capabilities: 0 },
  ports: new Map([[1, port]]),
  send: () => undefined,
  changeFlows: () => Promise.resolve({ failures: [] }),
} satisfies PacketSource & Record<string, unknown>;

let topology = new Topology({ discoverySeconds: 5, nodeSeconds: 300 }, new PacketTap());
topology.ready(session);
let runs = 0;

export default {
  name: "openflow_net",
  seeds: [
    ...vectors.frames.map(({ hex }) => Buffer.from(hex, "hex")),
    Buffer.from(vectors.lldp, "hex"),
    ethernetFrame(
      0xffffffffffff,
      2,
      ETHER_TYPE.BDDP,
      encodeProbe({ dpid: "0000000000000001", port: 1, epoch: 0 }, ETHER_TYPE.BDDP, 15, Buffer.alloc(32)),
    ),
  ],
  run(bytes: Uint8Array): void {
    if (++runs % 10_000 === 0) {
      topology = new Topology({ discoverySeconds: 5, nodeSeconds: 300 }, new PacketTap());
      topology.ready(session);
    }
    topology.packetIn(session, bytes, 1);
    if (topology.links.size > 0) throw new Error("a link that nobody proved");
  },
};
