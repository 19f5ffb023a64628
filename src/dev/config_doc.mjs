// Rewrites the table of docs/configuration.md from the fields; run after a change of src/config.ts and a build.

import { readFileSync, writeFileSync } from "node:fs";
import { configRows } from "../../dist/test/helpers/config_doc.js";

const file = new URL("../../docs/configuration.md", import.meta.url);
const lines = readFileSync(file, "utf8").split("\n");
const head = lines.indexOf("|---|---|---|---|---|");
const rest = lines.slice(head + 1).filter((line) => !line.startsWith("| `"));
writeFileSync(file, [...lines.slice(0, head + 1), ...configRows(), ...rest].join("\n"));
