// A damaged state file must be refused or taken, never followed out of its bounds.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sumHolds } from "../../../src/store/codec.js";
import { Damage, inspectStateFile } from "../../../src/store/inspect.js";
import { makeStateFile } from "../../helpers/state_file.js";
import type { FuzzTarget } from "../registry.js";

const dir = mkdtempSync(join(tmpdir(), "sennit-fuzz-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
const file = join(dir, "data.mdb");

const target: FuzzTarget = {
  name: "store_file",
  seeds: [Uint8Array.from(readFileSync(await makeStateFile(dir)))],
  run(bytes) {
    writeFileSync(file, bytes);
    try {
      inspectStateFile(file, sumHolds);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
    }
  },
};

export default target;
