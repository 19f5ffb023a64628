// The worked example of docs/node-channel.md is what the code computes.

import { createHmac, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { bondPsk, isNonce, keyId, mac, newNodeKey, newNonce, sameMac, sessionKeys } from "../../../src/bond/keys.js";
import { TOP } from "../../helpers/appliance.js";

t.test("the documented example", async (t) => {
  const text = readFileSync(join(TOP, "docs/node-channel.md"), "utf8");
  const rows = text.slice(text.indexOf("## Worked example")).matchAll(/^\| (.+) \| `(.+)` \|$/gm);
  const values = [...rows].map(([, , value]) => value as string);
  const [key = "", name, psk, near = "", far = "", session = "", node, manager, proof, asked, answered] = values;
  const keys = sessionKeys(key, near, far);
  t.equal(keyId(key), name);
  t.equal(bondPsk(key, 7), psk);
  t.equal(keys.node.toString("hex"), node);
  t.equal(keys.manager.toString("hex"), manager);
  t.equal(mac(keys.manager, "/node/v1/hello", session, far), proof);
  t.equal(mac(keys.node, "/node/v1/config", "1", '{"revision":"","wait":25}'), asked);
  t.equal(mac(keys.manager, "/node/v1/config", "1", "200", '{"revision":"x"}'), answered);

  // Once more from the text alone.
  const salt = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
  const kn = Buffer.from(hkdfSync("sha256", key, salt, "sennit node channel v1 node", 32));
  const line = `/node/v1/config\n1\n${'{"revision":"","wait":25}'}`;
  t.equal(createHmac("sha256", kn).update(line).digest("base64url"), asked);
});

t.test("keys, nonces and comparisons", async (t) => {
  t.match(newNodeKey(), /^[0-9a-f]{40}$/);
  t.not(newNodeKey(), newNodeKey());
  t.ok(isNonce(newNonce()));
  for (const wrong of ["", "x".repeat(42), "x".repeat(44), `${"x".repeat(42)}+`, 7, null]) t.notOk(isNonce(wrong));
  t.ok(sameMac("abc", "abc"));
  t.notOk(sameMac("abc", "abd"));
  t.notOk(sameMac("abc", "abcd"));
  t.not(bondPsk("k", 1), bondPsk("k", 2));
});
