// The unit files: what systemd itself says of them, and that what they call is there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { MAIN, TOP } from "../helpers/appliance.js";
import { need } from "../helpers/need.js";
import { run } from "../helpers/processes.js";

const DIR = join(TOP, "systemd");
const units = readdirSync(DIR).filter((name) => name.endsWith(".service"));

t.test("systemd finds no fault", async (t) => {
  if (!need.program(t, "systemd-analyze", "systemd")) return;
  const { code, stderr, stdout } = await run("systemd-analyze", ["verify", ...units.map((name) => join(DIR, name))]);
  // The program's own path is that of an installed box.
  const faults = (stdout + stderr).split("\n").filter((line) => /sennit/.test(line) && !/is not executable/.test(line));
  t.same(faults, []);
  t.ok(code !== null);
});

for (const unit of units) {
  t.test(unit, async (t) => {
    const text = readFileSync(join(DIR, unit), "utf8");
    const [, command = "", rest = ""] = /^ExecStart=\/usr\/bin\/node \S+\/main\.js (\w+) (.*)$/m.exec(text) ?? [];
    const help = await run(process.execPath, [MAIN, command, "--help"]);
    t.equal(help.code, 0, `sennit ${command} exists`);
    for (const option of rest.match(/--[\w-]+/g) ?? []) t.match(help.stdout, option);
    t.match(text, /^User=(?!root)\w+$/m, "not as root");
    t.match(text, /^NoNewPrivileges=yes$/m);
    const [, bounding = "none"] = /^CapabilityBoundingSet=(.*)$/m.exec(text) ?? [];
    const [, ambient = "none"] = /^AmbientCapabilities=(.*)$/m.exec(text) ?? [];
    t.equal(bounding, ambient);
    t.notMatch(bounding, /\s/, "one capability at most");
  });
}
