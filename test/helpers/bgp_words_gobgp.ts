// The words of rows for GoBGP: what a command announces, and what a body of ours sends and takes back.

import type { FamilyRow } from "./bgp_dialogue.js";

export const EXPORTED = { 1: 0, 2: [[2, [65_001]]] };

/** What GoBGP announces, if the command does not say otherwise: INCOMPLETE. */
export const from = (
  afiSafi: readonly [number, number],
  nexthop: unknown,
  more: Readonly<Record<string, unknown>> = {},
) => ({
  1: 2,
  2: [[2, [65_002]]],
  14: { afi_safi: afiSafi, nexthop },
  ...more,
});

type Ours = NonNullable<FamilyRow["ours"]>;

/** Sends an MP_REACH_NLRI and takes it back with an MP_UNREACH_NLRI. */
export function mp(
  afiSafi: readonly [number, number],
  nexthop: unknown,
  nlri: unknown,
  more: Readonly<Record<string, unknown>> = {},
  withdraw: unknown = nlri,
): Pick<Ours, "body" | "withdraw"> {
  return {
    body: { attr: { ...EXPORTED, ...more, 14: { afi_safi: afiSafi, nexthop, nlri } } },
    withdraw: { attr: { 15: { afi_safi: afiSafi, withdraw } } },
  };
}

/** `add` and `del` of the same words. */
export const rib = (family: string, words: string, tail = "") => ({
  announce: `global rib add -a ${family} ${words}${tail}`,
  withdraw: `global rib del -a ${family} ${words}`,
});
