import t from "tap";
import { killRounds } from "../../helpers/store_kill.js";
import { tmpDir } from "../../helpers/tmp.js";

t.test("what was acknowledged survives kill -9, and no transaction is torn", async (t) => {
  const report = await killRounds(t, tmpDir(t, "kill"), 6);
  t.ok(report.acknowledged > 100, `${report.acknowledged} writes acknowledged`);
  t.same(report.lost, []);
  t.same(report.torn, []);
});
