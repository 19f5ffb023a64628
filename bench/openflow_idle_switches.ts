// A process of its own that plays many switches without ports: `node openflow_idle_switches.js PORT COUNT`. Each goes
// through the handshake and from then on only answers: echoes, barriers. Prints "ready" when all have been described.

import { connect, type Socket } from "node:net";
import { MESSAGE } from "../src/wasm/openflow.js";
import { multipart, ofp } from "../test/helpers/fake_switch.js";

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const MULTIPART_TYPE = 8;
const DESC = 0;
const DESC_BYTES = 1_056;
/** Connections that are made before the next ones are begun. */
const TOGETHER = 50;

let described = 0;

function features(dpid: number): Buffer {
  const body = Buffer.alloc(24);
  body.writeBigUInt64BE(BigInt(dpid));
  body[12] = 254;
  return body;
}

function answer(socket: Socket, dpid: number, message: Buffer): void {
  const xid = message.readUInt32BE(4);
  switch (message[1]) {
    case MESSAGE.ECHO_REQUEST:
      socket.write(ofp(MESSAGE.ECHO_REPLY, xid, message.subarray(8)));
      break;
    case MESSAGE.FEATURES_REQUEST:
      socket.write(ofp(MESSAGE.FEATURES_REPLY, xid, features(dpid)));
      break;
    case MESSAGE.BARRIER_REQUEST:
      socket.write(ofp(MESSAGE.BARRIER_REPLY, xid));
      break;
    case MESSAGE.MULTIPART_REQUEST: {
      const type = message.readUInt16BE(MULTIPART_TYPE);
      socket.write(multipart(xid, type, Buffer.alloc(type === DESC ? DESC_BYTES : 0)));
      if (type === DESC) continueWith();
      break;
    }
  }
}

function play(dpid: number): void {
  const socket = connect(port, "127.0.0.1");
  let carry = Buffer.alloc(0);
  socket.write(ofp(MESSAGE.HELLO, 1));
  socket.on("data", (chunk) => {
    carry = Buffer.concat([carry, chunk]);
    while (carry.length >= 8 && carry.length >= carry.readUInt16BE(2)) {
      const length = carry.readUInt16BE(2);
      answer(socket, dpid, carry.subarray(0, length));
      carry = carry.subarray(length);
    }
  });
  socket.on("close", () => {
    console.log(`switch ${dpid} was hung up on`);
    process.exit(1);
  });
  socket.on("error", () => undefined);
}

let begun = 0;
function continueWith(): void {
  described++;
  if (described === count) console.log("ready");
  else if (begun < count) play(++begun);
}
for (; begun < Math.min(TOGETHER, count); ) play(++begun);
