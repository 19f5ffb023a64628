// The tables of docs/openflow.md are those of the code. `UPDATE_DOCS=1` writes them anew.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openflowSurface } from "../../../src/api/openflow/rows.js";
import { ACTIONS, type ActionRow, INSTRUCTIONS } from "../../../src/openflow/actions.js";
import type { OpenFlowHandle } from "../../../src/openflow/agent.js";
import { MATCH_FIELDS, type MatchField, type Need } from "../../../src/openflow/match_fields.js";
import { KINDS } from "../../../src/openflow/values.js";
import { TOP } from "../../helpers/appliance.js";

const FILE = join(TOP, "docs/openflow.md");

function need([name, ...values]: Need): string {
  return values.length === 0
    ? name
    : `${name} ${values.map((v) => (v > 255 ? `0x${v.toString(16).padStart(4, "0")}` : v)).join("/")}`;
}

function table(head: string, rows: string[]): string {
  const columns = head.split("|").length - 2;
  return [head, `|${"---|".repeat(columns)}`, ...rows].join("\n");
}

/** What OpenFlow 1.0 can do with a field. */
function old({ v10 }: MatchField): string {
  if (!v10) return "";
  const match = v10.form === "prefix" ? "match (prefix)" : "match";
  return v10.set === null ? match : `${match}, set`;
}

/** The type of an action in OpenFlow 1.0. */
function oldType({ v10, argument }: ActionRow): string {
  if (argument === "field")
    return [...new Set(MATCH_FIELDS.flatMap((f) => f.v10?.set ?? []))].sort((a, b) => a - b).join(", ");
  return v10 === undefined ? "" : v10 === 0xffff ? "0xffff" : String(v10);
}

function actions(kind: string, rows: readonly ActionRow[], column: (row: ActionRow) => string[]): string {
  const code = (value: number): string => (value === 0xffff ? "0xffff" : String(value));
  const what: Readonly<Record<string, string>> = {
    port: "port number or reserved name",
    flag: "`true`",
    ethType: "Ethernet type, as the match field",
    field: "object with one match field",
    metadata: "hex text",
    actions: "list of actions",
    experimenter: "hex text",
  };
  return table(
    `| ${kind} | code | value |${kind === "action" ? " 1.0 |" : ""}`,
    rows.map((row) => {
      const cells = [code(row.code), what[row.argument] ?? `number 0..${row.max}`, ...column(row)];
      return `| \`${row.name}\` | ${cells.join(" | ")} |`;
    }),
  );
}

const TABLES: readonly string[] = [
  table(
    "| field | OXM | bits | mask | kind | prerequisites | 1.0 |",
    MATCH_FIELDS.map(
      (f) =>
        `| \`${f.name}\` | ${f.code} | ${f.bits} | ${f.maskable ? "yes" : ""} | ${f.kind} | ${f.needs.map(need).join(", ")} | ${old(f)} |`,
    ),
  ),
  table(
    "| kind | value |",
    Object.entries(KINDS).map(([name, kind]) => `| ${name} | ${kind.allowed} |`),
  ),
  actions("action", ACTIONS, (row) => [oldType(row)]),
  actions("instruction", INSTRUCTIONS, () => []),
];
const PLACES = ["MATCH_TABLE", "KIND_TABLE", "ACTION_TABLE", "INSTRUCTION_TABLE"];

t.test("tables", async (t) => {
  let text = readFileSync(FILE, "utf8");
  if (process.env["UPDATE_DOCS"]) {
    for (const [i, place] of PLACES.entries()) {
      const head = (TABLES[i] as string).split("\n")[0] as string;
      const old = text.indexOf(head);
      const end = text.indexOf("\n\n", old);
      text = old < 0 ? text.replace(place, TABLES[i] as string) : text.slice(0, old) + TABLES[i] + text.slice(end);
    }
    writeFileSync(FILE, text);
  }
  for (const one of TABLES) t.ok(text.includes(`${one}\n\n`), one.slice(0, 40));
});

t.test("routes", async (t) => {
  const text = readFileSync(FILE, "utf8");
  const { routes } = openflowSurface({} as OpenFlowHandle, { login: async () => null, logout: async () => false });
  for (const { path } of routes) {
    const shown = path.replace("/sdn/v2.0", "").replace(/:(\w+)/g, "{$1}");
    if (shown.startsWith("/datapaths")) continue;
    t.ok(text.includes(`| \`${shown}\` |`), shown);
  }
});
