// One line a prefix, as `bgpdump -m` writes them, with the columns
// FORMAT|seconds|A, W, B or STATE|peer|AS|prefix|[path id|]AS path|origin|next hop|local pref|MED|communities|AG|aggregator|

import { type MrtContent, MrtFault } from "./decode.js";
import type { MrtRecord } from "./framer.js";
import { Ink, long, word } from "./ink.js";
import { MRT } from "./numbers.js";
import { type MpPart, PathText } from "./path_text.js";

type Message = MrtContent & { readonly kind: "message" };
type Routes = MrtContent & { readonly kind: "routes" };

const UPDATE = 2;
const HEADER = 19;
const BAR = 124;
const NEWLINE = 10;
const path = new PathText();

/** Unicast and multicast of IPv4 and IPv6: what the format has words for. */
const printable = (afi: number, safi: number) => (afi === 1 || afi === 2) && (safi === 1 || safi === 2);

/** What lines of a message have in common: before the prefix when withdrawn and announced, and behind it. */
const withdrawn = new Ink();
const announced = new Ink();
const tail = new Ink();

/** One line a prefix from `at` to `end`: `head`, prefix, path identifier, and the tail of an announcement. */
function prefixLines(
  to: Ink,
  bytes: Buffer,
  part: Pick<MpPart, "at" | "end" | "afi">,
  addPath: boolean,
  head: Ink,
): void {
  const { at: from, end, afi } = part;
  const most = afi === 1 ? 32 : 128;
  for (let at = from; at < end; ) {
    const id = at;
    if (addPath) at += 4;
    const bits = at < end ? (bytes[at] as number) : 256;
    const next = at + 1 + ((bits + 7) >> 3);
    if (bits > most || next > end) throw new MrtFault("a prefix that is none");
    to.ink(head).prefix(bytes, at, afi);
    if (addPath) to.octet(BAR).number(long(bytes, id));
    if (head === announced) to.octet(BAR).ink(tail);
    else to.octet(NEWLINE);
    at = next;
  }
}

function messageLines(to: Ink, record: MrtRecord, content: Message): void {
  const { message: bytes, asBytes, addPath, peer } = content;
  if (bytes.length < HEADER) throw new MrtFault(`a message of ${bytes.length} bytes`);
  if (bytes[18] !== UPDATE) return;
  const end = word(bytes, 16);
  if (end < HEADER + 4 || end > bytes.length) {
    throw new MrtFault(`a message that says it has ${end} bytes, in a record with ${bytes.length}`);
  }
  const attributes = HEADER + 2 + word(bytes, HEADER);
  const nlri = attributes + 2 + (attributes + 2 <= end ? word(bytes, attributes) : 0);
  if (nlri > end) throw new MrtFault("the parts of an UPDATE are longer than it");
  path.read(bytes, attributes + 2, nlri, asBytes);
  for (const [head, letter] of HEADS) {
    timed(head.clear().ascii(formatName(record, content)).octet(BAR), record).ascii(letter);
    head.address(peer.address).octet(BAR).number(peer.as).octet(BAR);
  }
  prefixLines(to, bytes, { at: HEADER + 2, end: attributes, afi: 1 }, addPath, withdrawn);
  for (const part of path.unreach) {
    if (printable(part.afi, part.safi)) prefixLines(to, bytes, part, addPath, withdrawn);
  }
  if (nlri < end) {
    path.columns(tail.clear(), null);
    prefixLines(to, bytes, { at: nlri, end, afi: 1 }, addPath, announced);
  }
  for (const part of path.reach) {
    if (!printable(part.afi, part.safi)) continue;
    path.columns(tail.clear(), part);
    prefixLines(to, bytes, part, addPath, announced);
  }
}

const HEADS = [
  [withdrawn, "|W|"],
  [announced, "|A|"],
] as const;

function formatName({ type }: MrtRecord, { sent, addPath }: Pick<Message, "sent" | "addPath">): string {
  return `BGP4MP${type === MRT.bgp4mpEt ? "_ET" : ""}${sent ? "_LOCAL" : ""}${addPath ? "_AP" : ""}`;
}

/** Seconds, with six digits of a second for types that have them. */
function timed(to: Ink, { time, micros }: MrtRecord): Ink {
  to.number(time);
  return micros < 0 ? to : to.ascii(`.${String(micros).padStart(6, "0")}`);
}

function routeLines(to: Ink, { time }: MrtRecord, content: Routes): void {
  const { v2, afi, safi, addPath, asBytes, routes } = content;
  if (!printable(afi, safi)) return;
  const format = addPath ? "TABLE_DUMP2_AP|" : v2 ? "TABLE_DUMP2|" : "TABLE_DUMP|";
  for (const { peer, nlri, pathId, attributes } of routes) {
    path.read(attributes, 0, attributes.length, asBytes);
    to.ascii(format).number(time).ascii("|B|").address(peer.address).octet(BAR).number(peer.as).octet(BAR);
    to.prefix(nlri, 0, afi).octet(BAR);
    if (addPath) to.number(pathId).octet(BAR);
    path.columns(to, path.reach[0] ?? null);
  }
}

/** Writes the lines of a record. Throws MrtFault; nothing is written then. */
export function recordLines(to: Ink, record: MrtRecord, content: MrtContent): void {
  const begin = to.length;
  try {
    if (content.kind === "message") messageLines(to, record, content);
    else if (content.kind === "routes") routeLines(to, record, content);
    else if (content.kind === "state") {
      const { peer, from, to: state } = content;
      timed(to.ascii(formatName(record, { sent: false, addPath: false })).octet(BAR), record).ascii("|STATE|");
      to.address(peer.address).ascii(`|${peer.as}|${from}|${state}\n`);
    }
  } catch (error) {
    to.length = begin;
    throw error;
  }
}
