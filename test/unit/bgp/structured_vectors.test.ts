// What GoBGP and ExaBGP send, decoded and made again. test/helpers/make_structured_vectors.ts says how it was made.

import { readFileSync } from "node:fs";
import t from "tap";
import { jsonContext } from "../../../src/bgp/attribute_context.js";
import { attributeRow, walkAttributes } from "../../../src/bgp/attributes.js";
import { type Family, familyByNumbers } from "../../../src/bgp/families.js";
import { encodeItems } from "../../../src/bgp/nlri/items.js";
import { updateView } from "../../../src/bgp/update_view.js";
import { message } from "../../helpers/bgp_raw.js";
import { LINK_STATE_ROUTES } from "../../helpers/structured_routes.js";

interface Vector {
  readonly what: string;
  readonly hex: string;
  readonly gobgp?: string;
  readonly attr: Record<string, unknown>;
}

const file = new URL("../../../../test/vectors/bgp/structured.json", import.meta.url);
const { vectors, made_by } = JSON.parse(readFileSync(file, "utf8")) as { vectors: Vector[]; made_by: string };

const attributesOf = (body: Buffer) => body.subarray(4, 4 + body.readUInt16BE(2));

t.test(`vectors of ${made_by}`, async (t) => {
  t.equal(vectors.length, 20);
  for (const { what, hex, attr } of vectors) {
    const body = Buffer.from(hex, "hex");
    const view = updateView(message(2, body), { fourOctetAs: true, addPath: () => false });
    t.same(view.attr, attr, what);
    const context = jsonContext(attr);
    for (const { code, value } of walkAttributes(attributesOf(body))) {
      if (code !== 14) {
        t.same(attributeRow(code).codec.encode(attr[code], 4, context), value, `${what}: attribute ${code} again`);
        continue;
      }
      const mp = attr["14"] as { afi_safi: [number, number]; nlri: unknown[] };
      const family = familyByNumbers(...mp.afi_safi) as Family;
      const items = Buffer.concat(encodeItems(family, mp.nlri, { addPath: false, withdraw: false, context }));
      t.same(items, value.subarray(5 + (value[3] as number)), `${what}: NLRI again`);
      t.same(family.hop.encode(mp as unknown as Record<string, unknown>), value.subarray(4, 4 + (value[3] as number)));
    }
  }
});

t.test("values that were given in words are the ones that are shown", async (t) => {
  const of = (words: RegExp) => vectors.find(({ what }) => words.test(what))?.attr;
  t.match(
    of(/a-d esi LACP/),
    { 14: { nlri: [{ value: { label: [1000], vni: [1000] } }] } },
    "a VXLAN network identifier",
  );
  t.match(of(/a-d esi MSTP/), { 14: { nlri: [{ value: { esi: { type: 2, value: { rb_priority: 7 } } } }] } });
  t.match(of(/router-mac.*|macadv/), { 16: ["route-target:65002:100", "encapsulation:8"] });
  t.match(of(/multicast 10.*pmsi/), { 22: { tunnel_type: 6, mpls_label: [1000], tunnel_id: "10.0.0.1" } });
  t.match(of(/leaf-info-required/), { 22: { leaf_info_required: 1, vni: [1000], tunnel_id: "2001:db8::1" } });
  t.match(of(/esi ROUTERID 1.2.3.4 5/), { 14: { nlri: [{ value: { esi: { type: 4, value: { ld_value: 5 } } } }] } });
  t.match(of(/prefix 2001/), { 14: { nlri: [{ value: { prefix: "2001:db8:1::/48", gateway: "2001:db8::1" } }] } });
  t.same(of(/aigp/)?.["26"], { metric: 4_294_967_297 });
  t.same(of(/large-community/)?.["32"], ["65001:1:2", "4294967295:0:1"]);
  t.same(of(/l2info/)?.["16"], [
    "route-target:65001:100",
    "route-target:4200000000:100",
    "route-origin:65001:7",
    "l2-info:19:0:1500:111",
    "dmzlink-bw:65001:125000000",
  ]);
  t.match(of(/bgp-prefix-sid \[/), {
    40: [{ label_index: { label_index: 300 } }, { originator_srgb: { srgb: [{ base: 800_000, range: 4096 }] } }],
  });
});

t.test("BGP-LS means the same to GoBGP", async (t) => {
  for (const { what, nlri, attribute } of LINK_STATE_ROUTES) {
    const vector = vectors.find((candidate) => candidate.what.startsWith(`${what},`));
    const { 14: reach, 29: state } = (vector?.attr ?? {}) as unknown as {
      14: { nlri: unknown[] };
      29: { type: string }[];
    };
    t.same(reach.nlri, [nlri], what);
    const known = new Set(state.map(({ type }) => type));
    t.same(
      state,
      (attribute as { type: string }[]).filter(({ type }) => known.has(type)),
      "GoBGP drops TLVs that it does not know, and keeps the others",
    );
  }
  const counts = vectors.filter(({ gobgp }) => gobgp).map(({ attr }) => (attr["29"] as unknown[]).length);
  t.same(counts, [8, 11, 2, 0], "so many TLVs are in what it sends");
  const names = vectors.map(({ gobgp }) => gobgp).filter(Boolean);
  t.same(names, [
    "NLRI { NODE { AS:65001 BGP-LS ID:0 0000.0000.0001 ISIS-L2:0 } }",
    "NLRI { LINK { LOCAL_NODE: 0000.0000.0001 REMOTE_NODE: 0000.0000.0002 LINK: 10.0.0.1->10.0.0.2} }",
    "NLRI { PREFIXv4 { LOCAL_NODE: 0000.0000.0001 PREFIX: [10.1.2.0/23] } }",
    "NLRI { PREFIXv6 { LOCAL_NODE: 0000.0000.0001 PREFIX: [2001:db8:1::/48] } }",
  ]);
});
