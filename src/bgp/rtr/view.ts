// The JSON of `GET /v1/rpki` and `GET /v1/rpki/validate`, and the room's figures of origin validation.

import { AppError } from "../../base/errors.js";
import { formatPrefix, parsePrefix } from "../../base/ip.js";
import { clear, gauge, type MetricName, total } from "../../base/metrics.js";
import { cacheName } from "./client.js";
import type { CacheFigures, RpkiFigures, Validation, ValidationQuery } from "./protocol.js";

function cacheJson(cache: CacheFigures): Record<string, unknown> {
  return {
    host: cache.host,
    port: cache.port,
    preference: cache.preference,
    state: cache.state,
    version: cache.version,
    session: cache.session,
    serial: cache.serial,
    used: cache.used,
    vrps: cache.vrps,
    updated: cache.updated === 0 ? null : cache.updated,
    ...cache.intervals,
    connections: cache.connections,
    errors: { sent: cache.reportsSent, received: cache.reportsReceived },
    last_error: cache.lastError === "" ? null : cache.lastError,
  };
}

/** `GET /v1/rpki`: each cache, and the distinct VRPs that count. */
export function rpkiJson(figures: RpkiFigures): Record<string, unknown> {
  return { caches: figures.caches.map(cacheJson), vrps: figures.vrps, changes: figures.changes };
}

/** The query of `GET /v1/rpki/validate?prefix=&asn=`. Errors: BODY_INVALID. Without `asn` the route has no origin. */
export function validationQuery(params: { readonly prefix?: string; readonly asn?: string }): ValidationQuery {
  const { prefix, asn } = params;
  if (!prefix || !parsePrefix(prefix)) {
    throw new AppError("BODY_INVALID", { path: "prefix", reason: "a prefix such as 192.0.2.0/24 is needed" });
  }
  if (asn === undefined || asn === "") return { prefix, asn: null };
  const number = /^(?:AS)?(\d{1,10})$/i.exec(asn)?.[1];
  // 4294967295 is reserved (RFC 7300) and stands for no origin here.
  if (number === undefined || Number(number) >= 4_294_967_295) {
    throw new AppError("BODY_INVALID", { path: "asn", reason: "an AS number from 0 to 4294967294 is needed" });
  }
  return { prefix, asn: Number(number) };
}

/** `GET /v1/rpki/validate`: the state (RFC 6811), and why: each VRP that covers the prefix, with what does not fit. */
export function validationJson(validation: Validation, figures: RpkiFigures): Record<string, unknown> {
  const { prefix, asn, state } = validation;
  const { bytes, length } = parsePrefix(prefix) as { bytes: Uint8Array; length: number };
  const vrps = validation.covering.map((vrp) => ({
    prefix: formatPrefix(parsePrefix(`${prefix.slice(0, prefix.indexOf("/"))}/${vrp.bits}`) ?? { bytes, length }),
    max_length: vrp.maxBits,
    asn: vrp.asn,
    as_matches: vrp.asn !== 0 && vrp.asn === asn,
    length_matches: length <= vrp.maxBits,
    caches: vrp.caches.map((id) => cacheName(figures.caches[id] as CacheFigures)),
  }));
  return { prefix, asn, state, vrps };
}

const PER_CACHE: readonly MetricName[] = [
  "sennit_bgp_rpki_cache_up",
  "sennit_bgp_rpki_cache_used",
  "sennit_bgp_rpki_cache_vrps",
  "sennit_bgp_rpki_cache_serial",
  "sennit_bgp_rpki_cache_updated_seconds",
  "sennit_bgp_rpki_cache_connections_total",
  "sennit_bgp_rpki_cache_errors_total",
];

/** Fills the rows of the metric table, just before a scrape. */
export function publishRpki(figures: RpkiFigures): void {
  for (const name of PER_CACHE) clear(name);
  for (const cache of figures.caches) {
    const labels = { cache: cacheName(cache) };
    gauge("sennit_bgp_rpki_cache_up", cache.state === "READY" ? 1 : 0, labels);
    gauge("sennit_bgp_rpki_cache_used", cache.used ? 1 : 0, labels);
    gauge("sennit_bgp_rpki_cache_vrps", cache.vrps.ipv4, { ...labels, family: "ipv4" });
    gauge("sennit_bgp_rpki_cache_vrps", cache.vrps.ipv6, { ...labels, family: "ipv6" });
    gauge("sennit_bgp_rpki_cache_serial", cache.serial ?? 0, labels);
    gauge("sennit_bgp_rpki_cache_updated_seconds", cache.updated, labels);
    total("sennit_bgp_rpki_cache_connections_total", cache.connections, labels);
    total("sennit_bgp_rpki_cache_errors_total", cache.reportsSent, { ...labels, direction: "sent" });
    total("sennit_bgp_rpki_cache_errors_total", cache.reportsReceived, { ...labels, direction: "received" });
  }
  gauge("sennit_bgp_rpki_vrps", figures.vrps.ipv4, { family: "ipv4" });
  gauge("sennit_bgp_rpki_vrps", figures.vrps.ipv6, { family: "ipv6" });
}
