// Composition root of `sennit dataplane`: the process that carries the tunnels' packets. It is configured over its Unix
// socket and goes on while no control is connected.

import { closeSync } from "node:fs";
import { resolve } from "node:path";
import type { Logger } from "./base/log.js";
import { Dataplane } from "./bond/dataplane/manager.js";
import { claimDirectory, DataplaneServer } from "./bond/dataplane/server.js";

/** Runs the data plane of a directory until it is told to stop (SIGTERM, SIGINT, or control). Rejects when it cannot start. */
export async function runDataplane(options: { data: string; log: Logger }): Promise<void> {
  const data = resolve(options.data);
  const log = options.log.child({ room: "dataplane" });
  const lock = claimDirectory(data);
  const dataplane = new Dataplane(log);
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<Error | undefined>((resolve) => {
    end = resolve;
  });
  const server = new DataplaneServer(
    data,
    { apply: (config) => dataplane.apply(config), status: () => dataplane.status(), stop: () => end() },
    log,
  );
  dataplane.onChange = () => server.changed();
  dataplane.onFailure = (error) => end(error);
  const onSignal = () => end();
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // control's terminal may go away; the tunnel stays
  process.on("SIGHUP", () => undefined);
  try {
    await dataplane.start();
    await server.listen();
    log.info(`the data plane serves ${data}`);
    const failure = await ended;
    if (failure) throw failure;
    log.info("the data plane stops");
  } finally {
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
    await dataplane.stop();
    server.close();
    closeSync(lock);
  }
}
