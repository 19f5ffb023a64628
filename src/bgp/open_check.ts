// Why a well-formed OPEN is not that of our peer.

import { CAP, NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent, OpenMessage } from "../wasm/bgp_types.js";
import { writeMultiprotocol } from "./capability_values.js";
import type { PeerConfig } from "./config.js";
import { supported } from "./families.js";
import type { Negotiated } from "./negotiate.js";
import { roleFault, theirRole } from "./roles.js";

export interface OpenFault {
  readonly content: NotificationContent;
  /** For the log, behind the peer's address. */
  readonly text: string;
}

const NO_DATA = new Uint8Array();

/**
 * The NOTIFICATION that an OPEN must be answered with, or null. `accepts`: the AS numbers of a dynamic neighbour in
 * place of the configured one.
 */
export function openFault(
  config: PeerConfig,
  open: OpenMessage,
  negotiated: Negotiated,
  routerId: number,
  accepts: ((as: number) => boolean) | null,
): OpenFault | null {
  const fault = (notify: number, text: string, data = NO_DATA) => ({ content: { notify, data }, text });
  if (accepts ? !accepts(open.as) : open.as !== config.remote_as) {
    return fault(NOTIFY.peerAs, `is AS ${open.as}, not ${accepts ? "one of its range" : config.remote_as}`);
  }
  // RFC 6286 §2.2: inside one AS two speakers with the same identifier cannot be told apart.
  if (open.identifier === routerId && open.as === config.local_as) {
    return fault(NOTIFY.identifier, "has our own BGP identifier");
  }
  const role = roleFault({ ...config, role: open.as === config.local_as ? "" : config.role }, open);
  if (role !== null) {
    return fault(role, `has the role ${theirRole(open) ?? "none"}, which does not go with ours, ${config.role}`);
  }
  const ours = supported(config.afi_safi);
  if (ours.length > 0 && negotiated.families.length === 0) {
    // RFC 5492 §3, §5: a session without a family would carry nothing; the data says what we wanted.
    const wanted = ours.flatMap((family) => [CAP.multiprotocol, 4, ...writeMultiprotocol(family)]);
    return fault(NOTIFY.capability, "speaks none of our address families", Uint8Array.from(wanted));
  }
  return null;
}
