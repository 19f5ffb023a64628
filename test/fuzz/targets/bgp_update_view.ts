// UPDATEs as records, for sessions of every kind: nothing is thrown, and what is shown of a well-formed one can be sent.

import { FAMILIES } from "../../../src/bgp/families.js";
import { isMalformed, updateView } from "../../../src/bgp/update_view.js";
import { MANDATORY, update } from "../../helpers/bgp_raw.js";
import type { FuzzTarget } from "../registry.js";

/** An MP_REACH_NLRI of each family, and an MP_UNREACH_NLRI. */
const seeds = FAMILIES.flatMap(({ afi, safi }) => {
  const nlri = [0x18, 0, 0x06, 0x41, 8, 10, 3, 1, 8, 10];
  const family = [afi >> 8, afi & 255, safi];
  const reach = [0x80, 14, 9 + nlri.length, ...family, 4, 192, 0, 2, 1, 0, ...nlri];
  return [
    update({ attributes: [...MANDATORY, ...reach], nlri: [8, 10] }),
    update({ withdrawn: [8, 10], attributes: [0x80, 15, 3 + nlri.length, ...family, ...nlri] }),
  ];
});
const policy = [0xc0, 23, 18, 0, 15, 0, 14, 12, 6, 0, 0, 0, 0, 0, 1, 128, 0, 3, 0, 1, 0];

const target: FuzzTarget = {
  name: "bgp_update_view",
  seeds: [...seeds, update({ attributes: [...MANDATORY, ...policy] })].map((seed) => Uint8Array.from([0, ...seed])),
  run(bytes) {
    const mode = bytes[0] ?? 0;
    const context = { fourOctetAs: (mode & 1) === 0, addPath: (family: number) => (mode >> (family % 8)) % 2 === 1 };
    const record = updateView(bytes.subarray(1), context);
    if (JSON.stringify(record) === undefined) throw new Error("the record is no JSON");
    if (isMalformed(record)) return;
    if (record.afi_safi === undefined) throw new Error("a record without a family");
  },
};

export default target;
