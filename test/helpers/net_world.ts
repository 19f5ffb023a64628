// Switches for topology without a socket: what one sends out of a port is shown to whoever is wired to it.

import type { Port } from "../../src/openflow/messages.js";
import { Topology, type TopologyConfig } from "../../src/openflow/net/topology.js";
import { PacketTap } from "../../src/openflow/packet_tap.js";

/** OFPT_PACKET_OUT with one output action: where the port and the frame are. */
const PACKET_OUT = 13;
const PORT_AT = 28;
const FRAME_AT = 40;

export class NetSwitch {
  readonly version = 4;
  readonly features;
  readonly ports = new Map<number, Port>();
  /** Frames that left, by port. */
  readonly sent: { readonly port: number; readonly frame: Buffer }[] = [];
  flows = 0;
  readonly #world: NetWorld;

  constructor(world: NetWorld, dpid: number, ports: number) {
    this.#world = world;
    this.features = {
      ...{
        version: 4,
        dpid: dpid.toString(16).padStart(16, "0"),
        buffers: 0,
        tables: 254,
        auxiliaryId: 0,
        capabilities: 0,
      },
    };
    for (let number = 1; number <= ports; number++) this.ports.set(number, port(dpid, number));
  }

  get dpid(): string {
    return this.features.dpid;
  }

  send(bytes: Uint8Array): void {
    const message = Buffer.from(bytes);
    for (let at = 0; at < message.length; at += message.readUInt16BE(at + 2)) {
      if (message[at + 1] !== PACKET_OUT) continue;
      const frame = message.subarray(at + FRAME_AT, at + message.readUInt16BE(at + 2));
      const number = message.readUInt32BE(at + PORT_AT);
      this.sent.push({ port: number, frame });
      this.#world.carry(this, number, frame);
    }
  }

  changeFlows(_records: Uint8Array, count: number): Promise<{ failures: [] }> {
    this.flows += count;
    return Promise.resolve({ failures: [] });
  }
}

export function port(dpid: number, number: number, state = 0): Port {
  const mac = `02:00:00:00:${dpid.toString(16).padStart(2, "0")}:${number.toString(16).padStart(2, "0")}`;
  const bits = { config: 0, state, current: 0, advertised: 0, supported: 0, peer: 0 };
  return { number, mac, name: `p${number}`, ...bits, currentSpeed: 0, maxSpeed: 0 };
}

interface Wire {
  readonly ends: readonly (readonly [NetSwitch, number])[];
  /** False: a bridge of others, which keeps LLDP to itself. */
  readonly lldp: boolean;
}

export class NetWorld {
  readonly topology: Topology;
  readonly #tap = new PacketTap();
  readonly #wires = new Set<Wire>();

  constructor(config: Partial<TopologyConfig> = {}) {
    this.topology = new Topology({ discoverySeconds: 5, nodeSeconds: 300, ...config }, this.#tap);
  }

  /** A switch sends a packet to the controller. */
  show(from: NetSwitch, inPort: number, frame: Buffer): void {
    const head = Buffer.alloc(42);
    head.set([4, 10]);
    head.writeUInt16BE(head.length + frame.length, 2);
    // A match with in_port alone (spec §7.2.3.2).
    head.set([0, 1, 0, 12, 0x80, 0, 0, 4], 24);
    head.writeUInt32BE(inPort, 32);
    this.#tap.show(from, Buffer.concat([head, frame]));
  }

  /** A switch that has finished its handshake, once its flows are in. */
  async add(dpid: number, ports = 4): Promise<NetSwitch> {
    const made = new NetSwitch(this, dpid, ports);
    this.topology.ready(made);
    await Promise.resolve();
    return made;
  }

  /** Joins two ports, or more by a bridge that does not pass LLDP on. Returns the way to cut it. */
  join(...ends: (readonly [NetSwitch, number])[]): () => void {
    const wire = { ends, lldp: ends.length === 2 };
    this.#wires.add(wire);
    return () => this.#wires.delete(wire);
  }

  carry(from: NetSwitch, number: number, frame: Buffer): void {
    for (const { ends, lldp } of this.#wires) {
      if (!ends.some(([one, port]) => one === from && port === number)) continue;
      if (!lldp && frame.readUInt16BE(12) === 0x88cc) continue;
      for (const [one, port] of ends) {
        if (one !== from || port !== number) this.topology.packetIn(one, frame, port);
      }
    }
  }

  /** All links as `1:2>2:1`, sorted; `~` in place of `>` for those over bridges of others. */
  links(): string[] {
    const short = (dpid: string): string => BigInt(`0x${dpid}`).toString();
    return this.topology.links
      .list(null)
      .map(
        ({ srcDpid, srcPort, dstDpid, dstPort, direct }) =>
          `${short(srcDpid)}:${srcPort}${direct ? ">" : "~"}${short(dstDpid)}:${dstPort}`,
      )
      .sort();
  }
}
