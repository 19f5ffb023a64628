// A histogram whose series cost a few additions to observe: prom-client's takes labels apart at each call, which on the
// way of every request is too much. It goes into prom-client's registry as a metric of its own.

type Labels = Readonly<Record<string, string | number>>;

/** One combination of labels. */
export class HistogramSeries {
  readonly labels: Labels;
  /** Per bucket, not cumulative; the last one is what is over all bounds. */
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
  }
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName: string;
}

export class HistogramMetric {
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, HistogramSeries>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  /** The series of these labels; kept by who observes often. */
  series(labels: Labels): HistogramSeries {
    const key = JSON.stringify(labels);
    const known = this.#series.get(key) ?? new HistogramSeries(labels, this.#bounds);
    this.#series.set(key, known);
    return known;
  }

  reset(): void {
    this.#series.clear();
  }

  /** As prom-client's registry wants it (Prometheus exposition format: buckets are cumulative). */
  async get() {
    const values: Sample[] = [];
    for (const { labels, counts, sum } of this.#series.values()) {
      let count = 0;
      counts.forEach((inBucket, i) => {
        count += inBucket;
        const le = this.#bounds[i] ?? "+Inf";
        values.push({ labels: { le, ...labels }, value: count, metricName: `${this.name}_bucket` });
      });
      values.push({ labels, value: sum, metricName: `${this.name}_sum` });
      values.push({ labels, value: count, metricName: `${this.name}_count` });
    }
    return { name: this.name, help: this.help, type: this.type, values, aggregator: this.aggregator };
  }
}
