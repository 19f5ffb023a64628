// /v1/events: the stream of what happens, one JSON object a WebSocket message.

import type { BgpHandle } from "../../bgp/agent.js";
import type { EventFilter } from "../../bgp/event_hub.js";
import { EVENT_TYPES, type EventType } from "../../bgp/events.js";
import { type Request, type Route, socketRoute } from "../../http/table.js";
import { badQuery, familyOf, knownOnly, oneOf } from "./query.js";

const PARAMETERS = ["peer", "type", "family", "direction"];

/** `type=session,update`: a list; all when it is not there. */
function typesOf(query: URLSearchParams): EventType[] {
  const text = query.get("type");
  if (text === null) return [...EVENT_TYPES];
  return text.split(",").map((word) => {
    const found = EVENT_TYPES.find((type) => type === word);
    return found ?? badQuery("type", word, `a list of ${EVENT_TYPES.join(", ")}`);
  });
}

/** Errors: BODY_INVALID, and BGP_PEER_UNKNOWN for a peer that there is not. */
function filterOf(bgp: BgpHandle, { query }: Request): EventFilter {
  knownOnly(query, PARAMETERS);
  const direction = oneOf(query, "direction", ["received", "sent", "both"], "received");
  const peer = query.get("peer");
  return {
    types: typesOf(query),
    received: direction !== "sent",
    sent: direction !== "received",
    peer: peer === null ? null : bgp.peer(peer).remote_addr,
    family: familyOf(query, "family"),
  };
}

export function eventRoute(bgp: BgpHandle): Route {
  return socketRoute("/v1/events", (request) => {
    const filter = filterOf(bgp, request);
    let end = () => undefined as void;
    return {
      open(client) {
        end = bgp.listen(filter, (text) => client.send(text));
      },
      close: () => end(),
    };
  });
}
