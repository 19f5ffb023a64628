// The parts of `[bgp]` that say who watches sessions.

import { table, tables, type Values } from "../base/config.js";
import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { STATION_FIELDS, type StationConfig } from "./bmp/config.js";
import { MESSAGE_FIELDS, type MessageLogConfig } from "./message_log/config.js";
import { MRT_FIELDS, type MrtConfig } from "./mrt/config.js";

export interface FeedsConfig {
  readonly bmp: readonly StationConfig[];
  readonly message: MessageLogConfig;
  readonly mrt: MrtConfig;
}

/** The fields of `[bgp]` that are of feeds: `[[bgp.bmp]]`, `[bgp.message]`, `[bgp.mrt]`. */
export const FEED_FIELDS = {
  bmp: tables(STATION_FIELDS),
  message: table(MESSAGE_FIELDS),
  mrt: table(MRT_FIELDS),
};

/** What of them the configuration room gives; what is not there is off. */
export type FeedsTable = Partial<Values<typeof FEED_FIELDS>>;

/** The feeds' configuration from the `[bgp]` table. Errors: CONFIG. */
export function parseFeeds(given: FeedsTable): FeedsConfig {
  const bmp = given.bmp ?? [];
  if (bmp.length > LIMITS.bgpBmpStations) {
    const allowed = `at most ${LIMITS.bgpBmpStations} stations`;
    throw new AppError("CONFIG", { path: "bgp.bmp", value: `${bmp.length} stations`, allowed });
  }
  bmp.forEach(({ host, port }, i) => {
    const path = `bgp.bmp[${i}].host`;
    // A key without a default that was not given.
    if (host === undefined)
      throw new AppError("CONFIG", { path, value: "nothing", allowed: STATION_FIELDS.host.allowed });
    if (bmp.findIndex((other) => other.host === host && other.port === port) !== i) {
      throw new AppError("CONFIG", { path, value: host, allowed: "a host and port that no other station has" });
    }
  });
  const none = <T>(field: { read(value: unknown, path: string): T | undefined }) => field.read({}, "") as T;
  const message = given.message ?? none(FEED_FIELDS.message);
  return { bmp, message, mrt: given.mrt ?? none(FEED_FIELDS.mrt) };
}
