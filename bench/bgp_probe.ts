// How long REST answers take while something else goes on. Requests start at a fixed rate, whether or not earlier ones
// have been answered: a stall of 100 ms is then felt by all that fall into it, not by one.

import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";

export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers other than 200, and requests that failed. */
  readonly failed: number;
}

export interface ProbeTarget {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The path of the next request, given the last answer's body ("" at first). */
  next(body: string): string;
}

const EVERY_MS = 10;
const TIMEOUT_MS = 30_000;

export class Probe {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #took: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #failed = 0;
  #open = 0;
  #body = "";

  constructor(target: ProbeTarget) {
    this.#timer = setInterval(() => this.#send(target), EVERY_MS);
  }

  #send({ address, headers, next }: ProbeTarget): void {
    const [host, port] = address.split(":");
    const since = performance.now();
    this.#open++;
    const done = (failed: boolean) => {
      this.#open--;
      this.#took.push(performance.now() - since);
      if (failed) this.#failed++;
    };
    const asked = request({ host, port, path: next(this.#body), headers, agent: this.#agent, timeout: TIMEOUT_MS });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", () => done(true));
    asked.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => {
        this.#body = body;
        done(response.statusCode !== 200);
      });
    });
    asked.end();
  }

  /** Sends no more, waits for the answers that are still due, and gives the figures in ms. */
  async stop(): Promise<Latency> {
    clearInterval(this.#timer);
    while (this.#open > 0) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    this.#agent.destroy();
    const sorted = this.#took.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1), failed: this.#failed };
  }
}
