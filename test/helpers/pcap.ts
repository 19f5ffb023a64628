// A capture file with what one end of a TCP connection said, for programs that dissect captures.

const ENDS = { from: [192, 0, 2, 9], to: [192, 0, 2, 100], port: 40_000 };
const SEGMENT = 1_400;

/** The bytes as TCP segments to `port`, raw IP without checksums. */
export function tcpCapture(bytes: Uint8Array, port: number): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  // LINKTYPE_RAW
  head.writeUInt32LE(101, 20);
  const parts: Buffer[] = [head];
  for (let at = 0; at < bytes.length; at += SEGMENT) {
    const piece = bytes.subarray(at, at + SEGMENT);
    const packet = Buffer.alloc(40 + piece.length);
    packet[0] = 0x45;
    packet.writeUInt16BE(packet.length, 2);
    packet[8] = 64;
    packet[9] = 6;
    packet.set(ENDS.from, 12);
    packet.set(ENDS.to, 16);
    packet.writeUInt16BE(ENDS.port, 20);
    packet.writeUInt16BE(port, 22);
    packet.writeUInt32BE(1 + at, 24);
    // Header of five words, ACK and PSH.
    packet[32] = 0x50;
    packet[33] = 0x18;
    packet.writeUInt16BE(65_535, 34);
    packet.set(piece, 40);
    const frame = Buffer.alloc(16);
    frame.writeUInt32LE(1, 0);
    frame.writeUInt32LE(packet.length, 8);
    frame.writeUInt32LE(packet.length, 12);
    parts.push(frame, packet);
  }
  return Buffer.concat(parts);
}
