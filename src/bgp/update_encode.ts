// UPDATE messages of any family from NLRI that are encoded already: cut so that each holds whole NLRI.

import { LIMITS } from "../base/limits.js";
import { ATTR, FLAG, HEADER_BYTES, MSG } from "../wasm/bgp_numbers.js";
import { u16 } from "./attribute_values.js";
import type { Family } from "./families.js";

/** Header, and the lengths of withdrawn routes and attributes (RFC 4271 §4.3). */
const EMPTY_UPDATE_BYTES = HEADER_BYTES + 4;
/** Flags, code and two length octets. */
const ATTRIBUTE_HEAD_BYTES = 4;
const MARKER = Buffer.alloc(16, 0xff);

function updateMessage(withdrawn: Buffer, attributes: Buffer, nlri: Buffer): Buffer {
  const bytes = EMPTY_UPDATE_BYTES + withdrawn.length + attributes.length + nlri.length;
  const head = Buffer.concat([MARKER, u16(bytes), Uint8Array.of(MSG.update)]);
  return Buffer.concat([head, u16(withdrawn.length), withdrawn, u16(attributes.length), attributes, nlri]);
}

function mpAttribute(code: number, value: Buffer): Buffer {
  return Buffer.concat([Uint8Array.of(FLAG.optional | FLAG.extendedLength, code), u16(value.length), value]);
}

const afiSafi = (family: Family) => Buffer.concat([u16(family.afi), Uint8Array.of(family.safi)]);

/**
 * Messages of whole items: as many as `room` bytes hold go into each. RangeError when one alone is longer, and when all
 * are more than LIMITS.bgpEncodedBytes.
 */
function inMessages(items: readonly Buffer[], room: number, make: (part: Buffer) => Buffer): Buffer {
  const messages: Buffer[] = [];
  let total = 0;
  for (let from = 0, to = 0; from < items.length; from = to) {
    let bytes = 0;
    while (to < items.length && bytes + (items[to] as Buffer).length <= room) bytes += (items[to++] as Buffer).length;
    if (to === from) throw new RangeError("the attributes leave no room for a prefix in one message");
    const message = make(Buffer.concat(items.slice(from, to)));
    total += message.length;
    if (total > LIMITS.bgpEncodedBytes) throw new RangeError("these are too many messages for one call");
    messages.push(message);
  }
  return Buffer.concat(messages);
}

/**
 * The UPDATEs that announce `items` (one NLRI each, path identifier included) with `attributes`, none longer than
 * `messageBytesMax`. They stand in an MP_REACH_NLRI, which comes first (RFC 7606 §5.1), with the next hop `hop`; for
 * IPv4 unicast with `hop` null in the UPDATE's own field. RangeError when the attributes leave no room.
 */
export function announceMessages(
  family: Family,
  attributes: Buffer,
  hop: Buffer | null,
  items: readonly Buffer[],
  messageBytesMax: number,
): Buffer {
  const room = messageBytesMax - EMPTY_UPDATE_BYTES - attributes.length;
  const none = Buffer.alloc(0);
  if (!hop) return inMessages(items, room, (nlri) => updateMessage(none, attributes, nlri));
  const head = Buffer.concat([afiSafi(family), Uint8Array.of(hop.length), hop, Uint8Array.of(0)]);
  return inMessages(items, room - ATTRIBUTE_HEAD_BYTES - head.length, (nlri) => {
    const reach = mpAttribute(ATTR.mpReach, Buffer.concat([head, nlri]));
    return updateMessage(none, Buffer.concat([reach, attributes]), none);
  });
}

/** The UPDATEs that withdraw `items`; without any the family's End-of-RIB marker (RFC 4724 §2). */
export function withdrawMessages(family: Family, items: readonly Buffer[], messageBytesMax: number): Buffer {
  const none = Buffer.alloc(0);
  const room = messageBytesMax - EMPTY_UPDATE_BYTES;
  if (family.afi === 1 && family.safi === 1) {
    if (items.length === 0) return updateMessage(none, none, none);
    return inMessages(items, room, (part) => updateMessage(part, none, none));
  }
  const head = afiSafi(family);
  const make = (part: Buffer) => updateMessage(none, mpAttribute(ATTR.mpUnreach, Buffer.concat([head, part])), none);
  if (items.length === 0) return make(none);
  return inMessages(items, room - ATTRIBUTE_HEAD_BYTES - head.length, make);
}
