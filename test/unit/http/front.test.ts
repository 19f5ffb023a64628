// The front end over both adapters: the way of a request, and what a broken handler or a hostile client may cost.

import { connect } from "node:net";
import t from "tap";
import { AppError } from "../../../src/base/errors.js";
import { LIMITS } from "../../../src/base/limits.js";
import { createLog } from "../../../src/base/log.js";
import type { Authenticator } from "../../../src/http/auth.js";
import { type Front, startFront } from "../../../src/http/front.js";
import { json, type Surface } from "../../../src/http/table.js";
import { freePort } from "../../helpers/ports.js";
import { until } from "../../helpers/wait.js";

const caller = { id: 1, name: "admin", superuser: true };
/** A password of "slow" takes as long to check as a real hash. */
const accounts: Authenticator = {
  password: (user, password) => {
    if (user === "admin" && password === "slow") return new Promise((resolve) => setTimeout(resolve, 50, caller));
    return user === "admin" && password === "right" ? Promise.resolve(caller) : null;
  },
  token: (token, scheme) => (token === `good-${scheme}` ? caller : null),
};
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});
const right = basic("admin", "right");

/** What lets the requests go that wait in `/slow`, oldest first. */
const slow: (() => void)[] = [];

function surface(name: string, prefix: string, authBefore: "route" | "method" | "handler"): Surface {
  return {
    name,
    prefix,
    auth: ["basic", "token", "x-auth-token"],
    authBefore,
    routes: [
      { method: "GET", path: `${prefix}/open`, open: true, handle: (r) => json(200, { who: r.caller?.name ?? null }) },
      {
        method: "GET",
        path: `${prefix}/item/:id`,
        handle: (r) => json(200, { id: r.params["id"], q: r.query.get("q") }),
      },
      { method: "GET", path: `${prefix}/item/special`, handle: () => json(200, "special") },
      { method: "POST", path: `${prefix}/item/:id`, handle: (r) => json(201, { got: r.body.toString() }) },
      { method: "DELETE", path: `${prefix}/item/:id`, handle: () => ({ status: 204 }) },
      { method: "POST", path: `${prefix}/small`, bodyBytes: 10, handle: (r) => json(200, r.body.length) },
      {
        method: "GET",
        path: `${prefix}/throws`,
        handle() {
          throw new Error("a defect");
        },
      },
      { method: "GET", path: `${prefix}/rejects`, handle: () => Promise.reject(new Error("a defect")) },
      {
        method: "GET",
        path: `${prefix}/refuses`,
        handle: () => Promise.reject(new AppError("FORBIDDEN", { user: "x" })),
      },
      {
        method: "GET",
        path: `${prefix}/slow`,
        handle: () =>
          new Promise((resolve) => {
            slow.push(() => resolve(json(200, "late")));
          }),
      },
      {
        method: "GET",
        path: `${prefix}/listing`,
        handle: () => ({
          status: 200,
          headers: { "content-type": "application/json" },
          stream: (async function* () {
            for (let i = 0; i < 200; i++) yield "x".repeat(50_000);
          })(),
        }),
      },
      {
        method: "GET",
        path: `${prefix}/broken-listing`,
        handle: () => ({
          status: 200,
          stream: (async function* () {
            yield "first";
            throw new Error("a defect");
          })(),
        }),
      },
    ],
    problem: (error) => json(error.status, { code: error.code, message: error.message }),
  };
}

const surfaces = [
  surface("strict", "/strict", "route"),
  surface("method", "/method", "method"),
  surface("lax", "/lax", "handler"),
  { ...surface("last", "", "handler"), prefix: "/", auth: [], routes: [] },
];

