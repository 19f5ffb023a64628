// A switch's connection as a whole: after a right handshake any bytes, in two portions, end in answers, in a connection that
// goes on, or in one that is closed for a reason that a reader can understand. What waits is answered in any case.

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { flowQuery } from "../../../src/api/openflow/flow_view.js";
import { AppError } from "../../../src/base/errors.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { MULTIPART } from "../../../src/openflow/messages.js";
import { PACKET_DEFAULTS } from "../../../src/openflow/packet_config.js";
import { PacketPaths } from "../../../src/openflow/packet_path.js";
import { PacketTap } from "../../../src/openflow/packet_tap.js";
import { roleRequest } from "../../../src/openflow/roles.js";
import { Session, type SessionListener } from "../../../src/openflow/session.js";
import { MESSAGE, OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { multipart, ofp } from "../../helpers/fake_switch.js";

const codec = new OpenFlowCodec(CODEC_TABLES);
const paths = new PacketPaths({ ...PACKET_DEFAULTS, hybrid: false }, codec, new PacketTap());
const times = { channel: { handshakeMs: 10_000, echoMs: 5_000, deadMs: 15_000 }, requestMs: 10_000 };
/** Ours are numbered in the order of their sending: HELLO 1, FEATURES_REQUEST 2, SET_CONFIG 3, the descriptions 4 and 5. */
const XID = { features: 2, description: 4, ports: 5, role: 6, listing: 7 };
/** Errors of JavaScript's own: a check is missing where one of these is the reason. */
const DEFECT =
  /undefined|null|not a function|not iterable|out of range|out of bounds|Invalid array|unreachable|aborted/;

/** A socket that takes what is written and gives what the target says. */
class PlayedSocket extends EventEmitter {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly localAddress = "127.0.0.1";
  readonly writableLength = 0;
  destroyed = false;
  setNoDelay(): void {}
  setTimeout(): void {}
  write(): boolean {
    return true;
  }
  destroySoon(): void {
    this.destroyed = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

const query = flowQuery(255, null);
const handshake = Buffer.concat([
  ofp(MESSAGE.HELLO, 1),
  ofp(MESSAGE.FEATURES_REPLY, XID.features, Buffer.alloc(24, 1).fill(0, 13, 14)),
  multipart(XID.description, MULTIPART.DESC, Buffer.alloc(1_056)),
  multipart(XID.ports, MULTIPART.PORT_DESC, Buffer.alloc(128)),
]);

const flow = Buffer.alloc(56);
flow.writeUInt16BE(56, 0);
flow.writeUInt32BE(0x0001_0004, 48);

async function run(bytes: Uint8Array): Promise<void> {
  let reason = "";
  const listener: SessionListener = {
    ready: (session) => {
      session.path = paths.open(session);
    },
    closed: (session, why) => {
      reason = why;
      session.path?.close();
    },
    portChanged: () => undefined,
    flowRemoved: (_session, frame) => void codec.unpackFlowRemovedFrame(frame),
    refused: () => undefined,
  };
  const socket = new PlayedSocket();
  const session = new Session(socket as unknown as Socket, codec, times, listener);
  const answered = (promise: Promise<unknown>): Promise<unknown> =>
    promise.catch((error) => {
      if (!(error instanceof AppError)) throw error;
    });
  socket.emit("data", handshake);
  // The descriptions are read in microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  if (session.phase !== "ready") throw new Error(`the handshake ended in ${session.phase}: ${reason}`);
  const waiting = [
    answered(session.ask(MESSAGE.ROLE_REQUEST, MESSAGE.ROLE_REPLY, roleRequest(0, 0n))),
    answered(
      session.query(
        MULTIPART.FLOW,
        (xid) => ofp(MESSAGE.MULTIPART_REQUEST, xid),
        (frame) => void codec.unpackFlowStatsFrame(frame, query),
      ),
    ),
  ];
  const middle = bytes.length >> 1;
  socket.emit("data", Buffer.from(bytes.subarray(0, middle)));
  if (!socket.destroyed) socket.emit("data", Buffer.from(bytes.subarray(middle)));
  if (DEFECT.test(reason)) throw new Error(reason);
  session.close("the end of the run");
  await Promise.all(waiting);
}

export default {
  name: "openflow_session",
  seeds: [
    Buffer.concat([ofp(MESSAGE.ECHO_REQUEST, 9, Buffer.from("echo")), ofp(MESSAGE.HELLO, 10), ofp(99, 11)]),
    Buffer.concat([
      ofp(MESSAGE.ROLE_REPLY, XID.role, roleRequest(2, 7n)),
      ofp(MESSAGE.PORT_STATUS, 0, Buffer.alloc(72, 2)),
      ofp(MESSAGE.ERROR, XID.listing, Buffer.alloc(24, 1)),
    ]),
    Buffer.concat([multipart(XID.listing, MULTIPART.FLOW, flow, true), multipart(XID.listing, MULTIPART.FLOW, flow)]),
    Buffer.concat([
      ofp(MESSAGE.PACKET_IN, 0, Buffer.alloc(60, 1)),
      ofp(MESSAGE.FLOW_REMOVED, 0, Buffer.concat([Buffer.alloc(40), Buffer.from([0, 1, 0, 4, 0, 0, 0, 0])])),
      ofp(MESSAGE.BARRIER_REPLY, 12),
      ofp(MESSAGE.EXPERIMENTER, 13, Buffer.alloc(8, 0x23)),
    ]),
  ],
  run,
};
