// An OPEN of any content: decoded with its capabilities shown, or refused with a NOTIFICATION.

import { negotiate, remoteJson } from "../../../src/bgp/capabilities.js";
import { bodyFault, parsePeer } from "../../../src/bgp/config.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { message, open } from "../../helpers/bgp_raw.js";
import type { FuzzTarget } from "../registry.js";

const module = new BgpModule();
const peer = parsePeer({ remote_addr: "10.0.0.2", remote_as: 65002 }, { path: "", localAs: 65001, fault: bodyFault });
const capabilities = [69, 4, 0, 1, 1, 3, 5, 6, 0, 1, 0, 1, 0, 2, 71, 7, 0, 1, 1, 0, 0, 0, 9, 73, 2, 1, 2, 64, 2, 0, 9];

const target: FuzzTarget = {
  name: "bgp_open",
  seeds: [open(65002), open(4_200_000_000, { capabilities }), open(1, { capabilities: [] })].map((bytes) =>
    Uint8Array.from(bytes.subarray(19)),
  ),
  run(bytes) {
    // frame() has seen to it that an OPEN has its fixed part.
    const body = bytes.length < 10 ? Uint8Array.from([...bytes, ...new Uint8Array(10)]) : bytes.subarray(0, 4_000);
    const decoded = module.decodeOpen(message(1, body));
    if (!decoded) {
      if (module.notification().notify >> 8 !== 2) throw new Error("not an OPEN error");
      return;
    }
    JSON.stringify(remoteJson(decoded));
    negotiate(peer, decoded);
  },
};

export default target;
