// Bytes of an MRT file: records are printed in both forms, or refused by an error with their place.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { MrtDecoder, MrtFault } from "../../../src/bgp/mrt/decode.js";
import { MrtError, MrtFramer, type MrtRecord } from "../../../src/bgp/mrt/framer.js";
import { Ink } from "../../../src/bgp/mrt/ink.js";
import { recordJson } from "../../../src/bgp/mrt/json.js";
import { recordLines } from "../../../src/bgp/mrt/lines.js";
import { mrtVector } from "../../helpers/mrt.js";
import type { FuzzTarget } from "../registry.js";

/** The first records of a fixture, in about `bytes` bytes: few enough that mutations hit what matters. */
function head(name: string, bytes: number): Uint8Array {
  const whole = gunzipSync(readFileSync(mrtVector(`${name}.gz`)));
  let end = 0;
  while (end < bytes && end < whole.length) end += 12 + whole.readUInt32BE(end + 8);
  return Uint8Array.from(whole.subarray(0, end));
}

function print(decoder: MrtDecoder, record: MrtRecord): void {
  try {
    const content = decoder.decode(record);
    recordLines(new Ink(), record, content);
    recordJson(record, content, 1);
  } catch (error) {
    if (!(error instanceof MrtFault)) throw error;
  }
}

const target: FuzzTarget = {
  name: "bgp_mrt",
  seeds: [
    head("updates.20160811.1600", 1_500),
    head("updates.20071015.1505", 800),
    head("bview.20020722.2337", 200),
    head("bview.ipv4_unicast_add_path", 500),
    head("bview.ipv6_unicast_add_path", 600),
  ],
  run(bytes) {
    const decoder = new MrtDecoder();
    const framer = new MrtFramer("fuzz", (record) => print(decoder, record));
    const whole = Buffer.from(bytes);
    try {
      // Two pieces: a record may lie over their border.
      framer.push(whole.subarray(0, whole.length >> 1));
      framer.push(whole.subarray(whole.length >> 1));
      framer.end();
    } catch (error) {
      if (!(error instanceof MrtError)) throw error;
    }
  },
};

export default target;
