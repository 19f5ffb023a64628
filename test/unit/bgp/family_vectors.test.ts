// Routes of many families as GoBGP and ExaBGP send them: read, and made again. test/helpers/make_family_vectors.ts says
// how the bytes were made.

import { readFileSync } from "node:fs";
import t from "tap";
import { walkAttributes } from "../../../src/bgp/attributes.js";
import { familyByName } from "../../../src/bgp/families.js";
import { encodeItems } from "../../../src/bgp/nlri/items.js";
import { tunnelEncaps } from "../../../src/bgp/tunnel_encaps.js";
import { isMalformed, updateView } from "../../../src/bgp/update_view.js";
import { message } from "../../helpers/bgp_raw.js";
import type { FamilyRoute } from "../../helpers/family_routes.js";

interface Vector extends FamilyRoute {
  readonly by: string;
  readonly action: "announce" | "withdraw";
  readonly hex: string;
}

const file = new URL("../../../../test/vectors/bgp/families.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, "utf8")) as { vectors: Vector[] };
const context = { fourOctetAs: true, addPath: () => false };

/** The value of an attribute of an UPDATE that has no withdrawn routes. */
function attributeOf(body: Buffer, wanted: number): Buffer {
  const attributes = body.subarray(4, 4 + body.readUInt16BE(2));
  const found = [...walkAttributes(attributes)].find(({ code }) => code === wanted);
  if (!found) throw new Error(`no attribute ${wanted}`);
  return found.value;
}

/** GoBGP repeats the labels in a withdrawal: what counts there is the prefix. */
const withoutLabel = (nlri: unknown) => {
  const { label: _, ...rest } = nlri as Record<string, unknown>;
  return rest;
};

t.test("every kind of family is there", async (t) => {
  const names = new Set(vectors.map(({ family }) => family));
  t.equal(names.size, 11);
});

for (const { by, what, action, hex, family: name, nlri, hop, attr, otherwise } of vectors) {
  t.test(`${by.split("\n")[0]}: ${what.slice(0, 100)}`, async (t) => {
    const body = Buffer.from(hex, "hex");
    const family = familyByName(name);
    if (!family) throw new Error(`no family ${name}`);
    const record = updateView(message(2, body), context);
    t.notOk(isMalformed(record));
    t.match(record, { afi_safi: name, nlri: [], withdraw: [] });
    const key = action === "announce" ? "14" : "15";
    const mp = record.attr[key] as Record<string, unknown>;
    t.same(mp["afi_safi"], [family.afi, family.safi]);
    const items = (mp["nlri"] ?? mp["withdraw"]) as unknown[];
    t.equal(items.length, 1);
    if (action === "withdraw") {
      t.same(withoutLabel(items[0]), withoutLabel(nlri));
      if ("label" in (nlri as object)) return;
    } else t.same(items[0], nlri);
    if (otherwise) return;
    const value = attributeOf(body, Number(key));
    const [bytes] = encodeItems(family, [nlri], { addPath: false, withdraw: action === "withdraw" });
    const at = action === "announce" ? 5 + (value[3] as number) : 3;
    t.equal(bytes?.toString("hex"), value.subarray(at).toString("hex"), "the same bytes again");
    if (action === "withdraw") return;
    const hopBytes = value.subarray(4, 4 + (value[3] as number));
    t.equal(family.hop.encode(mp).toString("hex"), hopBytes.toString("hex"), "the same next hop again");
    if (hop) t.match(mp, hop);
    for (const [code, json] of Object.entries(attr ?? {})) t.same(record.attr[code], json, `attribute ${code}`);
    if (attr?.["23"])
      t.equal(tunnelEncaps.encode(attr["23"], 4).toString("hex"), attributeOf(body, 23).toString("hex"));
  });
}
