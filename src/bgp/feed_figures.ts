// The feeds' figures to the metric table, just before a scrape.

import { gauge, total } from "../base/metrics.js";
import type { FeedFigures } from "./feeds.js";

/** Fills the feeds' rows of the metric table. */
export function publishFeeds({ files, stations }: FeedFigures): void {
  for (const { feed, records, bytes, dropped, failures } of files) {
    total("sennit_bgp_feed_records_total", records, { feed });
    total("sennit_bgp_feed_bytes_total", bytes, { feed });
    total("sennit_bgp_feed_dropped_total", dropped, { feed });
    total("sennit_bgp_feed_failures_total", failures, { feed });
  }
  for (const { station, connected, bytes, connections, dropped, failures } of stations) {
    gauge("sennit_bgp_bmp_connected", connected ? 1 : 0, { station });
    total("sennit_bgp_bmp_bytes_total", bytes, { station });
    total("sennit_bgp_bmp_connections_total", connections, { station });
    total("sennit_bgp_bmp_dropped_total", dropped, { station });
    total("sennit_bgp_bmp_failures_total", failures, { station });
  }
}
