// WebSockets over both adapters: handshake, credentials, frames good and bad, bounds, the end.

import t from "tap";
import { AppError } from "../../../src/base/errors.js";
import { LIMITS } from "../../../src/base/limits.js";
import { createLog } from "../../../src/base/log.js";
import type { Authenticator } from "../../../src/http/auth.js";
import { startFront } from "../../../src/http/front.js";
import { json, type SocketClient, type Surface, socketRoute } from "../../../src/http/table.js";
import { until } from "../../helpers/wait.js";
import { clientFrame, openSocket } from "../../helpers/ws_client.js";

const accounts: Authenticator = {
  password: (user, password) =>
    user === "admin" && password === "right" ? Promise.resolve({ id: 1, name: "admin", superuser: true }) : null,
  token: () => null,
};
const right = { authorization: `Basic ${Buffer.from("admin:right").toString("base64")}` };

/** What the rows below saw. */
const seen = { clients: [] as SocketClient[], messages: [] as string[], closed: 0 };

const surface: Surface = {
  name: "sockets",
  prefix: "/",
  auth: ["basic"],
  routes: [
    { method: "GET", path: "/plain", handle: () => json(200, "plain") },
    socketRoute("/echo/:name", (request) => {
      if (request.params["name"] === "refused") throw new AppError("FORBIDDEN", { user: "x" });
      return {
        open(client) {
          seen.clients.push(client);
          client.send(`hello ${request.params["name"]} ${request.query.get("q") ?? ""}`);
        },
        message(client, data) {
          seen.messages.push(data.toString());
          if (data.toString() === "throw") throw new Error("a defect");
          client.send(data.toString());
        },
        close() {
          seen.closed++;
        },
      };
    }),
  ],
  problem: (error) => json(error.status, { code: error.code }),
};

for (const adapter of ["uws", "node"] as const) {
  t.test(`WebSockets on ${adapter}`, async (t) => {
    const log = createLog("test");
    log.level = "silent";
    const front = await startFront({ host: "127.0.0.1", port: 0, adapter, surfaces: [surface], accounts, log });
    let closed = false;
    t.teardown(() => (closed ? undefined : front.close()));
    const ask = (path: string, headers: Record<string, string> = right) => openSocket(t, front.port, path, headers);

    t.test("handshake, messages both ways, pings", async (t) => {
      const client = await ask("/echo/me?q=1");
      t.equal(client.status, 101);
      // The example of RFC 6455 section 1.3.
      t.match(client.head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
      await until(() => client.texts.shift() === "hello me 1", { what: "the greeting" });
      for (const text of ["short", "é".repeat(100), "x".repeat(10_000)]) {
        client.send(text);
        await until(() => client.texts.shift() === text, { what: `an echo of ${text.length}` });
      }
      client.socket.write(Buffer.concat([clientFrame(0x01, Buffer.from("in ")), clientFrame(0x89, Buffer.from("p"))]));
      client.socket.write(clientFrame(0x80, Buffer.from("parts")));
      await until(() => client.texts.shift() === "in parts", { what: "a message in fragments" });
      t.same(client.pongs, ["p"], "a ping between the fragments is answered");
      const whole = clientFrame(0x81, Buffer.from("bytes"));
      for (const byte of whole) client.socket.write(Buffer.of(byte));
      await until(() => client.texts.shift() === "bytes", { what: "a message that comes byte for byte" });
      const before = seen.closed;
      client.socket.write(clientFrame(0x88, Buffer.of(0x03, 0xe8)));
      t.equal(await client.closed(), 1000);
      await until(() => seen.closed === before + 1, { what: "the row to be told" });
    });

    t.test("what is refused before the handshake", async (t) => {
      t.equal((await ask("/echo/me", {})).status, 401);
      t.equal((await ask("/echo/refused")).status, 403);
      t.equal((await ask("/nothing")).status, 404);
      t.equal((await ask("/plain")).status, 200, "a row that takes none answers as always");
      t.equal((await ask("/echo/me", { ...right, "sec-websocket-version": "8" })).status, 426);
      const plain = await fetch(`http://127.0.0.1:${front.port}/echo/me`, { headers: right });
      t.equal(plain.status, 426);
      t.same(await plain.json(), { code: "UPGRADE_REQUIRED" });
    });

    t.test("frames that are none end the connection, not the process", async (t) => {
      const cases: [string, Buffer][] = [
        // uWebSockets.js takes the payload for a mask and waits for more.
        ...(adapter === "node" ? [["unmasked", clientFrame(0x81, Buffer.from("x"), false)] as [string, Buffer]] : []),
        ["reserved bits", clientFrame(0xf1, Buffer.from("x"))],
        ["unknown opcode", clientFrame(0x83, Buffer.from("x"))],
        ["fragmented ping", clientFrame(0x09, Buffer.from("x"))],
        ["continuation of nothing", clientFrame(0x80, Buffer.from("x"))],
        ["not UTF-8", clientFrame(0x81, Buffer.of(0xff, 0xfe))],
        ["too long", clientFrame(0x81, Buffer.alloc(LIMITS.socketMessageBytes + 1))],
        ["length of 2^63", Buffer.from("81ff800000000000000012345678", "hex")],
        ["a handler that throws", clientFrame(0x81, Buffer.from("throw"))],
      ];
      for (const [what, bytes] of cases) {
        const client = await ask("/echo/me");
        const messages = seen.messages.length;
        client.socket.write(bytes);
        await client.closed();
        t.equal(seen.messages.length - messages, what.startsWith("a handler") ? 1 : 0, what);
      }
      t.equal((await ask("/echo/me")).status, 101);
    });

    t.test("a client that does not read has a bounded queue", async (t) => {
      const client = await ask("/echo/slow");
      client.socket.pause();
      const row = seen.clients.at(-1) as SocketClient;
      const text = "x".repeat(64 << 10);
      let taken = 0;
      while (taken < 10_000 && row.send(text)) taken++;
      t.ok(taken > 10 && taken < 1_000, `${taken} messages of 64 KiB were taken`);
      client.socket.resume();
      await until(() => row.send("room again"), { what: "room in the queue" });
      await until(() => client.texts.includes("room again"), { what: "the message after the others" });
      t.equal(client.texts.filter((one) => one === text).length, taken, "none of those taken is lost");
    });

    t.test("a bounded number of clients", async (t) => {
      const open = await Promise.all(Array.from({ length: 8 }, () => ask("/echo/many")));
      t.ok(open.every(({ status }) => status === 101));
      const before = seen.closed;
      for (const { socket } of open) socket.destroy();
      await until(() => seen.closed === before + 8, { what: "all to be gone" });
    });

    t.test("graceful end: 1001", async (t) => {
      const client = await ask("/echo/last");
      const closing = front.close();
      closed = true;
      t.equal(await client.closed(), 1001);
      await closing;
    });
  });
}
