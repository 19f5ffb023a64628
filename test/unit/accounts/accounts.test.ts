import t from "tap";
import { Accounts } from "../../../src/accounts/accounts.js";
import { LIMITS } from "../../../src/base/limits.js";
import { createLog } from "../../../src/base/log.js";
import { openStore } from "../../../src/store/open.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { tmpDir } from "../../helpers/tmp.js";

const log = createLog("test");
log.level = "silent";

async function setUp(t: Teardown, password = "secret") {
  const store = await openStore(tmpDir(t), log);
  t.teardown(() => store.close());
  return { store, ...(await Accounts.open(store, { user: "admin", password })) };
}

t.test("the first start makes the administrator, a later one none", async (t) => {
  const { store, accounts, firstPassword } = await setUp(t, "");
  t.match(firstPassword, /^[\w-]{20}$/, "a random password is told");
  t.match(await accounts.password("admin", firstPassword as string, "a"), { name: "admin", superuser: true });
  const again = await Accounts.open(store, { user: "other", password: "x" });
  t.equal(again.firstPassword, null);
  t.equal(store.count("users"), 1);
  t.notMatch(JSON.stringify(store.list("users")), firstPassword as string, "only its hash is kept");
});

t.test("name or e-mail, any case; wrong ones are refused", async (t) => {
  const { accounts } = await setUp(t);
  t.ok(await accounts.password("Admin", "secret", "a"));
  t.ok(await accounts.password("admin@localhost", "secret", "a"));
  t.notOk(await accounts.password("admin", "Secret", "a"));
  t.notOk(await accounts.password("nobody", "secret", "a"));
  t.notOk(await accounts.password("admin", "s".repeat(LIMITS.passwordBytes + 1), "a"));
});

t.test("verified credentials are remembered, and forgotten at once on a change", async (t) => {
  const { store, accounts } = await setUp(t);
  t.ok(await accounts.password("admin", "secret", "a"));
  t.notOk(accounts.password("admin", "secret", "a") instanceof Promise, "the second time costs no hash");
  const user = store.get("users", 1);
  t.ok(user);
  if (!user) return;
  await store.write((tx) => tx.put("users", 1, { ...user, active: false }));
  t.equal(await accounts.password("admin", "secret", "b"), null, "an inactive user is out at once");
  await store.write((tx) => tx.put("users", 1, { ...user, password: "scrypt$2$1$1$c2FsdA$AAAA" }));
  t.equal(await accounts.password("admin", "secret", "b"), null, "a changed password, too");
  await store.write((tx) => tx.put("users", 1, user));
  t.ok(await accounts.password("admin", "secret", "b"));
});

t.test("failures are limited by address", async (t) => {
  const { accounts } = await setUp(t);
  // On a slow machine the bucket empties a little while it is filled: some more than the limit are needed.
  let limited = false;
  for (let i = 0; i < 3 * LIMITS.failedLoginsPerMinute && !limited; i++) {
    const attempt = async () => accounts.password("admin", `wrong${i}`, "evil");
    limited = await attempt().then(
      () => false,
      () => true,
    );
  }
  await t.rejects(async () => accounts.password("admin", "secret", "evil"), { code: "LOGIN_LIMITED", status: 429 });
  t.ok(await accounts.password("admin", "secret", "good"), "others come in");
});

t.test("a log-in that a change of the password overtakes gives nothing", async (t) => {
  const { store, accounts } = await setUp(t);
  const user = store.get("users", 1);
  if (!user) throw new Error("no administrator");
  const changed = { ...user, password: "scrypt$2$1$1$c2FsdA$AAAA" };
  // On a busy machine the write may take longer than the hash: then again, with a name that is not remembered yet.
  for (const name of ["admin", "Admin", "aDmin", "adMin", "admIn", "admiN", "ADMIN", "ADmin"]) {
    let ended = false;
    const slow = Promise.resolve(accounts.password(name, "secret", "a")).finally(() => {
      ended = true;
    });
    await store.write((tx) => tx.put("users", 1, changed));
    const overtaken = !ended;
    const account = await slow;
    await store.write((tx) => tx.put("users", 1, user));
    if (!overtaken) continue;
    t.equal(account, null, "changed while the hash was worked out");
    break;
  }
  t.ok(await accounts.password("admin", "secret", "a"));
  const change = store.write((tx) => tx.put("users", 1, changed));
  t.equal(await accounts.login("admin", "secret", "a", "token"), null, "changed by the write before the token's");
  await change;
  t.equal(store.count("tokens"), 0);
});

t.test("tokens", async (t) => {
  const { store, accounts } = await setUp(t);
  t.equal(await accounts.login("admin", "wrong", "a", "token"), null);
  const login = await accounts.login("admin", "secret", "a", "x-auth-token");
  t.match(login, { token: /^[0-9a-f]{32}$/, account: { name: "admin" } });
  const token = login?.token as string;
  t.match(accounts.token(token, "x-auth-token"), { name: "admin" });
  t.equal(accounts.token(token, "token"), null, "good for its surface only");
  t.equal(accounts.token("", "token"), null);
  t.notMatch(JSON.stringify(store.list("tokens")), token, "only its hash is kept");
  const user = store.get("users", 1);
  if (user) await store.write((tx) => tx.put("users", 1, { ...user, active: false }));
  t.equal(accounts.token(token, "x-auth-token"), null, "an inactive user's token is worth nothing");
  if (user) await store.write((tx) => tx.put("users", 1, user));
  t.equal(await accounts.logout(token), true);
  t.equal(accounts.token(token, "x-auth-token"), null);
  t.equal(await accounts.logout(token), false);
});
