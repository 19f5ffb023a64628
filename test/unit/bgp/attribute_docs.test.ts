// What docs/bgp-attributes.md gives as examples is sent and shown as it stands there, and its lists are complete.

import { readFileSync } from "node:fs";
import t from "tap";
import { ATTRIBUTES, attributesJson, encodeAttributes } from "../../../src/bgp/attributes.js";
import { EXT_COMMUNITY_ROWS } from "../../../src/bgp/ext_community_rows.js";
import { LINK_STATE_TLVS, linkState } from "../../../src/bgp/link_state/attribute.js";
import { bgplsNlri } from "../../../src/bgp/nlri/bgpls.js";
import { evpnNlri } from "../../../src/bgp/nlri/evpn.js";
import { prefixSid } from "../../../src/bgp/prefix_sid.js";

const text = readFileSync(new URL("../../../../docs/bgp-attributes.md", import.meta.url), "utf8");

/** The part under a heading. */
function section(heading: string): string {
  const part = text.split(/^## /m).find((candidate) => candidate.startsWith(heading));
  if (part === undefined) throw new Error(`no section ${heading}`);
  return part;
}

const block = (heading: string): unknown => JSON.parse(/```json\n([\s\S]*?)```/.exec(section(heading))?.[1] ?? "null");
/** First cell and code spans of every row of a section's tables. */
const rows = (heading: string) =>
  [...section(heading).matchAll(/^\| ([^|]+) \|(.*)\|$/gm)].map(([, first = "", rest = ""]) => ({
    first,
    spans: [...`${first} ${rest}`.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span),
  }));

t.test("the table of attributes", async (t) => {
  const codes = new Set<number>();
  for (const { spans } of rows("The table")) {
    const [example] = spans;
    if (example === undefined) continue;
    const attr = JSON.parse(`{${example}}`) as Record<string, unknown>;
    t.same(attributesJson(encodeAttributes(attr, true)), attr, example);
    for (const code of Object.keys(attr)) codes.add(Number(code));
  }
  const elsewhere = [14, 15, 17, 18, 23];
  t.same(
    ATTRIBUTES.filter(({ code }) => !codes.has(code) && !elsewhere.includes(code)),
    [],
  );
});

t.test("extended communities", async (t) => {
  const names = new Set<string>();
  for (const { spans } of rows("Extended communities")) {
    for (const item of spans.filter((span) => !/</.test(span) && (span.includes(":") || span === "default-gateway"))) {
      t.same(attributesJson(encodeAttributes({ 16: [item] }, true)), { 16: [item] }, item);
      names.add(item.split(":")[0] as string);
    }
  }
  t.same(
    EXT_COMMUNITY_ROWS.filter(({ name }) => !names.has(name) && name !== "color-00"),
    [],
  );
});

t.test("PMSI_TUNNEL", async (t) => {
  for (const { first, spans } of rows("PMSI_TUNNEL")) {
    for (const [type] of first.matchAll(/\d+(?= )/g)) {
      const tunnel_id = spans[0] === undefined ? null : (JSON.parse(spans[0]) as unknown);
      const tunnel = { leaf_info_required: 0, tunnel_type: Number(type), mpls_label: [0], vni: [0], tunnel_id };
      t.same(attributesJson(encodeAttributes({ 22: tunnel }, true)), { 22: tunnel }, first);
    }
  }
});

t.test("routes, PREFIX_SID and LINK_STATE", async (t) => {
  let routes = 0;
  for (const { first, spans } of rows("EVPN")) {
    const [span = ""] = spans;
    if (!span.startsWith('{"rd"')) continue;
    const json = { type: Number(first), value: JSON.parse(span) as unknown };
    t.same(evpnNlri.decode(evpnNlri.encode(json, false), false), json);
    routes++;
  }
  t.equal(routes, 5);
  const sids = block("PREFIX_SID");
  t.same(prefixSid.decode(prefixSid.encode(sids, 4), 4), sids);
  const link = block("BGP-LS");
  t.same(bgplsNlri.decode(bgplsNlri.encode(link, false), false), link);
  const state = block("LINK_STATE");
  const context = { protocolId: 2 };
  t.same(linkState.decode(linkState.encode(state, 4, context), 4, context), state);
  const named = section("LINK_STATE");
  t.same(
    LINK_STATE_TLVS.filter(({ type, name }) => !named.includes(String(type)) || !named.includes(`\`${name}\``)),
    [],
  );
});
