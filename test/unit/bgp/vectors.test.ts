// Bytes that another implementation has made, decoded here. test/helpers/make_bgp_vectors.ts says how they were made.

import { readFileSync } from "node:fs";
import t from "tap";
import { parsePrefix } from "../../../src/base/ip.js";
import { attributesJson } from "../../../src/bgp/attributes.js";
import { remoteJson } from "../../../src/bgp/capabilities.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
import { message } from "../../helpers/bgp_raw.js";

interface Vector {
  readonly what: string;
  readonly type: number;
  readonly hex: string;
  readonly family?: "ipv4" | "ipv6";
  readonly prefix?: string;
  readonly attr?: Record<string, unknown>;
}

const file = new URL("../../../../test/vectors/bgp/gobgp.json", import.meta.url);
const { vectors, made_by } = JSON.parse(readFileSync(file, "utf8")) as { vectors: Vector[]; made_by: string };

t.test(`vectors of ${made_by}`, async (t) => {
  for (const { what, type, hex, family, prefix = "", attr } of vectors) {
    const module = new BgpModule();
    const bytes = message(type, Buffer.from(hex, "hex"));
    if (type === 1) {
      const open = module.decodeOpen(bytes);
      t.match(open, { as: 65002, holdTime: 90, identifier: 0x0a000002 }, what);
      t.match(open && remoteJson(open), {
        afi_safi: [
          [1, 1],
          [2, 1],
        ],
        route_refresh: true,
        four_bytes_as: true,
      });
      continue;
    }
    const rib = module.tables.createRib();
    module.tables.startSession(rib, { fourOctetAs: true, ibgp: false, families: [FAMILY.ipv4, FAMILY.ipv6] });
    t.equal(module.check(rib, bytes, true), null, what);
    const key = parsePrefix(prefix);
    const found = key && module.tables.lookup(rib, FAMILY[family ?? "ipv4"], key.bytes, key.length);
    t.same(found && attributesJson(found), attr);
  }
});
