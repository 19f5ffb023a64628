import t from "tap";
import { hashPassword, verifyPassword } from "../../../src/accounts/passwords.js";

t.test("a hash tells its own password from others", async (t) => {
  const stored = await hashPassword("correct horse");
  t.match(stored, /^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  t.not(stored, await hashPassword("correct horse"), "salted");
  t.ok(await verifyPassword("correct horse", stored));
  t.notOk(await verifyPassword("correct hors", stored));
  t.notOk(await verifyPassword("", "not a hash"));
});

t.test("a hash that another implementation made", async (t) => {
  // RFC 7914 section 12, third vector, its first 32 bytes; as Python's hashlib.scrypt gives it.
  const vector = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2";
  const stored = `scrypt$16384$8$1$${Buffer.from("SodiumChloride").toString("base64url")}$${Buffer.from(vector, "hex").toString("base64url")}`;
  t.ok(await verifyPassword("pleaseletmein", stored));
});

t.test("many at once: the queue is bounded", async (t) => {
  const stored = "scrypt$2$1$1$c2FsdA$AAAA";
  const many = await Promise.allSettled(Array.from({ length: 100 }, () => verifyPassword("x", stored)));
  const refused = many.filter((one) => one.status === "rejected");
  t.equal(refused.length, 100 - 2 - 64);
  t.match((refused[0] as PromiseRejectedResult).reason, { code: "OVERLOADED" });
});
