// The answer as a page for people with a browser: the same JSON, indented, its links made clickable.

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (one) => ENTITIES[one] as string);
}

function linked(text: string): string {
  // Only what the appliance writes as a whole JSON string becomes a link; it is escaped already.
  return escapeHtml(text).replace(/&quot;(https?:\/\/[^\s&<>]+\/api\/v4\/[^\s&<>]*)&quot;/g, '"<a href="$1">$1</a>"');
}

/** A whole page. */
export function browsePage(title: string, status: number, value: unknown): string {
  const text = value === undefined ? "" : linked(JSON.stringify(value, null, 4));
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>HTTP ${status}</p>
<pre>${text}</pre>
</body>
</html>
`;
}

/** What a path gets that no route has. */
export const NOT_FOUND_PAGE = `
<!doctype html>
<html lang="en">
<head>
  <title>Not Found</title>
</head>
<body>
  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>
</body>
</html>
`;
