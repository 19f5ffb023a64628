// The configurations that the documents of the speaker show are taken as they stand there.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parseBgpConfig } from "../../../src/bgp/config.js";
import { loadConfig } from "../../../src/config.js";
import { TOP } from "../../helpers/appliance.js";
import { tmpDir } from "../../helpers/tmp.js";

t.test("every TOML example of docs/bgp*.md", async (t) => {
  const dir = tmpDir(t, "docs");
  let examples = 0;
  for (const name of readdirSync(join(TOP, "docs")).filter((file) => /^bgp.*\.md$/.test(file))) {
    const text = readFileSync(join(TOP, "docs", name), "utf8");
    for (const [, body = ""] of text.matchAll(/```toml\n([\s\S]*?)```/g)) {
      examples++;
      const file = join(dir, `${examples}.toml`);
      writeFileSync(file, body);
      const { bgp } = loadConfig({ config: file }, {});
      t.doesNotThrow(() => parseBgpConfig({ ...bgp, local_as: bgp.local_as ?? 65_001 } as never), `${name}: ${body}`);
    }
  }
  t.ok(examples > 6, `${examples} examples`);
});
