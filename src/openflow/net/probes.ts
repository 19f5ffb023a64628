// The probes of one switch: an LLDP and a BDDP frame for each of its ports, as PACKET_OUT messages. They are made once an
// epoch and sent as they are until it ends.

import { HEADER_BYTES, MESSAGE, VERSION_1_3 } from "../../wasm/openflow.js";
import { NO_BUFFER } from "../../wasm/openflow_records.js";
import type { Port } from "../messages.js";
import { ETHER_TYPE, ethernetFrame, parseMac } from "./packets/ethernet.js";
import { encodeProbe, renewProbe } from "./packets/lldp.js";

/** OFPP_CONTROLLER, and the first port number that is none (OFPP_MAX, spec §7.2.1). */
const CONTROLLER = 0xfffffffd;
const PORT_MAX = 0xffffff00;
/** OFPPC_PORT_DOWN, OFPPC_NO_FWD; OFPPS_LINK_DOWN. */
const NO_OUTPUT = (1 << 0) | (1 << 5);
const LINK_DOWN = 1;
/** Bridges do not pass frames to this address on (802.1Q §8.6.3, "nearest bridge"). */
const NEAREST_BRIDGE = 0x0180c200000e;
const EVERYBODY = 0xffffffffffff;
const PACKET_OUT_HEAD = 24;
const OUTPUT_BYTES = 16;
const VERSION_1_0 = 1;
const OUTPUT_BYTES_1_0 = 8;
/** OFPP_NONE. */
const NO_PORT_1_0 = 0xffff;

/** True when a probe may be sent out of the port. */
export function isUsable(port: Port): boolean {
  return port.number < PORT_MAX && (port.config & NO_OUTPUT) === 0 && (port.state & LINK_DOWN) === 0;
}

/** PACKET_OUT (spec §7.3.7; 1.0 §5.3.6) of a whole frame to one port, in the version that was agreed on. */
export function packetOut(port: number, frame: Uint8Array, version: number): Buffer {
  if (version === VERSION_1_0) return packetOut10(port, frame);
  const bytes = Buffer.alloc(PACKET_OUT_HEAD + OUTPUT_BYTES + frame.length);
  bytes[0] = VERSION_1_3;
  bytes[1] = MESSAGE.PACKET_OUT;
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt32BE(NO_BUFFER, HEADER_BYTES);
  bytes.writeUInt32BE(CONTROLLER, HEADER_BYTES + 4);
  bytes.writeUInt16BE(OUTPUT_BYTES, HEADER_BYTES + 8);
  bytes.writeUInt16BE(OUTPUT_BYTES, PACKET_OUT_HEAD + 2);
  bytes.writeUInt32BE(port, PACKET_OUT_HEAD + 4);
  bytes.set(frame, PACKET_OUT_HEAD + OUTPUT_BYTES);
  return bytes;
}

function packetOut10(port: number, frame: Uint8Array): Buffer {
  const head = HEADER_BYTES + 8;
  const bytes = Buffer.alloc(head + OUTPUT_BYTES_1_0 + frame.length);
  bytes[0] = VERSION_1_0;
  bytes[1] = MESSAGE.PACKET_OUT;
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt32BE(NO_BUFFER, HEADER_BYTES);
  bytes.writeUInt16BE(NO_PORT_1_0, HEADER_BYTES + 4);
  bytes.writeUInt16BE(OUTPUT_BYTES_1_0, HEADER_BYTES + 6);
  bytes.writeUInt16BE(OUTPUT_BYTES_1_0, head + 2);
  bytes.writeUInt16BE(port, head + 4);
  bytes.set(frame, head + OUTPUT_BYTES_1_0);
  return bytes;
}

export interface ProbeSettings {
  readonly key: Uint8Array;
  /** What the frames say of how long they hold. */
  readonly ttlSeconds: number;
}

/** Both are of equal length. */
const KINDS = [
  { etherType: ETHER_TYPE.LLDP, to: NEAREST_BRIDGE },
  { etherType: ETHER_TYPE.BDDP, to: EVERYBODY },
] as const;

interface Ready {
  bytes: Buffer;
  epoch: number;
}

export class Probes {
  readonly #dpid: string;
  readonly #settings: ProbeSettings;
  readonly #version: number;
  readonly #ready = new Map<number, Ready>();

  constructor(dpid: string, version: number, settings: ProbeSettings) {
    this.#dpid = dpid;
    this.#version = version;
    this.#settings = settings;
  }

  /** The PACKET_OUTs of a port as one, LLDP first. */
  of(port: Port, epoch: number): Buffer {
    let ready = this.#ready.get(port.number);
    if (!ready) {
      const bytes = Buffer.concat(KINDS.map(({ etherType, to }) => this.#one(port, epoch, etherType, to)));
      ready = { bytes, epoch };
      this.#ready.set(port.number, ready);
    }
    if (ready.epoch !== epoch) this.#renew(ready, port.number, epoch);
    return ready.bytes;
  }

  /** The port has changed: its frames are made anew. */
  forget(port: number): void {
    this.#ready.delete(port);
  }

  #renew(ready: Ready, port: number, epoch: number): void {
    const probe = { dpid: this.#dpid, port, epoch };
    // The socket may still have the bytes of the last epoch.
    const bytes = Buffer.from(ready.bytes);
    const half = bytes.length / KINDS.length;
    for (const [i, { etherType }] of KINDS.entries()) {
      renewProbe(bytes.subarray(i * half, (i + 1) * half), probe, etherType, this.#settings.key);
    }
    ready.bytes = bytes;
    ready.epoch = epoch;
  }

  #one(port: Port, epoch: number, etherType: number, destination: number): Buffer {
    const { key, ttlSeconds } = this.#settings;
    const payload = encodeProbe({ dpid: this.#dpid, port: port.number, epoch }, etherType, ttlSeconds, key);
    const frame = ethernetFrame(destination, parseMac(port.mac) ?? 0, etherType, payload);
    return packetOut(port.number, frame, this.#version);
  }
}
