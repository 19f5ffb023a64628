// /sdn/v2.0/events: what happens to switches, one JSON object a WebSocket message.

import { AppError } from "../../base/errors.js";
import { type Request, type Route, socketRoute } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import type { EventFilter } from "../../openflow/event_hub.js";
import { EVENT_TYPES, type OpenFlowEvent } from "../../openflow/events.js";
import { dpidText } from "../../openflow/messages.js";
import { RecordReader } from "../../wasm/openflow_records.js";
import { printFlow } from "./flow_view.js";
import { type Json, parseDpid, portOf, unquote } from "./view.js";

const PARAMETERS = ["type", "dpid"];

/** Errors: OPENFLOW_VALUE, DATAPATH_NOT_FOUND for what can be no datapath id. */
function filterOf({ query }: Request): EventFilter {
  for (const name of query.keys()) {
    if (PARAMETERS.includes(name)) continue;
    throw new AppError("OPENFLOW_VALUE", {
      reason: `${name.slice(0, 50)} is no filter; allowed: ${PARAMETERS.join(", ")}`,
    });
  }
  const words = query.has("type") ? unquote(query.get("type") ?? "").split(",") : EVENT_TYPES;
  const types = words.map((word) => {
    const found = EVENT_TYPES.find((type) => type === word);
    if (found !== undefined) return found;
    const reason = `type: ${word.slice(0, 50)} is not valid; allowed: a list of ${EVENT_TYPES.join(", ")}`;
    throw new AppError("OPENFLOW_VALUE", { reason });
  });
  const dpid = query.get("dpid");
  return { types, dpid: dpid === null ? null : parseDpid(dpid) };
}

function flowOf(record: Uint8Array, version: number): unknown {
  const reader = new RecordReader(record);
  reader.next();
  return JSON.parse(printFlow(reader, version));
}

function detailsOf(event: OpenFlowEvent): Json {
  switch (event.type) {
    case "switch":
      return { address: event.address, ...(event.reason === "" ? {} : { reason: event.reason }) };
    case "port":
      return { port: portOf(event.port, event.features) };
    case "flow_removed":
      return { flow: flowOf(event.record, event.version) };
    case "error":
      return { message: event.message };
    default:
      return { [event.type]: event.fields };
  }
}

/** Texts of events that several clients get. */
const texts = new WeakMap<OpenFlowEvent, string>();

function textOf(event: OpenFlowEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const dpid = event.dpid === "" ? {} : { dpid: dpidText(event.dpid) };
  const text = JSON.stringify({
    t: event.at / 1000,
    type: event.type,
    event: event.event,
    ...dpid,
    ...detailsOf(event),
  });
  texts.set(event, text);
  return text;
}

export function eventRoute(base: string, of: OpenFlowHandle): Route {
  return socketRoute(`${base}/events`, (request) => {
    const filter = filterOf(request);
    let end = () => undefined as void;
    return {
      open(client) {
        end = of.listen(filter, {
          event: (event) => client.send(textOf(event)),
          missed: (count) => client.send(JSON.stringify({ t: Date.now() / 1000, type: "dropped", count })),
        });
      },
      close: () => end(),
    };
  });
}
