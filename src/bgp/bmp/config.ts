// `[[bgp.bmp]]`: the monitoring stations that are told what peers announce.

import { type Field, integer, text } from "../../base/config.js";

export interface StationConfig {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
  /** Seconds until a failed connection is tried again; doubles with each failure up to 16-fold. */
  readonly retry: number;
  /** Seconds between reports of figures; 0: none. */
  readonly statistics: number;
  /** What the station calls us; "" the host's name. */
  readonly name: string;
}

const host: Field<string> = {
  allowed: "a host name or address",
  read: (value) => (typeof value === "string" && /^[\w.:-]{1,253}$/.test(value) ? value : undefined),
};

export const STATION_FIELDS = {
  host,
  port: integer(1, 65_535, { fallback: 11_019 }),
  retry: integer(1, 720, { fallback: 30 }),
  statistics: integer(0, 86_400, { fallback: 300 }),
  name: text({ fallback: "", most: 255 }),
} satisfies { [K in keyof StationConfig]: Field<unknown> };
