// One BGP-LS route of any bytes: its JSON is the route again.

import { bgplsNlri } from "../../../src/bgp/nlri/bgpls.js";
import type { FuzzTarget } from "../registry.js";

const NODE = "020000040000fde90201000400000000020300060000000000";

const target: FuzzTarget = {
  name: "bgp_ls",
  seeds: [
    `000100270200000000000000000100001a${NODE}01`,
    `000200610200000000000000000100001a${NODE}010101001a${NODE}020102000800000001000000020103` +
      "00040a000001010400040a000002",
    `0003002f0200000000000000000100001a${NODE}0101090004170a0102`,
    `000400320200000000000000000100001a${NODE}01010900073020010db80001`,
    "0006001d0200000000000000000206001020010db8000000000000000000000001",
  ].map((hex) => Uint8Array.from(Buffer.from(hex, "hex"))),
  run(bytes) {
    const body = Buffer.from(bytes.subarray(4, 65_000));
    const wire = Buffer.concat([Buffer.of(bytes[0] ?? 0, bytes[1] ?? 0, body.length >> 8, body.length & 255), body]);
    const json = JSON.stringify(bgplsNlri.decode(wire, false));
    if (!bgplsNlri.encode(JSON.parse(json), false).equals(wire)) throw new Error(`not the same: ${json}`);
    bgplsNlri.decode(Buffer.from(bytes), true);
  },
};

export default target;
