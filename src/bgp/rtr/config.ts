// `[[bgp.rpki]]`: the caches that validated ROA payloads come from.

import { integer, text, type Values } from "../../base/config.js";
import { AppError } from "../../base/errors.js";
import { ROA_CACHES } from "../../wasm/bgp_roa.js";

export const RPKI_FIELDS = {
  /** Address or name. */
  host: text({ most: 253 }),
  port: integer(1, 65_535, { fallback: 323 }),
  /** The lowest counts, of those that have data; equal ones count together. */
  preference: integer(0, 4_294_967_295, { fallback: 100 }),
  /** Seconds, 0: what the cache says (RFC 8210 §6). */
  refresh: integer(0, 86_400, { fallback: 0 }),
  retry: integer(0, 7_200, { fallback: 0 }),
  expire: integer(0, 172_800, { fallback: 0 }),
};

export type RpkiCacheConfig = Values<typeof RPKI_FIELDS>;

/** Checks what single fields cannot. Faults: CONFIG for a cache without host, one given twice, and too many of them. */
export function parseRpkiConfig(tables: readonly RpkiCacheConfig[] = []): readonly RpkiCacheConfig[] {
  const fail = (path: string, value: unknown, allowed: string) => {
    throw new AppError("CONFIG", { path, value: JSON.stringify(value) ?? "nothing", allowed });
  };
  if (tables.length > ROA_CACHES) fail("bgp.rpki", tables.length, `at most ${ROA_CACHES} caches`);
  tables.forEach((cache, i) => {
    if (!cache.host) fail(`bgp.rpki[${i}].host`, cache.host, "an address or a name");
    const twin = tables.findIndex(({ host, port }) => host === cache.host && port === cache.port);
    if (twin !== i) fail(`bgp.rpki[${i}].host`, cache.host, "a host and port that no other cache has");
    if (cache.expire !== 0 && cache.expire <= cache.refresh) {
      fail(`bgp.rpki[${i}].expire`, cache.expire, "0, or more than refresh");
    }
  });
  return tables;
}
