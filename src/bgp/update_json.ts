// The body of yabgp's send/update to messages: {"attr", "nlri", "withdraw"}, with 14 and 15 for all families.

import { ATTR, MESSAGE_BYTES_MAX } from "../wasm/bgp_numbers.js";
import { jsonContext } from "./attribute_context.js";
import { type AttributeContext, bad, list, ValueError } from "./attribute_values.js";
import { encodeAttributes } from "./attributes.js";
import { FAMILIES, type Family, familyByNumbers } from "./families.js";
import { members } from "./nlri/codec.js";
import { encodeItems } from "./nlri/items.js";
import { announceMessages, withdrawMessages } from "./update_encode.js";

export interface UpdateBody {
  readonly attr?: Readonly<Record<string, unknown>>;
  /** A list; yabgp gives an SR policy as one object. */
  readonly nlri?: unknown;
  readonly withdraw?: unknown;
}

export interface UpdateContext {
  readonly ibgp: boolean;
  readonly fourOctetAs: boolean;
  /** True for a family, by its place in FAMILIES, whose prefixes are sent with path identifiers. Default: none is. */
  readonly addPath?: (familyIndex: number) => boolean;
  /** Default: 4096, without extended messages (RFC 8654). */
  readonly messageBytesMax?: number;
}

interface MpBody {
  readonly family: Family;
  readonly body: Readonly<Record<string, unknown>>;
}

function mp(json: unknown): MpBody | null {
  if (json === undefined) return null;
  const body = members(json, "an object with afi_safi");
  const [afi, safi] = list(body["afi_safi"], 2);
  const family = familyByNumbers(afi as number, safi as number);
  const known = () => FAMILIES.map((row) => `[${row.afi},${row.safi}]`).join(", ");
  return family ? { family, body } : bad(body["afi_safi"], known());
}

const isEmpty = (items: unknown) =>
  items === undefined || items === null || (Array.isArray(items) && items.length === 0);

/** True when the body says anything to send: yabgp's rule. */
export function sendsSomething(body: UpdateBody): boolean {
  const attr = body.attr ?? {};
  const some = Object.keys(attr).length > 0;
  return (some && !isEmpty(body.nlri)) || !isEmpty(body.withdraw) || "14" in attr || "15" in attr;
}

/** What makes the messages of one session. */
class Maker {
  readonly #context: UpdateContext;
  readonly #values: AttributeContext;

  constructor(context: UpdateContext, values: AttributeContext) {
    this.#context = context;
    this.#values = values;
  }

  #addPath(family: Family): boolean {
    return this.#context.addPath?.(FAMILIES.indexOf(family)) ?? false;
  }

  #options(family: Family) {
    return { addPath: this.#addPath(family), context: this.#values };
  }

  get #bytesMax(): number {
    return this.#context.messageBytesMax ?? MESSAGE_BYTES_MAX;
  }

  /** `json`: a list, or one item. Throws ValueError, RangeError. */
  announce(family: Family, json: unknown, attributes: Buffer, hop: Buffer | null): Buffer {
    if (isEmpty(json)) return bad(json, "a list of 1 items or more as nlri");
    const items = encodeItems(family, json, { ...this.#options(family), withdraw: false });
    return announceMessages(family, attributes, hop, items, this.#bytesMax);
  }

  /** An empty list is End-of-RIB: what yabgp shows for one. Throws ValueError, RangeError. */
  withdraw(family: Family, json: unknown): Buffer {
    if (json === undefined || json === null) return bad(json, "a list as withdraw");
    const items = encodeItems(family, json, { ...this.#options(family), withdraw: true });
    return withdrawMessages(family, items, this.#bytesMax);
  }
}

const ipv4 = FAMILIES[0] as Family;

/**
 * The messages of a body: withdrawals first, then announcements, each cut at the session's longest message. On an
 * internal session LOCAL_PREF 100 is added when it is not given. Throws ValueError with what is wrong.
 */
export function encodeUpdateBody(body: UpdateBody, context: UpdateContext): Buffer {
  const attr = body.attr ?? {};
  const reach = mp(attr[String(ATTR.mpReach)]);
  const unreach = mp(attr[String(ATTR.mpUnreach)]);
  const values = jsonContext(attr);
  const maker = new Maker(context, values);
  const messages: Buffer[] = [];
  const make = (encode: () => Buffer) => {
    try {
      messages.push(encode());
    } catch (error) {
      throw error instanceof RangeError ? new ValueError(error.message) : error;
    }
  };
  if (!isEmpty(body.withdraw)) make(() => maker.withdraw(ipv4, body.withdraw));
  if (unreach) make(() => maker.withdraw(unreach.family, unreach.body["withdraw"]));
  const announced = Object.entries(attr).filter(([code]) => code !== "14" && code !== "15");
  const withPref = context.ibgp && !("5" in attr) ? [...announced, ["5", 100] as const] : announced;
  if (!isEmpty(body.nlri) && announced.length > 0) {
    const attributes = encodeAttributes(Object.fromEntries(withPref), context.fourOctetAs, values);
    make(() => maker.announce(ipv4, body.nlri, attributes, null));
  }
  if (reach) {
    const rest = Object.fromEntries(withPref.filter(([code]) => code !== String(ATTR.nextHop)));
    const attributes = encodeAttributes(rest, context.fourOctetAs, values);
    const hop = reach.family.hop.encode(reach.body);
    make(() => maker.announce(reach.family, reach.body["nlri"], attributes, hop));
  }
  return Buffer.concat(messages);
}
