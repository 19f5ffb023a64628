// Reads capture files (pcap) that other programs write.

/** The packets in a capture file; one that is being written is left out. */
export function captured(file: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    const end = at + 16 + length;
    if (end > file.length) break;
    packets.push(file.subarray(at + 16, end));
    at = end;
  }
  return packets;
}
