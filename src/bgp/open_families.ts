// The families that two OPENs agree on (RFC 4760 §8).

import { CAP } from "../wasm/bgp_numbers.js";
import { openCapabilities } from "./message_json.js";
import type { ObservedPeer } from "./observer.js";

function offered(open: Uint8Array): string[] {
  const message = Buffer.from(open.buffer, open.byteOffset, open.length);
  const families = openCapabilities(message)
    .filter(({ code, value }) => code === CAP.multiprotocol && value.length === 4)
    .map(({ value }) => `${value.readUInt16BE(0)}/${value[3]}`);
  // Without the capability a speaker means IPv4 unicast.
  return families.length > 0 ? families : ["1/1"];
}

/** AFI and SAFI of each family of a session. */
export function sessionFamilies(peer: ObservedPeer): [number, number][] {
  const theirs = offered(peer.openReceived);
  const both = offered(peer.openSent).filter((name) => theirs.includes(name));
  return [...new Set(both)].map((name) => name.split("/").map(Number) as [number, number]);
}
