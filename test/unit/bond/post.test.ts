// Posts over http and https: what is unreachable, too slow, too long or not to be trusted is a rejection.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { createPoster } from "../../../src/bond/post.js";
import { need } from "../../helpers/need.js";
import { freePort } from "../../helpers/ports.js";
import { must } from "../../helpers/processes.js";
import { tmpDir } from "../../helpers/tmp.js";

type Handler = Parameters<typeof createServer>[1];

const answer: Handler = (request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    if (request.url === "/never") return;
    response.setHeader("x-path", request.url ?? "");
    response.end(request.url === "/long" ? "x".repeat(200) : `${request.headers["x-one"]} ${body}`);
  });
};

async function listening(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

function poster(t: Test, base: string, most = 100) {
  const made = createPoster(base, most);
  t.teardown(() => made.close());
  return made;
}

t.test("http", async (t) => {
  const port = await listening(t, createServer(answer));
  const to = poster(t, `http://127.0.0.1:${port}/base/`);
  const reply = await to.post("/a", { "x-one": "1" }, "é", 2_000);
  t.equal(reply.status, 200);
  t.equal(reply.body, "1 é");
  t.equal(reply.header("x-path"), "/base/a");
  const root = poster(t, `http://127.0.0.1:${port}`);
  await t.rejects(root.post("/long", {}, "", 2_000), /over 100 bytes/);
  await t.rejects(root.post("/never", {}, "", 100), /no answer within 100 ms/);
  const waiting = root.post("/never", {}, "", 10_000);
  root.close();
  await t.rejects(waiting, /stopped|hang up/);
  await t.rejects(poster(t, `http://127.0.0.1:${await freePort()}`).post("/a", {}, "", 2_000), /ECONNREFUSED/);
  t.throws(() => createPoster("ftp://x", 1), /no http or https URL/);
});

t.test("https: a certificate that nobody vouches for is refused", async (t) => {
  if (!need.program(t, "openssl")) return;
  const dir = tmpDir(t, "tls");
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await must("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...subject]);
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer);
  const base = `https://127.0.0.1:${await listening(t, server)}`;
  await t.rejects(poster(t, base).post("/a", {}, "", 2_000), /self-signed certificate/);

  // As an operator would: the authority is handed to a process of its own.
  const script = `
    const { createPoster } = await import(${JSON.stringify(new URL("../../../src/bond/post.js", import.meta.url).href)});
    const to = createPoster(${JSON.stringify(base)}, 100);
    console.log((await to.post("/a", { "x-one": "1" }, "tls", 5000)).body);
    to.close();`;
  const args = ["--input-type=module", "-e", script];
  t.equal((await must(process.execPath, args, { env: { NODE_EXTRA_CA_CERTS: cert } })).trim(), "1 tls");
});
