// Any datagram on the tunnel's port, and any read of its device: counted, never followed out of bounds.

import { pair, plain, TestEngine, udpPacket } from "../../helpers/bond_engine.js";
import type { FuzzTarget } from "../registry.js";

const a = new TestEngine();
const b = new TestEngine();
for (const end of [a, b]) end.bond([1000, 1000]);
pair(a, b, 2);
a.tunRead(plain(udpPacket({ payload: Buffer.alloc(64) })));
a.serve();
const frame = a.takeSent()[0]?.bytes as Buffer;
b.receive(frame);
const delivered = b.takeWritten().length;

const target: FuzzTarget = {
  name: "bond_frame",
  seeds: [frame, plain(udpPacket({ payload: Buffer.alloc(64) }))],
  run(bytes) {
    b.receive(bytes.subarray(0, 65_535));
    a.tunRead(bytes.subarray(0, 65_535));
    a.now += 1e6;
    a.serve();
    a.takeSent();
    if (delivered !== 1 || b.takeWritten().length > 0) throw new Error("a frame without keys was delivered");
  },
};

export default target;
