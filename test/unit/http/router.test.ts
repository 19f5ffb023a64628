import t from "tap";
import { Router, surfaceOf } from "../../../src/http/router.js";
import type { Method, Route } from "../../../src/http/table.js";

const route = (method: Method, path: string): Route => ({ method, path, handle: () => ({ status: 200 }) });

t.test("trailing slashes are another path", async (t) => {
  const router = new Router([route("GET", "/a/"), route("GET", "/b")]);
  t.ok(router.find("/a/"));
  t.notOk(router.find("/a"));
  t.ok(router.find("/b"));
  t.notOk(router.find("/b/"));
});

t.test("backtracks from a literal to a parameter", async (t) => {
  const router = new Router([route("GET", "/x/lit/a"), route("GET", "/x/:p/b")]);
  t.same(router.find("/x/lit/b")?.params, { p: "lit" });
  t.notOk(router.find("/x//b"), "a parameter takes no empty segment");
});

t.test("tables with mistakes are refused", async (t) => {
  t.throws(() => new Router([route("GET", "/a"), route("GET", "/a")]), /twice/);
  t.throws(() => new Router([route("GET", "/:a/x"), route("GET", "/:b/y")]), /called :a/);
});

t.test("the longest prefix owns a path", async (t) => {
  const surfaces = [{ prefix: "/" }, { prefix: "/api/v4" }, { prefix: "/v1" }];
  t.equal(surfaceOf(surfaces, "/api/v4/bonds/")?.prefix, "/api/v4");
  t.equal(surfaceOf(surfaces, "/api/v40")?.prefix, "/");
  t.equal(surfaceOf(surfaces, "/v1")?.prefix, "/v1");
});
