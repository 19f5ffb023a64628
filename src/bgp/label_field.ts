// The three octets that EVPN and PMSI_TUNNEL have for a label: an MPLS label is their high 20 bits (RFC 7432 §7), a VXLAN
// network identifier all 24 (RFC 8365 §5.1.3). Which one it is stands in another attribute, so JSON shows both.

import { bad, unsigned } from "./attribute_values.js";

/** The label that a field is shown as. */
export const labelOfField = (field: number, vxlan: boolean | undefined): number => (vxlan ? field : field >> 4);

/** The field of a label, of a `vni`, or of both when they agree; undefined without both. Throws ValueError. */
export function fieldOf(label: unknown, vni: unknown, vxlan: boolean | undefined): number | undefined {
  const number = label === undefined ? undefined : unsigned(label, vxlan ? 0xffffff : 0xfffff);
  const field = vni === undefined ? undefined : unsigned(vni, 0xffffff);
  if (field === undefined) return number === undefined || vxlan ? number : number * 16;
  if (number !== undefined && number !== field >> 4 && !(vxlan && number === field)) {
    return bad({ label, vni }, "one of label and vni, or both with the label that the vni's high 20 bits are");
  }
  return field;
}
