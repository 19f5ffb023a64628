// The body of yabgp's send/update to messages: {"attr", "nlri", "withdraw"}, with 14 and 15 for other families.

import { parseAddress, parsePrefix } from "../base/ip.js";
import { LIMITS } from "../base/limits.js";
import type { BgpModule } from "../wasm/bgp.js";
import { ATTR, FAMILY } from "../wasm/bgp_numbers.js";
import { bad, list, ValueError } from "./attribute_values.js";
import { encodeAttributes } from "./attributes.js";
import { FAMILIES, type RibFamily } from "./families.js";

export interface UpdateBody {
  readonly attr?: Readonly<Record<string, unknown>>;
  readonly nlri?: readonly unknown[];
  readonly withdraw?: readonly unknown[];
}

export interface UpdateContext {
  readonly ibgp: boolean;
  readonly fourOctetAs: boolean;
}

/** The prefixes' wire form. Host bits are cleared. */
function prefixes(items: unknown, bytes: 4 | 16): Buffer {
  const all = list(items, 1);
  if (all.length > LIMITS.bgpPrefixesPerUpdate) bad(all.length, `${LIMITS.bgpPrefixesPerUpdate} prefixes in one call`);
  const parts = all.map((item) => {
    const prefix = typeof item === "string" ? parsePrefix(item) : null;
    if (prefix?.bytes.length !== bytes)
      return bad(item, bytes === 4 ? "IPv4 prefixes a.b.c.d/n" : "IPv6 prefixes x::/n");
    return Buffer.concat([Uint8Array.of(prefix.length), prefix.bytes.subarray(0, (prefix.length + 7) >> 3)]);
  });
  return Buffer.concat(parts);
}

interface MpBody {
  readonly family: RibFamily;
  readonly body: Readonly<Record<string, unknown>>;
}

function mp(json: unknown): MpBody | null {
  if (json === undefined) return null;
  if (typeof json !== "object" || json === null || Array.isArray(json)) return bad(json, "an object with afi_safi");
  const body = json as Record<string, unknown>;
  const [afi, safi] = list(body["afi_safi"], 2);
  const family = FAMILIES.find((row) => row.afi === afi && row.safi === safi);
  if (!family || family.rib === null) return bad(body["afi_safi"], "[1,1] and [2,1]");
  return { family: family as RibFamily, body };
}

function nextHop({ body }: MpBody): Buffer {
  const hop = typeof body["nexthop"] === "string" ? parseAddress(body["nexthop"]) : null;
  if (!hop) return bad(body["nexthop"], "an address as nexthop");
  const local = body["linklocal_nexthop"];
  if (local === undefined) return Buffer.from(hop);
  const bytes = typeof local === "string" ? parseAddress(local) : null;
  return bytes?.length === 16 && hop.length === 16
    ? Buffer.concat([hop, bytes])
    : bad(local, "an IPv6 address as linklocal_nexthop");
}

const width = (family: RibFamily) => (family.afi === 2 ? 16 : 4);

/** True when the body says anything to send: yabgp's rule. */
export function sendsSomething(body: UpdateBody): boolean {
  const attr = body.attr ?? {};
  const some = Object.keys(attr).length > 0;
  return (some && !!body.nlri?.length) || !!body.withdraw?.length || "14" in attr || "15" in attr;
}

/**
 * The messages of a body: withdrawals first, then announcements, each cut at 4096 bytes. On an internal session
 * LOCAL_PREF 100 is added when it is not given. Throws ValueError with what is wrong.
 */
export function encodeUpdateBody(module: BgpModule, body: UpdateBody, context: UpdateContext): Buffer {
  const attr = body.attr ?? {};
  const reach = mp(attr[String(ATTR.mpReach)]);
  const unreach = mp(attr[String(ATTR.mpUnreach)]);
  const messages: Buffer[] = [];
  const make = (encode: () => Buffer) => {
    try {
      messages.push(encode());
    } catch (error) {
      throw error instanceof RangeError ? new ValueError(error.message) : error;
    }
  };
  if (body.withdraw?.length) {
    const nlri = prefixes(body.withdraw, 4);
    make(() => module.encodeWithdraw(FAMILY.ipv4, nlri));
  }
  if (unreach) {
    const nlri = prefixes(unreach.body["withdraw"], width(unreach.family));
    make(() => module.encodeWithdraw(unreach.family.rib, nlri));
  }
  const announced = Object.entries(attr).filter(([code]) => code !== "14" && code !== "15");
  const withPref = context.ibgp && !("5" in attr) ? [...announced, ["5", 100] as const] : announced;
  if (body.nlri?.length && announced.length > 0) {
    const attributes = encodeAttributes(Object.fromEntries(withPref), context.fourOctetAs);
    const nlri = prefixes(body.nlri, 4);
    make(() => module.encodeAnnounce(FAMILY.ipv4, attributes, null, nlri));
  }
  if (reach) {
    const rest = Object.fromEntries(withPref.filter(([code]) => code !== String(ATTR.nextHop)));
    const attributes = encodeAttributes(rest, context.fourOctetAs);
    const nlri = prefixes(reach.body["nlri"], width(reach.family));
    const hop = nextHop(reach);
    make(() => module.encodeAnnounce(reach.family.rib, attributes, hop, nlri));
  }
  return Buffer.concat(messages);
}
