// File names with the time in them: %Y %m %d %H %M %S, in UTC, as route collectors name their files; %% is a percent sign.

const two = (value: number) => String(value).padStart(2, "0");

/** THE table of what may stand behind a percent sign. */
const PARTS: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getUTCFullYear()),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  H: (date) => two(date.getUTCHours()),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  "%": () => "%",
};

/** True when a template has nothing but these parts. */
export function isPathTemplate(template: string): boolean {
  return [...template.matchAll(/%(.?)/g)].every(([, part]) => part !== undefined && part in PARTS);
}

/** The name that a template stands for at a time. */
export function fillPath(template: string, date: Date): string {
  return template.replace(/%(.)/g, (_, part: string) => PARTS[part]?.(date) ?? "");
}
