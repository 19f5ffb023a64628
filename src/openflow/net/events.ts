// Links and hosts in HP's JSON form, for listings and as events for the clients of /sdn/v2.0/events.

import type { EventStream } from "../events.js";
import { dpidText } from "../messages.js";
import { portView } from "../values.js";
import type { NetListener } from "./listener.js";
import type { Link, Node } from "./records.js";

type Fields = Readonly<Record<string, unknown>>;

export function linkFields(link: Link): Fields {
  return {
    src_dpid: dpidText(link.srcDpid),
    src_port: portView(link.srcPort),
    dst_dpid: dpidText(link.dstDpid),
    dst_port: portView(link.dstPort),
  };
}

/** The `link_type` of a link. */
export function linkType(link: Link): string {
  return link.direct ? "direct" : "multihop";
}

export function nodeFields({ ip, mac, vid, dpid, port }: Node): Fields {
  return { ip, mac, vid, dpid: dpidText(dpid), port: portView(port) };
}

/** Tells the stream of changes; a link's event is its source's. */
export function netEvents(events: EventStream): NetListener {
  return {
    link: (event, link) =>
      events.put("link", link.srcDpid, () => ({
        event,
        fields: { ...linkFields(link), info: { link_type: linkType(link) } },
      })),
    node: (event, node) => events.put("node", node.dpid, () => ({ event, fields: nodeFields(node) })),
  };
}
