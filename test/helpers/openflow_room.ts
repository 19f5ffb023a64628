// The OpenFlow room behind the real front end, without the rest of the appliance: a fixed user, tokens in memory.

import { randomBytes } from "node:crypto";
import { openflowSurface } from "../../src/api/openflow/rows.js";
import { createLog } from "../../src/base/log.js";
import { scrape } from "../../src/base/metrics.js";
import { startFront } from "../../src/http/front.js";
import type { Caller } from "../../src/http/table.js";
import { type OpenFlowHandle, startOpenFlow } from "../../src/openflow/agent.js";
import { OPENFLOW_DEFAULTS, type OpenFlowConfig } from "../../src/openflow/config.js";
import { PACKET_DEFAULTS, type PacketConfig } from "../../src/openflow/packet_config.js";
import type { Engine } from "../../src/store/engine.js";
import { openStore } from "../../src/store/open.js";
import type { Teardown } from "./cleanup.js";
import { tmpDir } from "./tmp.js";

const USER: Caller = { id: 1, name: "sdn", superuser: true };
const PASSWORD = "skyline";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes
  readonly json: any;
}

export interface OpenFlowRoom {
  readonly handle: OpenFlowHandle;
  /** `tcp:HOST:PORT` for ovs-vsctl. */
  readonly target: string;
  readonly port: number;
  readonly base: string;
  readonly token: string;
  /** Calls a path under /sdn/v2.0 with a valid token; a body that is no text is sent as JSON. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** How many connections of this process's rooms never became a switch. */
  refused(): Promise<number>;
}

/** Sends one request and reads the answer whole. */
export async function request(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  let json: unknown = null;
  try {
    json = text === "" ? null : JSON.parse(text);
  } catch {
    // not JSON: the test sees the text
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** A store in a directory of its own; it ends with the test. */
export async function startStore(t: Teardown, dir = tmpDir(t, "store")): Promise<Engine> {
  process.env["SENNIT_LOG_LEVEL"] ??= "fatal";
  const store = await openStore(dir, createLog("test"));
  t.teardown(() => store.close());
  return store;
}
/** Most tests count flows: switches keep those that they have. */
const LEAVE: PacketConfig = { ...PACKET_DEFAULTS, tableMiss: "leave" };

/** Starts the room and its surface on free ports of 127.0.0.1; both end with the test. */
export async function startOpenFlowRoom(t: Teardown, config: Partial<OpenFlowConfig> = {}): Promise<OpenFlowRoom> {
  process.env["SENNIT_LOG_LEVEL"] ??= "fatal";
  const log = createLog("test");
  const listen = { host: "127.0.0.1", port: 0 };
  const handle = await startOpenFlow({
    config: { ...OPENFLOW_DEFAULTS, listen, packets: LEAVE, discoverySeconds: 0, ...config },
    store: await startStore(t),
    log,
  });
  t.teardown(() => handle.close());
  const tokens = new Set<string>();
  const surface = openflowSurface(handle, {
    async login(user, password) {
      if (user !== USER.name || password !== PASSWORD) return null;
      const token = randomBytes(16).toString("hex");
      tokens.add(token);
      return { token, expiresMs: Date.now() + 3_600_000, user };
    },
    logout: async (token) => tokens.delete(token),
  });
  const accounts = { password: () => null, token: (token: string) => (tokens.has(token) ? USER : null) };
  const front = await startFront({ host: "127.0.0.1", port: 0, adapter: "uws", surfaces: [surface], accounts, log });
  t.teardown(() => front.close());
  const base = `http://127.0.0.1:${front.port}/sdn/v2.0`;
  const login = { login: { user: USER.name, password: PASSWORD, domain: "sdn" } };
  const { json } = await request(`${base}/auth`, { method: "POST", body: JSON.stringify(login) });
  const { token } = (json as { record: { token: string } }).record;
  const headers = { "x-auth-token": token };
  const port = Number(handle.health().listen.split(":").at(-1));
  return {
    handle,
    target: `tcp:127.0.0.1:${port}`,
    port,
    base,
    token,
    async refused() {
      const { text } = await scrape();
      return Number(/^sennit_openflow_refused_total (\d+)/m.exec(text)?.[1] ?? 0);
    },
    call: (method, path, body) =>
      request(`${base}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
  };
}
