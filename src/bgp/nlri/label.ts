// MPLS labels before a prefix (RFC 8277 §2): three octets each, label << 4 | traffic class << 1 | bottom of stack.

import { bad, list, unsigned } from "../attribute_values.js";

export const LABEL_BYTES = 3;
const LABEL_MAX = 0xfffff;
const BOTTOM = 1;
/** What stands for the labels in a withdrawal (RFC 8277 §2.4). */
const WITHDRAWN = 0x800000;
/** Label 0 without the bottom bit: yabgp announces an explicit null so, and it may stand in a withdrawal (RFC 8277 §2.4). */
const BARE_NULL = 0;

/** The label as it stands in a withdrawal. */
export const WITHDRAW_LABEL = Buffer.of(0x80, 0, 0);

/**
 * The labels of a stack. `room` is how many labels may stand there at most for the rest to be readable. A withdrawal has
 * one label field, which may be without the bottom bit; older speakers repeat the stack of the announcement. RangeError
 * when there is no label.
 */
export function readLabels(bytes: Buffer, room: number, withdraw: boolean): number[] {
  const first = bytes.readUIntBE(0, LABEL_BYTES);
  const labels: number[] = [];
  for (let at = 0; labels.length < room && at + LABEL_BYTES <= bytes.length; at += LABEL_BYTES) {
    const word = bytes.readUIntBE(at, LABEL_BYTES);
    labels.push(word >> 4);
    if ((word & BOTTOM) !== 0 || word === BARE_NULL || (withdraw && word === WITHDRAWN)) return labels;
  }
  return [first >> 4];
}

/** The wire form of a stack: the last label has the bottom bit. Throws ValueError. */
export function labelStack(json: unknown): Buffer {
  const labels = list(json, 1).map((label) => unsigned(label, LABEL_MAX));
  const last = labels.length - 1;
  // RFC 3032 §2.1; and it could not be told from the end of the stack.
  if (labels.some((label, i) => label === 0 && i < last)) return bad(json, "label 0 at the bottom of the stack only");
  const bytes = Buffer.alloc(labels.length * LABEL_BYTES);
  labels.forEach((label, i) => {
    bytes.writeUIntBE((label << 4) | (i === last ? BOTTOM : 0), i * LABEL_BYTES, LABEL_BYTES);
  });
  return bytes;
}
