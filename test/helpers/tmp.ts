// Directories that are gone after the test.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit, type Teardown } from "./cleanup.js";

/** Makes an empty directory that is removed when the test ends. */
export function tmpDir(t: Teardown, label = "test"): string {
  const dir = mkdtempSync(join(tmpdir(), `sennit-${label}-`));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  const done = atExit(remove);
  t.teardown(() => {
    done();
    remove();
  });
  return dir;
}
