import t from "tap";
import { FailureLimiter } from "../../../src/accounts/limiter.js";

t.test("failures fill the bucket, time empties it", async (t) => {
  let now = 0;
  const limiter = new FailureLimiter(20, () => now);
  for (let i = 0; i < 20; i++) {
    t.equal(limiter.waitSeconds("a"), 0, `try ${i + 1} is taken`);
    limiter.failed("a");
  }
  t.equal(limiter.waitSeconds("a"), 3);
  t.equal(limiter.waitSeconds("b"), 0, "another address is not held up");
  now += 3_000;
  t.equal(limiter.waitSeconds("a"), 0);
});
