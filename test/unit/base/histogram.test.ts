// The histogram of hot paths, as the exposition format wants it.

import t from "tap";
import { HistogramMetric } from "../../../src/base/histogram.js";
import { count, scrape, series, tally } from "../../../src/base/metrics.js";

t.test("buckets are cumulative, the last one has all", async (t) => {
  const metric = new HistogramMetric("seconds", "help", [0.1, 1]);
  const one = metric.series({ surface: "a" });
  t.equal(metric.series({ surface: "a" }), one, "one series a combination of labels");
  for (const value of [0.05, 0.1, 0.5, 3]) one.observe(value);
  const { values } = await metric.get();
  t.same(
    values.map(({ metricName, labels, value }) => [metricName, labels["le"] ?? "", value]),
    [
      ["seconds_bucket", 0.1, 2],
      ["seconds_bucket", 1, 3],
      ["seconds_bucket", "+Inf", 4],
      ["seconds_sum", "", 3.65],
      ["seconds_count", "", 4],
    ],
  );
  metric.reset();
  t.same((await metric.get()).values, []);
});

t.test("the table prints series and tallies", async (t) => {
  const requests = tally("sennit_http_requests_total", { surface: "test", code: 200 });
  requests.count += 5;
  count("sennit_http_requests_total", { surface: "test", code: 200 });
  series("sennit_http_request_duration_seconds", { surface: "test" }).observe(0.003);
  const { text } = await scrape();
  t.match(text, 'sennit_http_requests_total{surface="test",code="200"} 6');
  t.match(text, "# TYPE sennit_http_request_duration_seconds histogram");
  t.match(text, 'sennit_http_request_duration_seconds_bucket{le="0.005",surface="test"} 1');
  t.match(text, 'sennit_http_request_duration_seconds_bucket{le="0.001",surface="test"} 0');
  t.match(text, 'sennit_http_request_duration_seconds_count{surface="test"} 1');
  t.match((await scrape()).text, 'sennit_http_requests_total{surface="test",code="200"} 6', "a tally is added once");
});
