// Beyond HP's documents: what a switch sends unasked, how it treats fragments and misses, and messages of it that nothing
// here understands.

import { AppError } from "../../base/errors.js";
import { json, type Reply, type Request, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import {
  ASYNC_ROWS,
  type AsyncConfig,
  type AsyncMasks,
  asyncBody,
  CONFIG_FLAGS,
  readAsync,
  readSwitchConfig,
  type SwitchConfig,
  switchConfigBody,
} from "../../openflow/async_config.js";
import { beforeV13 } from "../../openflow/values.js";
import { MESSAGE, VERSION_1_0 } from "../../wasm/openflow.js";
import { bitNames, isObject, type Json, parseBody, parseDpid, versionText } from "./view.js";

const EXPERIMENTER_BYTES = 16;

function fault(path: string, value: unknown, allowed: string): never {
  const given = (JSON.stringify(value) ?? "undefined").slice(0, 50);
  throw new AppError("OPENFLOW_VALUE", { reason: `${path}: ${given} is not valid; allowed: ${allowed}` });
}

/** Bits of the names in a list. Errors: OPENFLOW_VALUE. */
function bitsOf(path: string, value: unknown, names: readonly string[]): number {
  const allowed = `a list of ${names.join(", ")}`;
  if (!Array.isArray(value)) return fault(path, value, allowed);
  return value.reduce((bits: number, word) => {
    const bit = names.indexOf(word);
    return bit < 0 ? fault(path, word, allowed) : bits | (1 << bit);
  }, 0);
}

function asyncView(config: AsyncConfig): Json {
  const view = ({ masterEqual, slave }: AsyncMasks, reasons: readonly string[]) => ({
    master_equal: bitNames(masterEqual, reasons),
    slave: bitNames(slave, reasons),
  });
  return Object.fromEntries(ASYNC_ROWS.map(({ name, reasons }) => [name, view(config[name], reasons)]));
}

/** What the body names, over what the switch has. Errors: OPENFLOW_VALUE. */
function parseAsync(given: Json, before: AsyncConfig): AsyncConfig {
  const known = ASYNC_ROWS.map(({ name }) => name as string);
  for (const key of Object.keys(given)) if (!known.includes(key)) fault("async", key, known.join(", "));
  const kinds = ASYNC_ROWS.map(({ name, reasons }): [string, AsyncMasks] => {
    const masks = given[name] ?? {};
    if (!isObject(masks)) return fault(name, masks, "an object with master_equal and slave");
    const { masterEqual, slave } = before[name];
    const bits = (key: string, old: number): number =>
      masks[key] === undefined ? old : bitsOf(`${name}.${key}`, masks[key], reasons);
    return [name, { masterEqual: bits("master_equal", masterEqual), slave: bits("slave", slave) }];
  });
  return Object.fromEntries(kinds) as unknown as AsyncConfig;
}

function configView({ flags, missSendLen }: SwitchConfig): Json {
  return { flags: bitNames(flags, CONFIG_FLAGS), miss_send_len: missSendLen };
}

/** What the body names, over what the switch has. Errors: OPENFLOW_VALUE. */
function parseConfig(given: Json, before: SwitchConfig): SwitchConfig {
  const known = ["flags", "miss_send_len"];
  for (const key of Object.keys(given)) if (!known.includes(key)) fault("config", key, known.join(", "));
  const length = given["miss_send_len"] ?? before.missSendLen;
  const fits = Number.isInteger(length) && Number(length) >= 0 && Number(length) <= 0xffff;
  return {
    flags: given["flags"] === undefined ? before.flags : bitsOf("flags", given["flags"], CONFIG_FLAGS),
    missSendLen: fits ? Number(length) : fault("miss_send_len", length, "0..65535"),
  };
}

/** One message of a kind that nothing here understands. */
function messageView(bytes: Uint8Array): Json {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = buffer[1] as number;
  const isExperimenter = type === MESSAGE.EXPERIMENTER && buffer.length >= EXPERIMENTER_BYTES;
  return {
    type: isExperimenter ? "experimenter" : type,
    xid: buffer.readUInt32BE(4),
    length: buffer.readUInt16BE(2),
    ...(isExperimenter
      ? { experimenter: `0x${buffer.readUInt32BE(8).toString(16)}`, exp_type: buffer.readUInt32BE(12) }
      : {}),
    bytes: `0x${buffer.toString("hex")}`,
  };
}

/** A setting of the switch: one message asks for it, another sets it. */
interface Setting<T> {
  readonly name: string;
  readonly request: number;
  readonly reply: number;
  readonly set: number;
  /** OpenFlow 1.0 does not have it. */
  readonly since13: boolean;
  read(frame: Uint8Array): T;
  body(setting: T): Uint8Array;
  view(setting: T): Json;
  /** The setting that a request's object makes of the one before. */
  parse(given: Json, before: T): T;
}

const ASYNC: Setting<AsyncConfig> = {
  name: "async",
  request: MESSAGE.GET_ASYNC_REQUEST,
  reply: MESSAGE.GET_ASYNC_REPLY,
  set: MESSAGE.SET_ASYNC,
  since13: true,
  read: readAsync,
  body: asyncBody,
  view: asyncView,
  parse: parseAsync,
};

const CONFIG: Setting<SwitchConfig> = {
  name: "config",
  request: MESSAGE.GET_CONFIG_REQUEST,
  reply: MESSAGE.GET_CONFIG_REPLY,
  set: MESSAGE.SET_CONFIG,
  since13: false,
  read: readSwitchConfig,
  body: switchConfigBody,
  view: configView,
  parse: parseConfig,
};

const dpidOf = (request: Request): string => parseDpid(request.params["dpid"] ?? "");

function settingRoutes<T>(top: string, of: OpenFlowHandle, setting: Setting<T>): Route[] {
  const { name, request: ask, reply, set, read, body, view, parse } = setting;
  const path = `${top}/${name}`;
  const answer = (dpid: string, state: T): Reply =>
    json(200, { [name]: view(state), version: versionText(of.version(dpid)) });
  const current = async (dpid: string): Promise<T> => {
    if (setting.since13 && of.version(dpid) === VERSION_1_0) throw beforeV13(name);
    return read(await of.ask(dpid, ask, reply));
  };
  return [
    { method: "GET", path, handle: async (request) => answer(dpidOf(request), await current(dpidOf(request))) },
    {
      method: "PUT",
      path,
      async handle(request) {
        const dpid = dpidOf(request);
        const given = parseBody(request.body);
        const inner = isObject(given[name]) ? given[name] : given;
        const wanted = parse(inner, await current(dpid));
        await of.change(dpid, set, body(wanted));
        // What the switch has made of it, which may be less.
        return answer(dpid, await current(dpid));
      },
    },
  ];
}

/** Routes under `top`, the path of a datapath. */
export function switchRoutes(top: string, of: OpenFlowHandle): Route[] {
  return [
    ...settingRoutes(top, of, ASYNC),
    ...settingRoutes(top, of, CONFIG),
    {
      method: "GET",
      path: `${top}/messages`,
      handle: async (request) => json(200, { messages: (await of.messages(dpidOf(request))).map(messageView) }),
    },
  ];
}