for (const adapter of ["uws", "node"] as const) {
  t.test(`front end on ${adapter}`, async (t) => {
    const log = createLog("test");
    log.level = "silent";
    const front: Front = await startFront({ host: "127.0.0.1", port: 0, adapter, surfaces, accounts, log });
    let closed = false;
    t.teardown(() => (closed ? undefined : front.close()));
    const at = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${front.port}${path}`, init);

    t.test("routes, parameters, query", async (t) => {
      const reply = await at("/strict/item/a%3Ab?q=1%202", { headers: right });
      t.equal(reply.status, 200);
      t.equal(reply.headers.get("content-type"), "application/json");
      t.same(await reply.json(), { id: "a:b", q: "1 2" });
      t.equal(await (await at("/strict/item/special", { headers: right })).json(), "special", "a literal wins");
      t.equal((await at("/strict/item/%zz", { headers: right })).status, 200, "a bad escape is taken as it stands");
    });

    t.test("credentials", async (t) => {
      t.equal((await at("/strict/item/1")).status, 401);
      t.equal((await at("/strict/item/1", { headers: basic("admin", "wrong") })).status, 401);
      t.equal((await at("/strict/item/1", { headers: { authorization: "Basic !!!" } })).status, 401);
      t.equal((await at("/strict/item/1", { headers: { authorization: "Token good-token" } })).status, 200);
      t.equal((await at("/strict/item/1", { headers: { authorization: "Token good-x-auth-token" } })).status, 401);
      t.equal((await at("/strict/item/1", { headers: { "x-auth-token": "good-x-auth-token" } })).status, 200);
      t.same(await (await at("/strict/open")).json(), { who: null });
      t.same(await (await at("/strict/open", { headers: right })).json(), { who: "admin" });
    });

    t.test("what a stranger learns", async (t) => {
      t.equal((await at("/strict/nothing")).status, 401);
      t.equal((await at("/method/nothing")).status, 404);
      t.equal((await at("/method/item/1", { method: "PUT" })).status, 401);
      t.equal((await at("/lax/item/1", { method: "PUT" })).status, 405);
      t.equal((await at("/lax/item/1")).status, 401);
      t.equal((await at("/elsewhere")).status, 404);
    });

    t.test("405, OPTIONS, HEAD", async (t) => {
      const wrong = await at("/strict/item/1", { method: "PATCH", headers: right });
      t.equal(wrong.status, 405);
      t.equal(wrong.headers.get("allow"), "GET, POST, DELETE, HEAD, OPTIONS");
      const options = await at("/strict/item/1", { method: "OPTIONS", headers: right });
      t.equal(options.status, 200);
      t.equal(options.headers.get("allow"), "GET, POST, DELETE, HEAD, OPTIONS");
      const head = await at("/strict/item/1", { method: "HEAD", headers: right });
      t.equal(head.status, 200);
      t.equal(head.headers.get("content-length"), String(JSON.stringify({ id: "1", q: null }).length));
      t.equal((await at("/strict/item/1", { method: "DELETE", headers: right })).status, 204);
    });

    t.test("a body that comes while the password is still being checked", async (t) => {
      const slow = basic("admin", "slow");
      const post = await at("/strict/item/1", { method: "POST", headers: slow, body: "early" });
      t.same(await post.json(), { got: "early" });
      const over = await at("/strict/small", { method: "POST", headers: slow, body: "0123456789a" });
      t.equal(over.status, 413);
    });

    t.test("bodies", async (t) => {
      const post = await at("/strict/item/1", { method: "POST", headers: right, body: "é".repeat(100_000) });
      t.equal(post.status, 201);
      t.equal(((await post.json()) as { got: string }).got.length, 100_000);
      t.equal((await at("/strict/small", { method: "POST", headers: right, body: "0123456789" })).status, 200);
      t.equal((await at("/strict/small", { method: "POST", headers: right, body: "0123456789a" })).status, 413);
      const chunked = new ReadableStream({
        start(controller) {
          for (let i = 0; i < 10; i++) controller.enqueue(new TextEncoder().encode("xxxxx"));
          controller.close();
        },
      });
      const init = { method: "POST", headers: right, body: chunked, duplex: "half" } as RequestInit;
      const reply = await at("/strict/small", init).catch(() => null);
      t.ok(reply === null || reply.status === 413, "a chunked body is bounded too");
      t.ok(LIMITS.bodyBytes > 0);
    });

    t.test("a handler that throws gives a 500 and a living process", async (t) => {
      for (const path of ["/strict/throws", "/strict/rejects"]) {
        const reply = await at(path, { headers: right });
        t.equal(reply.status, 500);
        const body = (await reply.json()) as { code: string; message: string };
        t.equal(body.code, "INTERNAL");
        t.notMatch(body.message, /a defect/, "the cause stays in the log");
      }
      t.equal((await at("/strict/refuses", { headers: right })).status, 403);
      t.equal((await at("/strict/open")).status, 200, "still there");
    });

    t.test("listings are streamed; a broken one is not taken for whole", async (t) => {
      const whole = await at("/strict/listing", { headers: right });
      t.equal((await whole.text()).length, 10_000_000);
      await t.rejects(at("/strict/broken-listing", { headers: right }).then((reply) => reply.text()));
      t.equal((await at("/strict/open")).status, 200);
    });

    t.test("an answer without a body leaves the connection ready for the next request", async (t) => {
      const head = `host: x\r\n${Object.entries(right).map(([name, value]) => `${name}: ${value}\r\n`)[0]}`;
      for (const [first, status] of [
        ["DELETE", 204],
        ["HEAD", 200],
        ["OPTIONS", 200],
      ] as const) {
        const socket = connect(front.port, "127.0.0.1");
        t.teardown(() => socket.destroy());
        let text = "";
        let ended = false;
        socket.setEncoding("latin1").on("data", (chunk: string) => {
          text += chunk;
        });
        socket.on("close", () => {
          ended = true;
        });
        const heads = (): number => text.split("\r\n\r\n").length - 1;
        socket.write(`${first} /strict/item/1 HTTP/1.1\r\n${head}\r\n`);
        await until(() => heads() === 1, { what: `the answer to ${first}` });
        t.match(text, new RegExp(`^HTTP/1.1 ${status} `));
        // RFC 9110 8.6: none in a 204.
        if (status === 204) t.notMatch(text, /content-length/i);
        socket.write(`GET /strict/item/2 HTTP/1.1\r\n${head}\r\n`);
        await until(() => heads() === 2 || ended, { what: `the answer after ${first}` });
        t.match(text, /"id":"2"/, first);
      }
    });

    t.test("a client that goes away, and keep-alive", async (t) => {
      const gone = connect(front.port, "127.0.0.1");
      gone.write("GET /strict/slow HTTP/1.1\r\nhost: x\r\nx-auth-token: good-x-auth-token\r\n\r\n");
      await until(() => slow.length > 0, { what: "the request to reach its handler" });
      gone.destroy();
      await at("/strict/open");
      slow.shift()?.();
      t.equal((await at("/strict/open")).status, 200, "an answer to nobody is dropped");

      const kept = connect(front.port, "127.0.0.1");
      let text = "";
      kept.on("data", (data) => {
        text += data;
      });
      const count = () => text.split("HTTP/1.1 200").length - 1;
      for (let i = 1; i <= 3; i++) {
        kept.write("GET /strict/open HTTP/1.1\r\nhost: x\r\n\r\n");
        await until(() => count() >= i, { what: `answer ${i}` });
      }
      t.equal(count(), 3, "three answers on one connection");
      kept.destroy();
    });

    t.test("hostile bytes", async (t) => {
      for (const bytes of ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`]) {
        const socket = connect(front.port, "127.0.0.1");
        const done = new Promise((resolve) => socket.on("error", resolve).on("close", resolve).on("data", resolve));
        socket.write(bytes);
        await done;
        socket.destroy();
      }
      t.equal((await at("/strict/open")).status, 200);
    });

    t.test("a port in use is told", async (t) => {
      const again = startFront({ host: "127.0.0.1", port: front.port, adapter, surfaces, accounts, log });
      await t.rejects(again, {
        code: "PORT_IN_USE",
        message: /HTTP cannot listen on 127\.0\.0\.1:\d+: the port is in use/,
      });
    });

    t.test("a port is free again at once, also with connections that this end has closed", async (t) => {
      const options = { host: "127.0.0.1", adapter, surfaces, accounts, log };
      // A port that the kernel chose is bound with other socket options than a named one.
      const first = await startFront({ ...options, port: await freePort() });
      const socket = connect(first.port, "127.0.0.1");
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.on("error", () => undefined).resume();
      const ended = new Promise((resolve) => socket.once("close", resolve));
      await first.close();
      // The end that closes first keeps the address in TIME-WAIT for a minute.
      await ended;
      const second = await startFront({ ...options, port: first.port });
      t.equal(second.port, first.port);
      await second.close();
    });

    t.test("graceful end: what is under way is answered, what is new is not", async (t) => {
      const late = at("/strict/slow", { headers: right });
      await until(() => slow.length > 0, { what: "the request to reach its handler" });
      const closing = front.close();
      closed = true;
      slow.shift()?.();
      t.equal((await late).status, 200);
      await closing;
      await t.rejects(at("/strict/open"));
    });
  });
}
