// UPDATEs from routes of a RIB, with four-octet AS numbers: prefixes that share attributes share messages.

import { FLAG, HEADER_BYTES, MSG } from "../wasm/bgp_numbers.js";
import { walkAttributes } from "./attributes.js";
import { FAMILIES, type Family } from "./families.js";
import type { DumpedRoute } from "./rib_source.js";

const MESSAGE_BYTES = 4_096;
const MP_REACH = 14;
const MP_UNREACH = 15;
const u16 = (value: number) => Buffer.of(value >> 8, value & 255);

/** An UPDATE without withdrawn prefixes. */
function update(attributes: readonly Uint8Array[], nlri: readonly Uint8Array[]): Buffer {
  const bytes = (parts: readonly Uint8Array[]) => parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(HEADER_BYTES + 4, 0xff);
  const attributeBytes = bytes(attributes);
  head.writeUInt16BE(head.length + attributeBytes + bytes(nlri), HEADER_BYTES - 3);
  head[HEADER_BYTES - 1] = MSG.update;
  head.writeUInt16BE(0, HEADER_BYTES);
  head.writeUInt16BE(attributeBytes, HEADER_BYTES + 2);
  return Buffer.concat([head, ...attributes, ...nlri]);
}

/** End-of-RIB of a family (RFC 4724 §2). */
export function endOfRib(afi: number, safi: number): Buffer {
  if (afi === 1 && safi === 1) return update([], []);
  return update([Buffer.of(FLAG.optional, MP_UNREACH, 3, afi >> 8, afi & 255, safi)], []);
}

/** One message with all prefixes of `nlri`; `attributes` are a set's, see DumpedRoute. */
function announcement({ afi, safi }: Family, attributes: Uint8Array, nlri: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.from(attributes.buffer, attributes.byteOffset, attributes.length);
  const first = walkAttributes(bytes).next().value;
  if (!first || first.code !== MP_REACH) return update([bytes], nlri);
  const rest = bytes.subarray(first.value.length + (first.flags & FLAG.extendedLength ? 4 : 3));
  const hop = first.value.subarray(3);
  const length = 3 + hop.length + 1 + nlri.reduce((sum, one) => sum + one.length, 0);
  const head = Buffer.of(FLAG.optional | FLAG.extendedLength, MP_REACH, length >> 8, length & 255, ...u16(afi), safi);
  return update([head, hop, Buffer.of(0), ...nlri, rest], []);
}

const same = (a: Uint8Array, b: Uint8Array) => a === b || Buffer.compare(a, b) === 0;

/**
 * The messages that announce the routes of one peer. `addPath` tells whether prefixes of a family, by its index, carry
 * path identifiers. A message is longer than 4096 bytes only when one prefix with its attributes is.
 */
export function routeUpdates(routes: readonly DumpedRoute[], addPath: (family: number) => boolean): Buffer {
  const messages: Buffer[] = [];
  for (let from = 0; from < routes.length; ) {
    const { family, attributes } = routes[from] as DumpedRoute;
    const nlri: Uint8Array[] = [];
    let room = MESSAGE_BYTES - HEADER_BYTES - 4 - 16 - attributes.length;
    let next = from;
    for (; next < routes.length; next++) {
      const route = routes[next] as DumpedRoute;
      const size = route.nlri.length + (addPath(family) ? 4 : 0);
      if (next > from && (route.family !== family || size > room || !same(route.attributes, attributes))) break;
      if (addPath(family)) {
        const id = Buffer.alloc(4);
        id.writeUInt32BE(route.pathId >>> 0);
        nlri.push(id);
      }
      nlri.push(route.nlri);
      room -= size;
    }
    messages.push(announcement(FAMILIES[family] as Family, attributes, nlri));
    from = next;
  }
  return Buffer.concat(messages);
}
