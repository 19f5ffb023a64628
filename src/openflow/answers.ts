// Multipart answers as a whole: small ones in one buffer, and those that a switch describes itself with.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { multipartHeader, type OpenFlowCodec, VERSION_1_0 } from "../wasm/openflow.js";
import * as wire from "./messages.js";

/** Who asks a switch: its session. */
interface Asker {
  readonly version: number;
  query(type: number, pack: (xid: number) => Uint8Array, part: (frame: number) => void): Promise<void>;
  collect(type: number): Promise<Buffer>;
}

/** The bodies of all parts of an answer, as one. Errors: those of query(), OVERLOADED. */
export async function gather(
  session: Asker,
  codec: OpenFlowCodec,
  type: number,
  pack: (xid: number) => Uint8Array,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  await session.query(type, pack, (frame) => {
    const part = Buffer.from(codec.frame(frame).subarray(multipartHeader(session.version)));
    bytes += part.length;
    if (bytes > LIMITS.openflowListingBytes) {
      throw new AppError("OVERLOADED", { what: "the listing", limit: LIMITS.openflowListingBytes });
    }
    parts.push(part);
  });
  return Buffer.concat(parts);
}

/** What becomes of a switch's description. */
export interface Described {
  description(description: wire.Description): void;
  port(port: wire.Port): void;
  /** An answer has come, or will not come: a switch without one is served all the same. */
  answered(): void;
}

/** Asks for description and ports; 1.0 has told its ports with its features. */
export function describe(session: Asker, { description, port, answered }: Described): void {
  session
    .collect(wire.MULTIPART.DESC)
    .then((body) => description(wire.readDescription(body)))
    .catch(() => undefined)
    .then(answered);
  if (session.version === VERSION_1_0) return;
  session
    .collect(wire.MULTIPART.PORT_DESC)
    .then((body) => {
      for (let at = 0; at + wire.PORT_BYTES <= body.length; at += wire.PORT_BYTES) port(wire.readPort(body, at));
    })
    .catch(() => undefined)
    .then(answered);
}
