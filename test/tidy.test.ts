// House style that no linter checks: sizes, leftovers, tables whose rows nobody uses, links that lead nowhere.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import t from "tap";
import ts from "typescript";
import { TOP } from "./helpers/appliance.js";

const MAX_LINES = 400;
const MAX_FUNCTION_LINES = 70;
/** Files that are longer for a reason, with the reason. */
const LONGER: Readonly<Record<string, string>> = {};

const CODE = /\.(ts|mjs|cjs|js|html|css)$/;
const SKIPPED = /^(node_modules|dist|build|var|\.git|\.tap)$/;
/** Not in the house's hands: lock file, vectors that other programs made, fuzzing inputs. */
const FOREIGN = /^(package-lock\.json|test\/vectors\/|test\/golden\/|test\/fuzz\/corpus\/)/;

function tree(dir = ""): string[] {
  return readdirSync(join(TOP, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return SKIPPED.test(entry.name) ? [] : tree(path);
    return entry.isFile() ? [path] : [];
  });
}

/** What git tracks or would; without git (a release archive), all there is. */
function files(): string[] {
  try {
    const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: TOP,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return list.split("\0").filter((path) => path !== "" && existsSync(join(TOP, path)));
  } catch {
    return tree();
  }
}

const all = files().filter((path) => !FOREIGN.test(path));
const text = new Map(all.map((path) => [path, readFileSync(join(TOP, path), "utf8")]));
const code = all.filter((path) => CODE.test(path));
const own = (path: string) => path !== "test/tidy.test.ts";

/** Lines that match, as `path:line: text`. */
function grep(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    (text.get(path) ?? "")
      .split("\n")
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

t.test("files have one duty and at most 400 lines", async (t) => {
  const lines = (path: string) => (text.get(path) ?? "").split("\n").length - 1;
  t.same(
    code.filter((path) => lines(path) > MAX_LINES && !(path in LONGER)).map((path) => `${path}: ${lines(path)} lines`),
    [],
  );
  t.same(
    Object.keys(LONGER).filter((path) => !text.has(path) || lines(path) <= MAX_LINES),
    [],
    "no exception outlives its file",
  );
});

/** Lines of a function, without those of the functions inside it: a factory of small functions is small. */
function ownLines(node: ts.Node, source: ts.SourceFile): number {
  const linesOf = (part: ts.Node) =>
    source.getLineAndCharacterOfPosition(part.end).line -
    source.getLineAndCharacterOfPosition(part.getStart(source)).line +
    1;
  let lines = linesOf(node);
  const subtract = (part: ts.Node): void => {
    if (ts.isFunctionLike(part)) lines -= linesOf(part) - 1;
    else ts.forEachChild(part, subtract);
  };
  ts.forEachChild(node, subtract);
  return lines;
}

t.test("functions fit on a screen", async (t) => {
  const long: string[] = [];
  for (const path of code.filter((path) => /^(src|assembly|bench)\/.*\.ts$/.test(path))) {
    const source = ts.createSourceFile(path, text.get(path) ?? "", ts.ScriptTarget.ES2022);
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node)) {
        const lines = ownLines(node, source);
        const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
        if (lines > MAX_FUNCTION_LINES) long.push(`${path}:${line}: ${lines} lines`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  t.same(long, []);
});

t.test("nothing is left over", async (t) => {
  const sources = all.filter(own);
  t.same(grep(sources, /\b(TODO|FIXME|XXX|HACK)\b/), []);
  t.same(grep(code.filter(own), /\b(t|test|describe|it)\.only\(|\bonly: true\b|\bdebugger;/), []);
  t.same(
    grep(
      code.filter((path) => path.startsWith("src/")),
      /\bconsole\.(log|debug)\(/,
    ).filter(notCli),
    [],
  );
});

/** Programs that print for a reader: build steps and the command line. */
function notCli(found: string): boolean {
  return !/^src\/(dev|cli)\/|^src\/main\.ts/.test(found);
}

t.test("the repository speaks of the product, not of how it was made", async (t) => {
  const forbidden =
    /\b(sub-?agents?|language model|chat ?bots?|the (brief|prompt|task description)|seed documents?)\b/i;
  t.same(grep(all.filter(own), forbidden), []);
  // A path of somebody's machine would not exist on any other.
  t.same(grep(all.filter(own), /(^|[\s"'`(])\/(work|home)\//), []);
});

/** Keys of the rows of a table that is an object literal named `rows`, two spaces deep. */
function rows(path: string): string[] {
  const body = /const rows = \{\n([\s\S]*?)\n\} as const/.exec(text.get(path) ?? "")?.[1] ?? "";
  return [...body.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1] as string);
}

t.test("every row of the catalogues is used", async (t) => {
  for (const path of ["src/base/errors.ts", "src/base/metrics.ts"]) {
    const names = rows(path);
    t.ok(names.length > 5, `${path} has ${names.length} rows`);
    const sources = code.filter((other) => other.startsWith("src/")).map((other) => [other, text.get(other)] as const);
    const used = (name: string) =>
      sources.some(([other, body]) =>
        // Within its own file a row is used when a function names it in quotes.
        new RegExp(other === path ? `["']${name}["']` : `\\b${name}\\b`).test(body ?? ""),
      );
    t.same(
      names.filter((name) => !used(name)),
      [],
      `rows of ${path} that nothing uses`,
    );
  }
});

t.test("every bound is used", async (t) => {
  const names = [...(text.get("src/base/limits.ts") ?? "").matchAll(/^ {2}(\w+):/gm)].map(
    (match) => match[1] as string,
  );
  const sources = code.filter((path) => path.startsWith("src/") && path !== "src/base/limits.ts");
  t.same(
    names.filter((name) => !sources.some((path) => text.get(path)?.includes(`LIMITS.${name}`))),
    [],
  );
});

t.test("links in the documents lead somewhere", async (t) => {
  const broken: string[] = [];
  for (const path of all.filter((path) => path.endsWith(".md"))) {
    const body = (text.get(path) ?? "").replace(/```[\s\S]*?```/g, "");
    for (const match of body.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      const link = match[1] as string;
      if (/^[a-z]+:/i.test(link)) continue;
      if (!existsSync(join(TOP, normalize(join(dirname(path), link))))) broken.push(`${path}: ${link}`);
    }
  }
  t.same(broken, []);
});

t.test("every table of the store is listed", async (t) => {
  const body = text.get("src/store/tables.ts") ?? "";
  const declared = /export interface Tables \{\n([\s\S]*?)\n\}/.exec(body)?.[1] ?? "";
  const names = [...declared.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1] as string);
  const listed = /TABLES: readonly TableName\[\] = \[([\s\S]*?)\]/.exec(body)?.[1] ?? "";
  t.ok(names.length > 1);
  t.same(
    names.filter((name) => !listed.includes(`"${name}"`)),
    [],
  );
});

t.test("fuzz targets and benches are in their registries' folders", async (t) => {
  const targets = all.filter((path) => /^test\/fuzz\/targets\/.*\.ts$/.test(path));
  t.same(
    targets.filter((path) => !/export default/.test(text.get(path) ?? "")),
    [],
    "each target has a default export",
  );
  const benches = all.filter((path) => /^bench\/(bgp|openflow|bond|http)\.ts$/.test(path));
  t.same(
    benches.filter((path) => !/export (async )?(function|const) run\b/.test(text.get(path) ?? "")),
    [],
    "each bench exports run",
  );
});
