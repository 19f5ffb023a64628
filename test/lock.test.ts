// The lock file installs everywhere: npm leaves out optional packages of other platforms when the registry that wrote
// the lock does not carry them, and `npm ci` then refuses the whole file.

import { readFileSync } from "node:fs";
import t from "tap";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));
const packages = Object.entries(lock.packages as Record<string, Entry>);

t.test("every optional package has an entry with a version", async (t) => {
  const names = new Set(packages.map(([path]) => path.split("node_modules/").pop()));
  const missing = packages.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !names.has(name))
      .map((name) => `${path}: ${name}`),
  );
  t.same(missing, []);
  t.same(
    packages.filter(([path, entry]) => path !== "" && !entry.version).map(([path]) => path),
    [],
  );
});

t.test("no registry is fixed", async (t) => {
  t.same(
    packages.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path),
    [],
  );
});

t.test("dependencies are pinned exactly", async (t) => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  for (const [name, range] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
    t.match(range, /^(npm:\w+@)?\d+\.\d+\.\d+$/, name);
  }
});
