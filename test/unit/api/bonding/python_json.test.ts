import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { jsonFault } from "../../../../src/api/bonding/python_json.js";
import { TOP } from "../../../helpers/appliance.js";

t.test("says what Python says", async (t) => {
  const file = readFileSync(join(TOP, "test/vectors/bonding/python_json.json"), "utf8");
  const { faults } = JSON.parse(file) as { faults: [string, string | null][] };
  for (const [text, fault] of faults) t.equal(jsonFault(text), fault, JSON.stringify(text));
});

t.test("finds a fault where JSON.parse does, and nowhere else", async () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "a",
    "1",
    "-",
    ".",
    "e",
    "\\",
    "u00",
    " ",
    "null",
    "\n",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.array(pieces, { maxLength: 12 }).map((all) => all.join("")),
      ),
      (text) => {
        let parsed = true;
        try {
          JSON.parse(text);
        } catch {
          parsed = false;
        }
        return (jsonFault(text) === null) === parsed;
      },
    ),
    { numRuns: 3_000 },
  );
});
