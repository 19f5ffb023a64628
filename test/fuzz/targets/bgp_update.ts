// Bytes of a session, in any state of its negotiation: decoded or refused, and the tables keep their own order.

import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
import { MANDATORY, message, update } from "../../helpers/bgp_raw.js";
import type { FuzzTarget } from "../registry.js";

const module = new BgpModule();
const mp = [0x80, 14, 28, 0, 2, 1, 16, ...new Array<number>(16).fill(1), 0, 48, 0x20, 1, 0xd, 0xb8, 0, 1];

const target: FuzzTarget = {
  name: "bgp_update",
  seeds: [
    update({ attributes: MANDATORY, nlri: [24, 10, 1, 1, 0, 32, 1, 2, 3, 4] }),
    update({ withdrawn: [24, 10, 1, 1], attributes: [...MANDATORY, ...mp] }),
    update({ attributes: [...MANDATORY, 0xc0, 8, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 15, 6, 0, 2, 1, 16, 1, 2] }),
    Buffer.concat([message(4), update({})]),
  ].map((seed) => Uint8Array.from([0, ...seed])),
  run(bytes) {
    const mode = bytes[0] ?? 0;
    const rib = module.tables.createRib();
    const families = (mode & 4) === 0 ? [FAMILY.ipv4, FAMILY.ipv6] : [FAMILY.ipv6];
    module.tables.startSession(rib, { fourOctetAs: (mode & 1) === 0, ibgp: (mode & 2) !== 0, families });
    module.check(rib, bytes.subarray(1, 60_000), true);
    for (const family of families) {
      const { rows } = module.tables.scan(rib, family, 0, 100_000);
      if (rows.length !== module.tables.count(rib, family)) throw new Error("the table has lost count");
      for (const { wire } of rows) {
        if (!module.tables.lookup(rib, family, wire.subarray(1), wire[0] as number))
          throw new Error("a prefix of the table is not found");
      }
    }
    module.tables.freeRib(rib);
    if (module.memory().sets !== 0) throw new Error("an attribute set has leaked");
  },
};

export default target;
