// docs/bgp-families.md shows forms that work: every item of its table and every example is sent and read back.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { FAMILIES, familyByName } from "../../../src/bgp/families.js";
import { decodeItems, encodeItems } from "../../../src/bgp/nlri/items.js";
import { encodeUpdateBody } from "../../../src/bgp/update_json.js";
import { isMalformed, updateView } from "../../../src/bgp/update_view.js";
import { TOP } from "../../helpers/appliance.js";

const text = readFileSync(join(TOP, "docs/bgp-families.md"), "utf8");
const OWN_FORMS = ["evpn", "bgpls"];
const plain = { addPath: false, withdraw: false };

t.test("every family has a row, with an item that comes back", async (t) => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| \[(\d+), (\d+)\] \| `(.+?)` \| `(.+)` \|$/gm)];
  const names = FAMILIES.map(({ name }) => name).filter((name) => !OWN_FORMS.includes(name));
  t.same(rows.map((row) => row[1]).sort(), names.sort());
  for (const [, name = "", afi, safi, hop = "", shown = ""] of rows) {
    const family = familyByName(name);
    t.match(family, { afi: Number(afi), safi: Number(safi) }, name);
    if (!family) continue;
    const item: unknown = JSON.parse(shown.replace(/\\\|/g, "|"));
    t.same(decodeItems(family, Buffer.concat(encodeItems(family, [item], plain)), plain), [item], name);
    const nexthop: unknown = JSON.parse(hop);
    t.same(family.hop.decode(family.hop.encode({ nexthop })), { nexthop }, `next hop of ${name}`);
  }
});

t.test("the examples can be sent", async (t) => {
  const bodies = [...text.matchAll(/```json\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block.split(/\n(?=\{)/).map((body) => JSON.parse(body)),
  );
  t.ok(bodies.length >= 3);
  for (const body of bodies) {
    const message = encodeUpdateBody(body, { ibgp: false, fourOctetAs: true });
    t.notOk(isMalformed(updateView(message, { fourOctetAs: true, addPath: () => false })));
  }
});
