// What node's sockets alone allow: answers each PACKET_IN of the learning bench with a FLOW_MOD and a PACKET_OUT whose bytes
// are put in place by hand. No controller: it knows one form of PACKET_IN and learns nothing. Prints its port.

import { createServer } from "node:net";

const FLOW_MOD = 104;
const PACKET_OUT = 40;
/** A PACKET_IN with a match of in_port alone, before its packet. */
const HEAD = 42;

const flowMod = Buffer.alloc(FLOW_MOD);
flowMod.set([4, 14, 0, FLOW_MOD]);
const packetOut = Buffer.alloc(PACKET_OUT);
packetOut.set([4, 13]);
packetOut.writeUInt32BE(0xffffffff, 8);
packetOut.writeUInt16BE(16, 16);
packetOut.writeUInt16BE(16, 26);

function answer(chunk: Buffer, at: number, length: number, out: Buffer, to: number): number {
  const packet = length - HEAD;
  flowMod.copy(out, to);
  chunk.copy(out, to + 60, at + 32, at + 36);
  chunk.copy(out, to + 68, at + HEAD, at + HEAD + 6);
  packetOut.copy(out, to + FLOW_MOD);
  out.writeUInt16BE(PACKET_OUT + packet, to + FLOW_MOD + 2);
  chunk.copy(out, to + FLOW_MOD + 12, at + 32, at + 36);
  out.writeUInt32BE(1 + ((chunk[at + HEAD + 5] as number) % 4), to + FLOW_MOD + 28);
  chunk.copy(out, to + FLOW_MOD + PACKET_OUT, at + HEAD, at + length);
  return to + FLOW_MOD + PACKET_OUT + packet;
}

const server = createServer((socket) => {
  let carry = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.write(Buffer.from([4, 0, 0, 8, 0, 0, 0, 1, 4, 5, 0, 8, 0, 0, 0, 2]));
  socket.on("error", () => undefined);
  socket.on("data", (piece) => {
    const chunk = carry.length > 0 ? Buffer.concat([carry, piece]) : piece;
    const out = Buffer.allocUnsafe(chunk.length * 3);
    let at = 0;
    let to = 0;
    while (chunk.length - at >= 8) {
      const length = chunk.readUInt16BE(at + 2);
      if (chunk.length - at < length) break;
      if (chunk[at + 1] === 10) to = answer(chunk, at, length, out, to);
      at += length;
    }
    carry = chunk.subarray(at);
    if (to > 0) socket.write(out.subarray(0, to));
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as { port: number }).port));
