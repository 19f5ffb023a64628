// How often a worker is started again; threads are played by promises.

import t from "tap";
import { WorkerKeeper } from "../../../src/workers/keeper.js";
import type { WorkerHandle } from "../../../src/workers/pool.js";
import type { Methods, WorkerClient } from "../../../src/workers/rpc.js";
import { quietLog } from "../../helpers/quiet.js";
import { until } from "../../helpers/wait.js";

interface Played extends WorkerHandle<Methods> {
  die(error: Error): void;
}

function play(): Played {
  let end: (error: Error | null) => void = () => undefined;
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve;
  });
  const client = {} as WorkerClient<Methods>;
  return { client, ended, die: (error) => end(error), close: async () => end(null) };
}

t.test("a worker that dies is started again, a few times within the window", async (t) => {
  const spawned: Played[] = [];
  const restored: unknown[] = [];
  let refuse = false;
  const keeper = new WorkerKeeper<Methods>({
    name: "played",
    log: quietLog().log,
    spawn: () => {
      const handle = play();
      spawned.push(handle);
      return handle;
    },
    restore: async (client) => {
      if (refuse) throw new Error("the port is in use");
      restored.push(client);
    },
    restarts: 2,
    windowMs: 1_500,
  });
  t.equal(keeper.failed, null);
  for (const round of [1, 2]) {
    spawned.at(-1)?.die(new Error(`death ${round}`));
    await until(() => restored.length === round && keeper.failed === null, { what: `start ${round + 1}` });
    t.equal(keeper.client, spawned.at(-1)?.client);
  }
  const from = performance.now();
  refuse = true;
  spawned.at(-1)?.die(new Error("death 3"));
  await until(() => keeper.failed === "death 3", { what: "the third death" });
  await until(() => keeper.failed === "the port is in use", { what: "the third start" });
  t.ok(performance.now() - from > 700, "it waits until the window is over");
  refuse = false;
  await until(() => keeper.failed === null, { what: "the next start, after one that failed" });
  const count = spawned.length;
  await keeper.close();
  t.equal(spawned.length, count, "not after close()");
});
