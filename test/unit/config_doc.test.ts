import { readFileSync } from "node:fs";
import t from "tap";
import { configRows } from "../helpers/config_doc.js";

t.test("docs/configuration.md has every field as it is", async (t) => {
  const text = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
  const documented = text.split("\n").filter((line) => line.startsWith("| `"));
  t.same(documented, configRows());
});
