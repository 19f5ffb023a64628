// JSON as Python's json.dumps writes it: a blank behind each comma and colon, nothing but ASCII. Programs that read
// yabgp's files by text, and not by a parser, find what they look for.

/** A text in ASCII. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value of JSON's types; members that are undefined are left out, as JSON.stringify does. */
export function pythonJson(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${quote(key)}: ${pythonJson(member)}`).join(", ")}}`;
}

/** A number as Python's float. */
export const pythonFloat = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));
