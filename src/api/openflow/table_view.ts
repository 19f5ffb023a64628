// Tables and queues of a switch as JSON. HP's controller has no such routes: names are OpenFlow's own.

import { actionName, INSTRUCTIONS } from "../../openflow/actions.js";
import { matchFieldByCode } from "../../openflow/match_fields.js";
import type { Queue, QueueStats } from "../../openflow/queues.js";
import {
  type Aggregate,
  type PropertyKind,
  TABLE_PROPERTIES,
  type TableFeatures,
  type TableStats,
} from "../../openflow/tables.js";
import { portView } from "../../openflow/values.js";
import { OXM_CLASS_BASIC } from "../../wasm/openflow_records.js";
import type { Json } from "./view.js";

export function queueStatsView(stats: QueueStats, version: number): Json {
  const { port, queue, bytes, packets, errors, seconds, nanoseconds } = stats;
  const counters = { tx_bytes: bytes, tx_packets: packets, tx_errors: errors };
  const duration = seconds === null ? {} : { duration_sec: seconds, duration_nsec: nanoseconds };
  return { port_id: portView(port, version), queue_id: queue, ...counters, ...duration };
}

/** Rates are tenths of a percent of the port's speed; left out when the switch tells none. */
export function queueView({ queue, minRate, maxRate }: Queue): Json {
  return {
    queue_id: queue,
    ...(minRate === null ? {} : { min_rate: minRate }),
    ...(maxRate === null ? {} : { max_rate: maxRate }),
  };
}

export function tableStatsView(stats: TableStats): Json {
  const { id, name, maxEntries, active, lookups, matched } = stats;
  const more = name === null ? {} : { name, max_entries: maxEntries };
  return { table_id: id, ...more, active_count: active, lookup_count: lookups, matched_count: matched };
}

export function aggregateView({ packets, bytes, flows }: Aggregate): Json {
  return { packet_count: packets, byte_count: bytes, flow_count: flows };
}

const instructionNames = new Map(INSTRUCTIONS.map(({ code, name }) => [code, name]));
const hex = (id: number): string => `0x${id.toString(16).padStart(6, "0")}`;

/** The field of an OXM header without its length; hex of that for one that the table does not have. */
function fieldName(id: number): string {
  return (id >>> 8 === OXM_CLASS_BASIC ? matchFieldByCode((id & 0xff) >>> 1)?.name : undefined) ?? hex(id);
}

const NAMES: Readonly<Record<PropertyKind, (id: number) => string | number>> = {
  tables: (id) => id,
  instructions: (id) => instructionNames.get(id) ?? id,
  actions: (id) => actionName(id) ?? id,
  fields: fieldName,
};

/** One element of `table_features`: its properties by name, and as `match_masks` the fields that take a mask. */
export function tableFeaturesView(table: TableFeatures): Json {
  const lists: Record<string, unknown> = {};
  for (const { type, ids } of table.properties) {
    const row = TABLE_PROPERTIES.find((each) => each.type === type);
    if (!row) continue;
    lists[row.name] = ids.map(NAMES[row.kind]);
    if (row.name === "match") lists["match_masks"] = ids.filter((id) => (id & 1) === 1).map(fieldName);
  }
  return {
    table_id: table.id,
    name: table.name,
    metadata_match: `0x${table.metadataMatch.toString(16)}`,
    metadata_write: `0x${table.metadataWrite.toString(16)}`,
    max_entries: table.maxEntries,
    ...lists,
  };
}
