// What collectors have recorded of the Internet, decoded to JSON and encoded again: the same bytes.

import t from "tap";
import { mrtVector, type Reencoded, readAll, reencode } from "../../../helpers/mrt.js";

/**
 * What need not come out the same: JSON has no attribute flags. A speaker may mark an optional attribute as partial
 * (RFC 4271 §5), and write a length of two octets where one does (§4.3). Sets in a RIB keep their bytes.
 */
const ALLOWED = /^\d+: (partial|extended length)$/;

t.test("attributes and prefixes of real dumps come out as they came in", async (t) => {
  const names = ["updates.20160811.1600", "updates.20071015.1505", "bview.20020722.2337", "bview.20000111.0032"];
  for (const name of [...names, "bview.ipv4_unicast_add_path", "bview.ipv6_unicast_add_path"]) {
    const result: Reencoded = { attributes: 0, prefixes: 0, other: new Map() };
    const { contents, faults } = await readAll(mrtVector(`${name}.gz`));
    t.same(faults, []);
    for (const content of contents) reencode(content, result);
    t.ok(result.attributes > 150 && result.prefixes >= 62, `${name}: ${result.attributes} attributes`);
    t.same(
      [...result.other.keys()].filter((reason) => !ALLOWED.test(reason)),
      [],
      name,
    );
  }
});
