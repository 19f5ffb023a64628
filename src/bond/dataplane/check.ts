// Whether a bond can be set up at all: what control sends is checked here once, and a bond that cannot run says why.

import { parseAddress } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import type { BondConfig, DataplaneConfig, TunnelSecurity } from "./protocol.js";
import { findScheduler, schedulers } from "./schedulers.js";

/** "none" and "hmac" leave packets readable; both are authenticated, since that costs next to nothing. */
const SECURITIES: readonly TunnelSecurity[] = ["none", "hmac", "encryption"];
const IFNAME = /^[^\s/:]{1,15}$/;

/** Why a whole configuration is refused, or "". */
export function configProblem(config: DataplaneConfig): string {
  if (typeof config?.revision !== "number" || !Array.isArray(config.bonds)) return "it is no configuration";
  if (config.listen && !parseAddress(config.listen.address)) return `${config.listen.address} is not an IP address`;
  const ids = new Set(config.bonds.map(({ id }) => id));
  return ids.size === config.bonds.length ? "" : "two bonds have one id";
}

/** Why a bond cannot run, or "". */
export function bondProblem(bond: BondConfig): string {
  if (!Number.isInteger(bond.id) || bond.id < 0 || bond.id > 0xffff_ffff) return `id ${bond.id} is out of range`;
  if (!IFNAME.test(bond.tunnelIfname)) return `${bond.tunnelIfname} is not an interface name`;
  if (Buffer.from(bond.psk, "base64").length !== 32) return "the key is not 32 bytes";
  if (!findScheduler(bond.scheduler)) {
    return `scheduler ${bond.scheduler} is unknown; known: ${schedulers.map(({ name }) => name).join(", ")}`;
  }
  if (!SECURITIES.includes(bond.security))
    return `tunnel security ${bond.security} is unknown; known: ${SECURITIES.join(", ")}`;
  const local = parseAddress(bond.localIp);
  const peer = parseAddress(bond.peerIp);
  if (!local || local.length !== peer?.length) {
    return `tunnel addresses ${bond.localIp} and ${bond.peerIp} are not two of a kind`;
  }
  if (bond.legs.length > LIMITS.legsPerBond) return `it has ${bond.legs.length} legs; allowed: ${LIMITS.legsPerBond}`;
  const crooked = bond.legs.find(({ id }) => !Number.isInteger(id) || id < 0 || id > 0xffff_ffff);
  if (crooked) return `leg id ${crooked.id} is out of range`;
  if (bond.role === "bonder") {
    if (!bond.remote || !parseAddress(bond.remote.address)) return "the aggregator's address is not known";
    const nameless = bond.legs.find((leg) => !IFNAME.test(leg.ifname ?? ""));
    if (nameless) return `leg ${nameless.id} has no interface`;
  }
  return "";
}
