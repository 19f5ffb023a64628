// Ports that take no part in discovery outlive a restart.

import t from "tap";
import { createLog } from "../../../../src/base/log.js";
import { changeSuppressed, suppressedPorts } from "../../../../src/openflow/net/suppression.js";
import { openStore } from "../../../../src/store/open.js";
import { tmpDir } from "../../../helpers/tmp.js";

process.env["SENNIT_LOG_LEVEL"] = "fatal";
const log = createLog("test");
const [one, two] = ["0000000000000001", "0000000000000002"];

t.test("added, taken out, found again after a restart", async (t) => {
  const dir = tmpDir(t, "suppression");
  const store = await openStore(dir, log);
  t.same(suppressedPorts(store), []);
  await changeSuppressed(store, [{ dpid: two, ports: [7, 3] }], true);
  await changeSuppressed(
    store,
    [
      { dpid: one, ports: [1] },
      { dpid: two, ports: [5, 3] },
    ],
    true,
  );
  await changeSuppressed(store, [{ dpid: two, ports: [7, 99] }], false);
  const expected = [
    { dpid: one, ports: [1] },
    { dpid: two, ports: [3, 5] },
  ];
  t.same(suppressedPorts(store), expected);
  await store.close();
  const again = await openStore(dir, log);
  t.same(suppressedPorts(again), expected);
  await changeSuppressed(again, [{ dpid: one, ports: [1] }], false);
  t.same(suppressedPorts(again), [expected[1]], "a switch without such ports has no record");
  await again.close();
});

t.test("there is a bound on switches, and a request over it changes nothing", async (t) => {
  const store = await openStore(tmpDir(t, "suppression"), log);
  const many = Array.from({ length: 4_097 }, (_, i) => ({ dpid: i.toString(16).padStart(16, "0"), ports: [1] }));
  await t.rejects(changeSuppressed(store, many, true), { code: "OPENFLOW_VALUE", message: /at most 4096 datapaths/ });
  t.same(suppressedPorts(store), []);
  await changeSuppressed(store, many.slice(1), true);
  t.equal(suppressedPorts(store).length, 4_096);
  await store.close();
});
