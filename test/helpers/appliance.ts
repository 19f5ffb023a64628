// A running appliance: `node dist/src/main.js serve` with a data directory of its own, and a small REST client.

import { readdirSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atExit, type Teardown } from "./cleanup.js";
import { type Exit, Running } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

/** The repository's root. This file runs as dist/test/helpers/appliance.js. */
export const TOP = fileURLToPath(new URL("../../..", import.meta.url));
export const MAIN = join(TOP, "dist/src/main.js");

export interface ApplianceOptions {
  /** Data directory; default a new one that is removed with the test. */
  readonly data?: string;
  /** Default 127.0.0.1:0. */
  readonly http?: string;
  /** Default off. */
  readonly bgp?: string;
  /** Default off. */
  readonly openflow?: string;
  readonly role?: "bonder" | "aggregator" | "both";
  /** More arguments of `serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly netns?: string;
  readonly user?: string;
  readonly password?: string;
}

export interface RestOptions {
  /** Sent as JSON unless it is a string or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** False: without credentials. Default: HTTP Basic as the administrator. */
  readonly auth?: false | { readonly user: string; readonly password: string };
  readonly timeoutMs?: number;
}

export interface RestReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; throws with the body's text when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of any shape
  json(): any;
}

/** Sends one HTTP request to `host:port`. In the namespace of the caller: for others use `curl` there. */
export function http(address: string, method: string, path: string, options: RestOptions = {}): Promise<RestReply> {
  const { body, headers = {}, auth, timeoutMs = 15_000 } = options;
  const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
  const payload = raw ? body : JSON.stringify(body);
  const sent: Record<string, string> = { ...(raw ? {} : { "content-type": "application/json" }), ...headers };
  if (auth) sent["authorization"] = `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}`;
  if (payload !== undefined) sent["content-length"] = String(Buffer.byteLength(payload));
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host,
      port: Number(address.slice(at + 1)),
      method,
      path,
      headers: sent,
      agent: false,
    });
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer in ${timeoutMs} ms: ${method} ${path}`)));
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => parse(text) }),
      );
    });
    request.end(payload);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`not JSON: ${text.slice(0, 500)}`);
  }
}

function wildcardToLoopback(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}

/** One appliance. `restart()` keeps its data directory. */
export class Appliance {
  readonly data: string;
  readonly user: string;
  readonly password: string;
  /** `host:port` that it answers on, after `ready()`. */
  address = "";
  #process: Running;
  /** Below the ephemeral ports, so that no client socket has it by chance. */
  readonly #bondPort = 10_000 + Math.floor(Math.random() * 20_000);
  readonly #options: ApplianceOptions;

  constructor(t: Teardown, options: ApplianceOptions = {}) {
    this.#options = options;
    this.data = options.data ?? tmpDir(t, "data");
    this.user = options.user ?? "admin";
    this.password = options.password ?? "test-password-1";
    this.#process = this.#spawn();
    const done = atExit(() => {
      this.#process.kill("SIGKILL");
      this.#killDataplane();
    });
    t.teardown(async () => {
      await this.stop();
      done();
    });
  }

  get process(): Running {
    return this.#process;
  }

  /** Resolves when GET /healthz answers 200. Rejects with its output when it ends before that. */
  async ready(timeoutMs = 20_000): Promise<this> {
    const answer = await until(
      async () => {
        if (this.#process.exit) return new Error("ended");
        const text = readFileSync(join(this.data, "http.addr"), "utf8").trim();
        if (text === "") return false;
        this.address = wildcardToLoopback(text);
        return (await this.#healthy()) || false;
      },
      { what: "GET /healthz to answer 200", timeoutMs, state: () => this.#process.output.slice(-3_000) },
    );
    if (answer instanceof Error) throw new Error(`the appliance has ended:\n${this.#process.output.slice(-4_000)}`);
    return this;
  }

  async #healthy(): Promise<boolean> {
    if (this.#options.netns === undefined) {
      return (await http(this.address, "GET", "/healthz", { timeoutMs: 2_000 })).status === 200;
    }
    return (await this.rest("GET", "/healthz", { auth: false, timeoutMs: 2_000 })).status === 200;
  }

  /** One request as the administrator (HTTP Basic); from inside its namespace when it runs in one. */
  async rest(method: string, path: string, options: RestOptions = {}): Promise<RestReply> {
    const auth = options.auth ?? { user: this.user, password: this.password };
    const { netns } = this.#options;
    if (netns === undefined) return http(this.address, method, path, { ...options, auth });
    const job = JSON.stringify({ address: this.address, method, path, options: { ...options, auth } });
    const child = new Running(process.execPath, [fileURLToPath(new URL("rest_child.js", import.meta.url))], { netns });
    child.write(job);
    child.endInput();
    const exit = await child.exited;
    if (exit.code !== 0) throw new Error(child.stderr.trim() || `request ended with ${JSON.stringify(exit)}`);
    const { status, headers, text } = JSON.parse(child.stdout) as Omit<RestReply, "json">;
    return { status, headers, text, json: () => parse(text) };
  }

  /** Asks control to end (SIGTERM), then ends its data plane. */
  async stop(): Promise<Exit> {
    const exit = await this.#process.stop();
    this.#killDataplane();
    return exit;
  }

  /** kill -9 of the control process; the data plane lives on. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  /** Starts control again after `kill()` or the end of its process, or stops it gently first. */
  async restart(): Promise<this> {
    if (!this.#process.exit) await this.#process.stop();
    this.#process = this.#spawn();
    return this.ready();
  }

  #spawn(): Running {
    const { http: listen = "127.0.0.1:0", bgp = "off", openflow = "off", role, args = [], netns } = this.#options;
    const argv = [MAIN, "serve", "--data", this.data, "--http", listen, "--bgp", bgp, "--openflow", openflow];
    if (role) argv.push("--role", role);
    const env = {
      SENNIT_ADMIN_USER: this.user,
      SENNIT_ADMIN_PASSWORD: this.password,
      // In the machine's own namespace appliances of several tests may run side by side.
      ...(netns === undefined ? { SENNIT_BOND_PORT: String(this.#bondPort) } : {}),
      ...this.#options.env,
    };
    return new Running(process.execPath, [...argv, ...args], { netns, env });
  }

  /**
   * The data plane is detached so that it outlives control. It is found by its command line, not by its pid file: one
   * that control has only just started has not written that yet.
   */
  #killDataplane(): void {
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const args = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        if (args.includes("dataplane") && args.includes(this.data)) process.kill(Number(name), "SIGTERM");
      } catch {
        // it has ended
      }
    }
  }
}

/** Starts an appliance and waits until it is ready. */
export function startAppliance(t: Teardown, options: ApplianceOptions = {}): Promise<Appliance> {
  return new Appliance(t, options).ready();
}
