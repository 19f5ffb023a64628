// One EVPN route of any bytes: its JSON is the route again.

import { evpnNlri } from "../../../src/bgp/nlri/evpn.js";
import type { FuzzTarget } from "../registry.js";

const target: FuzzTarget = {
  name: "bgp_evpn",
  seeds: [
    "01190000fdea0000006401001122aabbcc000500000000640003e8",
    "02250001010203040005050000fde900000005000000000030001122334455200a0000010003e8",
    "02310000fdea000000640000000000000000000700000005300011223344668020010db8000000000000000000000001000010",
    "03110000fdea0000006400000064200a000001",
    "04170000fdea0000006404010203040000000500200a000001",
    "05220000fdea000000640000000000000000000000000000180a0100000a000001001388",
    "053a0000fdea00000064000000000000000000000000000730",
  ].map((hex) => Uint8Array.from(Buffer.from(hex, "hex"))),
  run(bytes) {
    const body = Buffer.from(bytes.subarray(2, 257));
    const wire = Buffer.concat([Buffer.of(bytes[0] ?? 0, body.length), body]);
    for (const vxlan of [false, true]) {
      const json = JSON.stringify(evpnNlri.decode(wire, false, { vxlan }));
      if (!evpnNlri.encode(JSON.parse(json), false, { vxlan }).equals(wire)) throw new Error(`not the same: ${json}`);
    }
    evpnNlri.decode(Buffer.from(bytes), true);
  },
};

export default target;
