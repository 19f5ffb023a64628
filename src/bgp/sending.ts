// What an operator sends to one peer: routes of its own, messages as they are, and requests for its routes.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { BgpModule } from "../wasm/bgp.js";
import { HEADER_BYTES, MESSAGE_BYTES_EXTENDED, MESSAGE_BYTES_MAX, MSG } from "../wasm/bgp_numbers.js";
import type { NotificationContent } from "../wasm/bgp_types.js";
import { ValueError } from "./attribute_values.js";
import { notifyText } from "./notifications.js";
import type { Peer } from "./peer.js";
import { encodeUpdateBody, sendsSomething, type UpdateBody } from "./update_json.js";

const SENDABLE: readonly number[] = [MSG.update, MSG.keepalive, MSG.routeRefresh, MSG.ciscoRefresh];

/** Sends a route refresh (RFC 2918). Errors: BGP_FAMILY_UNSUPPORTED, BGP_POST_DATA, BGP_SEND_FAILED. */
export function sendRefresh(module: BgpModule, peer: Peer, afi: unknown, safi: unknown, res: unknown): void {
  const { connection, negotiated } = peer.session;
  if (afi === undefined || safi === undefined) throw new AppError("BGP_POST_DATA", { reason: "afi or safi missing" });
  const family = negotiated?.families.find((row) => row.afi === afi && row.safi === safi);
  if (!family || !connection || negotiated?.refreshType === 0) {
    throw new AppError("BGP_FAMILY_UNSUPPORTED", { afi: String(afi), safi: String(safi) });
  }
  const subtype = res ?? 0;
  if (!Number.isInteger(subtype) || Number(subtype) < 0 || Number(subtype) > 255) {
    throw new AppError("BGP_SEND_FAILED", { reason: "res is not an integer from 0 to 255" });
  }
  const type = negotiated?.refreshType ?? MSG.routeRefresh;
  connection.send(type, module.encodeRefresh(type, family.afi, Number(subtype), family.safi));
}

/** The messages of a send/update body. Errors: BGP_POST_DATA, BGP_SEND_FAILED with the reason. */
export function encodeBody(peer: Peer, body: UpdateBody): Buffer {
  if (!sendsSomething(body)) {
    throw new AppError("BGP_POST_DATA", { reason: "neither attr and nlri, nor withdraw, nor attributes 14 or 15" });
  }
  const { negotiated } = peer.session;
  try {
    return encodeUpdateBody(body, {
      ibgp: peer.ibgp,
      fourOctetAs: negotiated?.fourOctetAs ?? true,
      addPath: (family) => negotiated?.addPathOut.includes(family) ?? false,
      messageBytesMax: negotiated?.extendedMessages ? MESSAGE_BYTES_EXTENDED : MESSAGE_BYTES_MAX,
    });
  } catch (error) {
    if (error instanceof ValueError) throw new AppError("BGP_SEND_FAILED", { reason: error.message });
    throw error;
  }
}

/** Sends the messages of a body and keeps their routes as the peer's own. Errors: as encodeBody(), and OVERLOADED. */
export function sendBody(module: BgpModule, peer: Peer, body: UpdateBody): void {
  sendUpdates(module, peer, encodeBody(peer, body));
}

function sendUpdates(module: BgpModule, peer: Peer, messages: Buffer): void {
  const { connection } = peer.session;
  if (!connection || connection.queuedBytes > LIMITS.bgpWriteQueueBytes) {
    throw new AppError("OVERLOADED", { what: "the peer's write queue", limit: LIMITS.bgpWriteQueueBytes });
  }
  const { exporter } = peer.routes;
  for (const run of runs(messages)) {
    const fault = module.check(exporter.fixed, run, false);
    if (fault) throw sendFault(fault);
    connection.send(MSG.update, run, messageCount(run));
    // Where the peer's own route is withdrawn, what it would get without one comes back, behind the withdrawal.
    const full = module.check(exporter.fixed, run, true, () => exporter.ownBatch());
    if (full) throw sendFault(full);
  }
}

/** Sends messages as they are, once they have proved well-formed. Errors: BGP_SEND_FAILED, OVERLOADED. */
export function sendBinary(module: BgpModule, peer: Peer, bytes: Buffer, force: boolean): void {
  if (bytes.length > LIMITS.bodyBytes) throw new AppError("BODY_TOO_LARGE", { limit: LIMITS.bodyBytes });
  if (force) {
    peer.session.connection?.sendRaw(bytes);
    return;
  }
  const fault = module.check(peer.routes.exporter.fixed, bytes, false);
  if (fault) throw sendFault(fault);
  for (const message of split(bytes)) {
    const type = message[HEADER_BYTES - 1] as number;
    if (!SENDABLE.includes(type)) throw new AppError("BGP_SEND_FAILED", { reason: `message type ${type}` });
  }
  for (const message of split(bytes)) {
    const type = message[HEADER_BYTES - 1] as number;
    if (type === MSG.update) sendUpdates(module, peer, message);
    else peer.session.connection?.send(type, message);
  }
}

function sendFault(fault: NotificationContent): AppError {
  return new AppError("BGP_SEND_FAILED", {
    reason: `the receiver would answer NOTIFICATION ${notifyText(fault.notify)}`,
  });
}

function* split(messages: Buffer): Generator<Buffer> {
  for (let at = 0; at < messages.length; ) {
    const end = at + messages.readUInt16BE(at + HEADER_BYTES - 3);
    yield messages.subarray(at, end);
    at = end;
  }
}

function messageCount(messages: Buffer): number {
  return [...split(messages)].length;
}

/** Cuts whole messages into runs that the decoder's buffer holds. */
function* runs(messages: Buffer): Generator<Buffer> {
  let from = 0;
  for (let at = 0; at < messages.length; ) {
    at += messages.readUInt16BE(at + HEADER_BYTES - 3);
    if (at - from > 1 << 19 || at >= messages.length) {
      yield messages.subarray(from, at);
      from = at;
    }
  }
}
