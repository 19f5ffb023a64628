// Fields of NLRI of every family: they are read or refused as a whole, each NLRI is shown, and what is shown as JSON
// encodes, and reads as the same JSON again.

import { ValueError } from "../../../src/bgp/attribute_values.js";
import { FAMILIES, type Family } from "../../../src/bgp/families.js";
import { cutNlri } from "../../../src/bgp/nlri/cut.js";
import type { FuzzTarget } from "../registry.js";

const hex = (text: string) => Buffer.from(text, "hex");
/** By family: its place in FAMILIES first, then whether they are withdrawn and have path identifiers. */
const SEEDS: readonly (readonly [name: string, nlri: string])[] = [
  ["ipv4", "180a010108 0a"],
  ["ipv6", "2020010db8"],
  ["ipv4_lu", "300006410a0101480006400000c810a0101"],
  ["ipv6_lu", "380006412001 0db8"],
  ["vpnv4", "7000064100000064000000640a0101"],
  ["vpnv6", "780006410001c0000201000720010db8"],
  ["flowspec", "0b0118c0000203810604811904 0304c050"],
  ["ipv6_flowspec", "0e0120002001 0db8024020 01020304"],
  ["vpnv4_flowspec", "0e0000fde90000000702200a000001"],
  ["vpnv6_flowspec", "0c0000fde9000000070da100000005"],
  ["ipv4_srte", "60000000010000000a01020304"],
  ["ipv6_srte", "c0000000010000000a20010db8000000000000000000000001"],
  ["rtc", "600000fde90002fde90000006400200000fde9"],
];

/** What no JSON can say: hex digits of a malformed one, and numbers that never match. */
const unsayable = (json: unknown) =>
  typeof json === "string" || (typeof json === "object" && Object.keys(json as object).length === 0);

function again(family: Family, json: unknown, withdraw: boolean): void {
  if (unsayable(json)) return;
  let wire: Buffer;
  try {
    wire = family.nlri.encode(json, withdraw);
  } catch (error) {
    if (error instanceof ValueError) return;
    throw error;
  }
  const back = JSON.stringify(family.nlri.decode(wire, withdraw));
  const expected = withdraw && "label" in (json as object) ? { ...(json as object), label: [0x80000] } : json;
  if (back !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(json)} came back as ${back}`);
  if (!family.nlri.encode(JSON.parse(back), withdraw).equals(wire)) throw new Error(`${back} has two wire forms`);
}

const target: FuzzTarget = {
  name: "bgp_nlri",
  seeds: SEEDS.map(([name, nlri]) => {
    const index = FAMILIES.findIndex((family) => family.name === name);
    return Uint8Array.from([index, 0, ...hex(nlri.replace(/ /g, ""))]);
  }),
  run(bytes) {
    const family = FAMILIES[(bytes[0] ?? 0) % FAMILIES.length] as Family;
    const mode = bytes[1] ?? 0;
    const withdraw = (mode & 1) === 1;
    try {
      for (const { wire } of cutNlri(family, Buffer.from(bytes.subarray(2)), (mode & 2) === 2)) {
        again(family, family.nlri.decode(wire, withdraw), withdraw);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  },
};

export default target;
