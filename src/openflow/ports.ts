// PORT_MOD (spec §7.3.4.3): taking a port of a switch out of service and back.

import { AppError } from "../base/errors.js";
import { MESSAGE, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { message, portTo16 } from "./messages.js";
import type { Session } from "./session.js";

/** OFPPC_PORT_DOWN */
const PORT_DOWN = 1;

/** The body of a PORT_MOD; the port's own address must be in it. */
export function portModBody(number: number, mac: string, enable: boolean, version: number = VERSION_1_3): Buffer {
  if (version === VERSION_1_0) return portModBody10(number, mac, enable);
  const body = Buffer.alloc(32);
  body.writeUInt32BE(number, 0);
  Buffer.from(mac.replaceAll(":", ""), "hex").copy(body, 8);
  body.writeUInt32BE(enable ? 0 : PORT_DOWN, 16);
  body.writeUInt32BE(PORT_DOWN, 20);
  return body;
}

/** The same in OpenFlow 1.0 (its spec §5.3.3). */
function portModBody10(number: number, mac: string, enable: boolean): Buffer {
  const body = Buffer.alloc(24);
  body.writeUInt16BE(portTo16(number), 0);
  Buffer.from(mac.replaceAll(":", ""), "hex").copy(body, 2);
  body.writeUInt32BE(enable ? 0 : PORT_DOWN, 8);
  body.writeUInt32BE(PORT_DOWN, 12);
  return body;
}

/** Enables or disables a port and waits for the barrier. Errors: PORT_NOT_FOUND, OPENFLOW_REFUSED. */
export async function portMod(session: Session, number: number, enable: boolean): Promise<void> {
  const port = session.ports.get(number);
  if (!port) throw new AppError("PORT_NOT_FOUND", { id: number });
  const { version } = session;
  const body = portModBody(number, port.mac, enable, version);
  const { failures } = await session.changeOne((xid) => message(MESSAGE.PORT_MOD, xid, body, version));
  if (failures[0]) throw new AppError("OPENFLOW_REFUSED", { text: failures[0].text });
}
