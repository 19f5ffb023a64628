// docs/bonding-api.md lists the resources, methods and filters that the table has.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { itemPath } from "../../../../src/api/bonding/links.js";
import { RESOURCES } from "../../../../src/api/bonding/rows.js";
import { TOP } from "../../../helpers/appliance.js";

t.test("every resource, method and filter is in the document", async (t) => {
  const text = readFileSync(join(TOP, "docs/bonding-api.md"), "utf8");
  const table = text.slice(text.indexOf("## Resources"), text.indexOf("### Fields that need a word"));
  const lines = table.split("\n").filter((line) => line.startsWith("| "));
  const row = (path: string) => lines.find((line) => line.split("|")[1]?.includes(`\`${path}\``));
  const spoken = (path: string) => path.replace("/spaces/:x", "/spaces/KEY").replace(":x", "X").replace(":y", "Y");
  for (const { name, fields, mounts } of RESOURCES) {
    const filters = fields.filter((field) => field.filter && field.name !== "space").map((field) => field.name);
    for (const mount of mounts) {
      const short = `/${mount.path.split("/").at(-2)}/`;
      const line = row(spoken(mount.path)) ?? row(short);
      t.ok(line, `${name}: ${spoken(mount.path)}`);
      for (const method of mount.list) t.ok(line?.includes(method), `${method} ${mount.path}`);
      const same = line?.includes("as `/bonds/`") || name === "flat_spaces";
      for (const filter of same ? [] : filters) t.ok(line?.includes(filter), `${name} is filtered by ${filter}`);
      if (mount.item.length === 0) continue;
      const item = lines.find((one) => row(spoken(itemPath(mount))) === one || one.startsWith("| … `/Y/`"));
      for (const method of mount.item) t.ok(item?.includes(method), `${method} ${itemPath(mount)}`);
    }
  }
});
