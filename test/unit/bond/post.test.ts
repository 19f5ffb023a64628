// The node channel's client against the real front end, whose answers come whole and close the request at once.

import t from "tap";
import { createLog } from "../../../src/base/log.js";
import { createPoster } from "../../../src/bond/post.js";
import { startFront } from "../../../src/http/front.js";
import { json, type Surface } from "../../../src/http/table.js";

const surface: Surface = {
  name: "echo",
  prefix: "/",
  auth: [],
  routes: [{ method: "POST", path: "/echo", open: true, handle: (r) => json(200, { got: r.body.length }) }],
  problem: (error) => json(error.status, { code: error.code }),
};
const accounts = { password: () => null, token: () => null };

t.test("answers are read whole, bounded, and told apart from a lost connection", async (t) => {
  const log = createLog("test");
  log.level = "silent";
  const options = { host: "127.0.0.1", port: 0, surfaces: [surface], accounts, log } as const;
  const front = await startFront({ ...options, adapter: "uws" });
  const poster = createPoster(`http://127.0.0.1:${front.port}`, 1_000);
  t.teardown(() => poster.close());
  for (let i = 0; i < 50; i++) {
    const reply = await poster.post("/echo", {}, "x".repeat(i), 5_000);
    t.equal(reply.body, `{"got":${i}}`);
  }
  t.equal((await poster.post("/elsewhere", {}, "", 5_000)).status, 404);
  const small = createPoster(`http://127.0.0.1:${front.port}`, 5);
  t.teardown(() => small.close());
  await t.rejects(small.post("/echo", {}, "", 5_000), /over 5 bytes/);
  await front.close();
  await t.rejects(poster.post("/echo", {}, "", 5_000));
});
