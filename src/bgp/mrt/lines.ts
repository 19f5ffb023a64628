// One line a prefix, as `bgpdump -m` writes them, with the columns
// FORMAT|seconds|A, W, B or STATE|peer|AS|prefix|[path id|]AS path|origin|next hop|local pref|MED|communities|AG|aggregator|

import { type MrtContent, MrtFault } from "./decode.js";
import type { MrtRecord } from "./framer.js";
import { MRT } from "./numbers.js";
import { type MpPart, PathText } from "./path_text.js";
import { address, long, prefix, word } from "./text.js";

type Message = MrtContent & { readonly kind: "message" };
type Routes = MrtContent & { readonly kind: "routes" };

const UPDATE = 2;
const HEADER = 19;
const path = new PathText();

/** Unicast and multicast of IPv4 and IPv6: what the format has words for. */
const printable = (afi: number, safi: number) => (afi === 1 || afi === 2) && (safi === 1 || safi === 2);

/** The columns behind the prefix. */
function columns(hop: string): string {
  const { asPath, origin, localPref, med, communities, atomic, aggregator } = path;
  const text = `${asPath}|${origin}|${hop}|${localPref}|${med}|${communities}|${atomic ? "AG" : "NAG"}|${aggregator}`;
  return `${text}|\n`;
}

/** One line a prefix from `at` to `end`. `tail`: what follows the prefix, "" for withdrawals. */
function prefixLines(
  bytes: Buffer,
  { at: from, end, afi }: Pick<MpPart, "at" | "end" | "afi">,
  addPath: boolean,
  head: string,
  tail: string,
): string {
  const most = afi === 1 ? 32 : 128;
  const close = tail === "" ? "\n" : `|${tail}`;
  let text = "";
  for (let at = from; at < end; ) {
    const id = at;
    if (addPath) at += 4;
    const bits = at < end ? (bytes[at] as number) : 256;
    const next = at + 1 + ((bits + 7) >> 3);
    if (bits > most || next > end) throw new MrtFault("a prefix that is none");
    text += `${head}${prefix(bytes, at, afi)}${addPath ? `|${long(bytes, id)}` : ""}${close}`;
    at = next;
  }
  return text;
}

function messageLines(record: MrtRecord, content: Message): string {
  const { message: bytes, asBytes, addPath, peer } = content;
  if (bytes.length < HEADER) throw new MrtFault(`a message of ${bytes.length} bytes`);
  if (bytes[18] !== UPDATE) return "";
  const end = word(bytes, 16);
  if (end < HEADER + 4 || end > bytes.length) {
    throw new MrtFault(`a message that says it has ${end} bytes, in a record with ${bytes.length}`);
  }
  const attributes = HEADER + 2 + word(bytes, HEADER);
  const nlri = attributes + 2 + (attributes + 2 <= end ? word(bytes, attributes) : 0);
  if (nlri > end) throw new MrtFault("the parts of an UPDATE are longer than it");
  path.read(bytes, attributes + 2, nlri, asBytes);
  const head = `${formatName(record, content)}|${timeText(record)}`;
  const from = `${address(peer.address)}|${peer.as}|`;
  const [withdrawn, announced] = [`${head}|W|${from}`, `${head}|A|${from}`];
  let text = prefixLines(bytes, { at: HEADER + 2, end: attributes, afi: 1 }, addPath, withdrawn, "");
  for (const part of path.unreach) {
    if (printable(part.afi, part.safi)) text += prefixLines(bytes, part, addPath, withdrawn, "");
  }
  if (nlri < end) text += prefixLines(bytes, { at: nlri, end, afi: 1 }, addPath, announced, columns(path.hop));
  for (const part of path.reach) {
    if (printable(part.afi, part.safi)) text += prefixLines(bytes, part, addPath, announced, columns(part.hop));
  }
  return text;
}

function formatName({ type }: MrtRecord, { sent, addPath }: Pick<Message, "sent" | "addPath">): string {
  return `BGP4MP${type === MRT.bgp4mpEt ? "_ET" : ""}${sent ? "_LOCAL" : ""}${addPath ? "_AP" : ""}`;
}

function timeText({ time, micros }: MrtRecord): string {
  return micros < 0 ? String(time) : `${time}.${String(micros).padStart(6, "0")}`;
}

function routeLines({ time }: MrtRecord, content: Routes): string {
  const { v2, afi, safi, addPath, asBytes, routes } = content;
  if (!printable(afi, safi)) return "";
  const head = `${v2 ? "TABLE_DUMP2" : "TABLE_DUMP"}${addPath ? "_AP" : ""}|${time}|B|`;
  let text = "";
  for (const { peer, nlri, pathId, attributes } of routes) {
    path.read(attributes, 0, attributes.length, asBytes);
    const id = addPath ? `|${pathId}` : "";
    const net = prefix(nlri, 0, afi);
    text += `${head}${address(peer.address)}|${peer.as}|${net}${id}|${columns(path.reach[0]?.hop ?? path.hop)}`;
  }
  return text;
}

/** The lines of a record, each with its end; "" when it has none. Throws MrtFault. */
export function recordLines(record: MrtRecord, content: MrtContent): string {
  if (content.kind === "message") return messageLines(record, content);
  if (content.kind === "routes") return routeLines(record, content);
  if (content.kind !== "state") return "";
  const { peer, from, to } = content;
  const format = formatName(record, { sent: false, addPath: false });
  return `${format}|${timeText(record)}|STATE|${address(peer.address)}|${peer.as}|${from}|${to}\n`;
}
