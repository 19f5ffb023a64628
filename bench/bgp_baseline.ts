// The baseline of the decoder's bench: the same walk in plain JavaScript over the same bytes, with an object a prefix
// and the attributes as a string key, which is what a speaker without Wasm would begin with.

export function decodeInJs(bytes: Buffer): number {
  const sets = new Map<string, number>();
  let records: { prefix: number; length: number; set: number }[] = [];
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 16);
    const withdrawn = bytes.readUInt16BE(at + 19);
    const attributes = at + 23 + withdrawn;
    const nlri = attributes + bytes.readUInt16BE(at + 21 + withdrawn);
    const key = bytes.toString("latin1", attributes, nlri);
    let set = sets.get(key);
    if (set === undefined) {
      set = sets.size + 1;
      sets.set(key, set);
    }
    for (let p = nlri; p < at + length; ) {
      const bits = bytes[p] as number;
      const octets = (bits + 7) >> 3;
      let prefix = 0;
      for (let i = 0; i < octets; i++) prefix |= (bytes[p + 1 + i] as number) << (24 - 8 * i);
      records.push({ prefix, length: bits, set });
      p += 1 + octets;
    }
    at += length;
    if (records.length > 16_000) {
      count += records.length;
      records = [];
    }
  }
  return count + records.length;
}
