// The table of docs/configuration.md, made from the fields themselves.

import type { Field } from "../../src/base/config.js";
import { CONFIG_GROUPS } from "../../src/config.js";

function show(value: unknown): string {
  if (value === undefined) return "";
  if (value === null) return "`off`";
  if (typeof value === "object" && "host" in value) {
    const { host, port } = value as { host: string; port: number };
    return `\`${host}:${port}\``;
  }
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function option(flag: string | undefined): string {
  return flag === undefined ? "" : `\`--${flag.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}\``;
}

/** Markdown rows: key, option, variable, default, what is allowed. */
export function configRows(): string[] {
  const rows: string[] = [];
  for (const [group, fields] of Object.entries(CONFIG_GROUPS)) {
    for (const [name, field] of Object.entries(fields as Record<string, Field<unknown>>)) {
      const key = group === "" ? name : `${group}.${name}`;
      const env = field.env === undefined ? "" : `\`${field.env}\``;
      rows.push(`| \`${key}\` | ${option(field.flag)} | ${env} | ${show(field.fallback)} | ${field.allowed} |`);
    }
  }
  return rows;
}
