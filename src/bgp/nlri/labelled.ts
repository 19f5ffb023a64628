// Labelled prefixes: labelled unicast (RFC 8277, RFC 4798) and VPN-IPv4/VPN-IPv6 (RFC 4364, RFC 4659), which put a route
// distinguisher between labels and prefix. JSON: {"label": [25], "rd": "100:100", "prefix": "11.11.11.11/32"}.

import { bad } from "../attribute_values.js";
import { members, type NlriCodec, orHex } from "./codec.js";
import { LABEL_BYTES, labelStack, readLabels, WITHDRAW_LABEL } from "./label.js";
import { prefixOctets, prefixText, readPrefix, type Width } from "./prefix.js";
import { RD_BYTES, rdText, readRd } from "./rd.js";

const LABEL_BITS = LABEL_BYTES * 8;

function labelledNlri(width: Width, rdBytes: 0 | typeof RD_BYTES): NlriCodec {
  const allowed = rdBytes === 0 ? '{"label": [n], "prefix"}' : '{"label": [n], "rd", "prefix"}';
  return orHex({
    decode: (wire, withdraw) => {
      const bits = wire.readUInt8(0) - rdBytes * 8;
      const label = readLabels(wire.subarray(1), Math.floor(bits / LABEL_BITS), withdraw);
      const at = 1 + label.length * LABEL_BYTES;
      const prefix = prefixText(bits - label.length * LABEL_BITS, wire.subarray(at + rdBytes), width);
      return rdBytes === 0 ? { label, prefix } : { label, rd: rdText(wire.subarray(at)), prefix };
    },
    encode: (json, withdraw) => {
      const body = members(json, allowed);
      const labels = withdraw ? WITHDRAW_LABEL : labelStack(body["label"]);
      const rd = rdBytes === 0 ? Buffer.alloc(0) : readRd(body["rd"]);
      const prefix = readPrefix(body["prefix"], width);
      const bits = (labels.length + rd.length) * 8 + prefix.length;
      if (bits > 255) return bad(body["label"], "a label stack that fits into 255 bits with the prefix");
      return Buffer.concat([Uint8Array.of(bits), labels, rd, prefixOctets(prefix)]);
    },
  });
}

/** Labelled unicast. In withdrawals `label` may be left out: 0x800000 is sent (RFC 8277 §2.4). */
export const labelledUnicast = (width: Width) => labelledNlri(width, 0);

/** VPN-IPv4 or VPN-IPv6. In withdrawals `label` may be left out. */
export const vpn = (width: Width) => labelledNlri(width, RD_BYTES);
