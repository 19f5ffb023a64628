// `/of/datapaths/{dpid}/packetout`: has a switch send a packet. HP's controller has no such route; the form is ours.

import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import { empty, type Route } from "../../http/table.js";
import { writeActions } from "../../openflow/actions.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import type { PacketOut } from "../../openflow/packet_out.js";
import { badValue, parsePort, wholeNumber } from "../../openflow/values.js";
import { NO_BUFFER, RecordWriter } from "../../wasm/openflow_records.js";
import { checkVersion, isObject, type Json, parseBody, parseDpid } from "./view.js";

/** OFPP_CONTROLLER: where a packet comes from that came in nowhere (spec §7.3.7). */
const CONTROLLER = 0xfffffffd;
/** Destination, source, type. */
const ETHERNET = 14;
const HEX = /^(0x)?(([0-9a-f]{2})+)$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const ENCODINGS: Readonly<Record<string, (text: string) => Buffer | null>> = {
  hex: (text) => {
    const digits = HEX.exec(text)?.[2];
    return digits === undefined ? null : Buffer.from(digits, "hex");
  },
  base64: (text) => (BASE64.test(text) && text.length % 4 === 0 ? Buffer.from(text, "base64") : null),
};

/** The packet's bytes. Errors: OPENFLOW_VALUE. */
function parseData(out: Json): Uint8Array {
  const { data, encoding = "hex" } = out as { data?: unknown; encoding?: unknown };
  const decode = typeof encoding === "string" && Object.hasOwn(ENCODINGS, encoding) ? ENCODINGS[encoding] : undefined;
  if (!decode) throw badValue("encoding", encoding, Object.keys(ENCODINGS).join(", "));
  const bytes = typeof data === "string" ? decode(data) : null;
  const allowed = `${encoding} text of ${ETHERNET}..${LIMITS.openflowPacketOutBytes} bytes, from the destination address on`;
  if (!bytes || bytes.length < ETHERNET) throw badValue("data", data, allowed);
  if (bytes.length > LIMITS.openflowPacketOutBytes) {
    throw new AppError("OPENFLOW_VALUE", { reason: `data: ${bytes.length} bytes are too many; allowed: ${allowed}` });
  }
  return bytes;
}

/** Reads the object under `packetout`. Errors: OPENFLOW_VALUE. */
export function parsePacketOut(out: Json, version: number): PacketOut {
  const given = out["in_port"] ?? CONTROLLER;
  const inPort = parsePort(given);
  if (inPort === null) throw badValue("in_port", given, "a port number or a reserved name");
  const buffer = out["buffer_id"] === undefined ? NO_BUFFER : wholeNumber(out["buffer_id"], 32);
  if (buffer === null) throw badValue("buffer_id", out["buffer_id"], "0..4294967295");
  const bufferId = Number(buffer);
  if (bufferId !== NO_BUFFER && out["data"] !== undefined) {
    throw badValue("data", out["data"], "none beside a buffer_id: the switch has the packet");
  }
  const writer = new RecordWriter(128);
  writeActions(writer, "actions", out["actions"], version);
  return { inPort, bufferId, actions: writer.take(), data: bufferId === NO_BUFFER ? parseData(out) : Buffer.alloc(0) };
}

/** The routes below a datapath's URI `dp`. */
export function packetRoutes(dp: string, of: OpenFlowHandle): Route[] {
  return [
    {
      method: "POST",
      path: `${dp}/packetout`,
      handle: async (request) => {
        const body = parseBody(request.body);
        const dpid = parseDpid(request.params["dpid"] ?? "");
        const version = of.version(dpid);
        checkVersion(body, version);
        const out = body["packetout"];
        if (!isObject(out)) throw new AppError("OPENFLOW_JSON", { reason: 'no "packetout" at the root' });
        await of.packetOut(dpid, parsePacketOut(out, version));
        return empty(204);
      },
    },
  ];
}
