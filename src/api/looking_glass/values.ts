// Words and times in the form of OpenBGPD's bgpctl.

/** `00:00:08`, `1d02h03m`, `01w0d16h`; "Never" for null. */
export function timeText(seconds: number | null): string {
  if (seconds === null) return "Never";
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const [minutes, hours, days] = [(seconds / 60) % 60, (seconds / 3_600) % 24, Math.floor(seconds / 86_400)];
  if (days >= 7) return `${two(days / 7)}w${days % 7}d${two(hours)}h`;
  if (days > 0) return `${days}d${two(hours)}h${two(minutes)}m`;
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`;
}

const SEGMENTS: Readonly<Record<number, readonly [string, string]>> = {
  1: ["{ ", " }"],
  2: ["", ""],
  3: ["( ", " )"],
  4: ["[ ", " ]"],
};

/** AS numbers of one segment of a path in JSON. */
function segment(value: unknown): { type: number; numbers: number[] } {
  const [type, numbers] = Array.isArray(value) ? (value as [unknown, unknown]) : [2, []];
  return { type: Number(type), numbers: Array.isArray(numbers) ? numbers.map(Number) : [] };
}

/** `65011 { 65012 65013 }`. */
export function pathText(path: unknown): string {
  const parts = (Array.isArray(path) ? path : []).map((one) => {
    const { type, numbers } = segment(one);
    const [open, close] = SEGMENTS[type] ?? ["", ""];
    return `${open}${numbers.join(" ")}${close}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}

/** The AS that originated a path: the last one of its last sequence; null when there is none. */
export function sourceAs(path: unknown): number | null {
  const last = Array.isArray(path) ? segment(path.at(-1)) : null;
  return last?.type === 2 ? (last.numbers.at(-1) ?? null) : null;
}

export const ORIGINS = ["IGP", "EGP", "incomplete"] as const;

/** OpenBGPD's names of extended communities where it has one. */
const EXTENDED: Readonly<Record<string, string>> = { "route-target": "rt", "route-origin": "soo" };

/** `route-target:65011:5` as `rt 65011:5`. */
export function extendedText(value: unknown): string {
  const text = String(value);
  const colon = text.indexOf(":");
  if (colon < 0) return text;
  const name = text.slice(0, colon);
  return `${EXTENDED[name] ?? name} ${text.slice(colon + 1)}`;
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** True when a community is what a filter says: parts are compared, `*` is any. */
export function communityMatches(filter: string, community: string): boolean {
  const [wanted, given] = [filter.split(":"), community.split(":")];
  return wanted.length === given.length && wanted.every((part, i) => part === "*" || same(part, given[i] as string));
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
