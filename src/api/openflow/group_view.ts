// Groups and meters: HP's JSON to the room's types and back.

import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import { ACTIONS, printActionItem, writeActions } from "../../openflow/actions.js";
import { type Bucket, GROUP_TYPES, type Group, type GroupFeatures } from "../../openflow/groups.js";
import { BAND_TYPES, type Band, METER_FLAGS, type Meter, type MeterFeatures } from "../../openflow/meters.js";
import { badValue, parsePort, portView, smallNumber } from "../../openflow/values.js";
import { ANY, RecordReader, RecordWriter } from "../../wasm/openflow_records.js";
import { bitNames, isObject, type Json } from "./view.js";

function number(name: string, value: unknown, max: number, missing?: number): number {
  if ((value === undefined || value === null) && missing !== undefined) return missing;
  const parsed = smallNumber(value, 32);
  if (parsed === null || parsed > max) throw badValue(name, value, `a number 0..${max}`);
  return parsed;
}

/** `ANY`, a number, or nothing (ANY). */
function watched(name: string, value: unknown): number {
  if (value === undefined || value === null) return ANY;
  const port = parsePort(value);
  if (port === null) throw badValue(name, value, '"ANY" or a number');
  return port;
}

function list(name: string, value: unknown, limit: number): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > limit) throw badValue(name, value, `a list of at most ${limit}`);
  return value;
}

function parseBucket(bucket: unknown): Bucket {
  if (!isObject(bucket)) throw badValue("buckets", bucket, "an object");
  const writer = new RecordWriter(128);
  writeActions(writer, "actions", bucket["actions"] ?? []);
  return {
    weight: number("weight", bucket["weight"], 0xffff, 0),
    watchPort: watched("watch_port", bucket["watch_port"]),
    watchGroup: watched("watch_group", bucket["watch_group"]),
    actions: writer.take(),
  };
}

/** The id in the body, when it is there, must be the URI's. */
function idOf(what: string, given: unknown, id: number | undefined, max: number): number {
  const own = number(`${what} id`, given, max, id);
  if (id !== undefined && own !== id) throw badValue(`${what} id`, given, `the id in the URI, ${id}`);
  return own;
}

/** A group from the object under `group`; `id`: the URI's. Errors: OPENFLOW_VALUE. */
export function parseGroup(group: unknown, id?: number): Group {
  if (!isObject(group)) throw new AppError("OPENFLOW_JSON", { reason: 'no "group" at the root' });
  const type = GROUP_TYPES.indexOf(String(group["type"]) as (typeof GROUP_TYPES)[number]);
  if (type < 0) throw badValue("type", group["type"], GROUP_TYPES.join(", "));
  const buckets = list("buckets", group["buckets"], LIMITS.openflowBuckets).map(parseBucket);
  return { id: idOf("group", group["id"], id, 0xffffff00), type, buckets };
}

function printActions(items: Uint8Array): unknown[] {
  const reader = new RecordReader(items).bare();
  const actions: unknown[] = [];
  while (reader.nextItem()) actions.push(JSON.parse(printActionItem(reader)));
  return actions;
}

export function groupView(group: Group): Json {
  return {
    id: group.id,
    type: GROUP_TYPES[group.type] ?? group.type,
    buckets: group.buckets.map((bucket) => ({
      weight: bucket.weight,
      watch_group: portView(bucket.watchGroup),
      watch_port: portView(bucket.watchPort),
      actions: printActions(bucket.actions),
    })),
  };
}

/** OFPGFC_* */
const GROUP_CAPABILITIES = ["select_weight", "select_liveness", "chaining", "chaining_checks"];

export function groupFeaturesView(features: GroupFeatures): Json {
  const names = GROUP_TYPES.flatMap((name, type) => ((features.types >>> type) & 1 ? [{ name, type }] : []));
  const actionNames: (string | null)[] = Array.from({ length: 32 }, () => null);
  for (const { name, code } of ACTIONS) if (code < 32) actionNames[code] = name;
  return {
    actions: names.map(({ name, type }) => ({ [name]: bitNames(features.actions[type] ?? 0, actionNames) })),
    capabilities: bitNames(features.capabilities, GROUP_CAPABILITIES),
    max_groups: names.map(({ name, type }) => ({ [name]: features.maxGroups[type] ?? 0 })),
    types: names.map(({ name }) => name),
  };
}

function parseBand(band: unknown): Band {
  if (!isObject(band)) throw badValue("bands", band, "an object");
  const name = String(band["mtype"]);
  const type = Object.hasOwn(BAND_TYPES, name) ? BAND_TYPES[name] : undefined;
  if (type === undefined)
    throw new AppError("OPENFLOW_VALUE", { reason: `Invalid meter band type: ${name.slice(0, 50)}` });
  return {
    type,
    rate: number("rate", band["rate"], 0xffffffff),
    burst: number("burst_size", band["burst_size"], 0xffffffff, 0),
    argument:
      name === "dscp_remark"
        ? number("prec_level", band["prec_level"], 0xff)
        : name === "experimenter"
          ? number("experimenter", band["experimenter"], 0xffffffff)
          : 0,
  };
}

/** A meter from the object under `meter`; `id`: the URI's. Errors: OPENFLOW_VALUE. */
export function parseMeter(meter: unknown, id?: number): Meter {
  if (!isObject(meter)) throw new AppError("OPENFLOW_JSON", { reason: 'no "meter" at the root' });
  let flags = 0;
  for (const name of list("flags", meter["flags"], 16)) {
    const bit = METER_FLAGS.indexOf(String(name) as (typeof METER_FLAGS)[number]);
    if (bit < 0) throw new AppError("OPENFLOW_VALUE", { reason: `Unknown meter flag: ${String(name).slice(0, 50)}` });
    flags |= 1 << bit;
  }
  const bands = list("bands", meter["bands"], LIMITS.openflowBands).map(parseBand);
  return { id: idOf("meter", meter["id"], id, 0xffff0000), flags, bands };
}

function bandView(band: Band): Json {
  const name = Object.keys(BAND_TYPES).find((key) => BAND_TYPES[key] === band.type);
  return {
    burst_size: band.burst,
    mtype: name ?? band.type,
    ...(name === "dscp_remark" ? { prec_level: band.argument } : {}),
    rate: band.rate,
    ...(name === "experimenter" ? { experimenter: `0x${band.argument.toString(16)}` } : {}),
  };
}

export function meterView(meter: Meter): Json {
  return { bands: meter.bands.map(bandView), flags: bitNames(meter.flags, METER_FLAGS), id: meter.id };
}

/** Index = bit of OFPMBT_*. */
const BAND_BITS = [null, "drop", "dscp_remark"];

export function meterFeaturesView(features: MeterFeatures): Json {
  return {
    flags: bitNames(features.capabilities, METER_FLAGS),
    max_bands_per_meter: features.maxBands,
    max_color_value: features.maxColor,
    max_meters: features.maxMeters,
    types: bitNames(features.bandTypes, BAND_BITS),
  };
}
