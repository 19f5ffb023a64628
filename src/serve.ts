// The composition root of the control process: the one file that knows all rooms. Configuration, store, accounts,
// rooms, front end; and the way back at the end.

import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Accounts } from "./accounts/accounts.js";
import { opsSurface } from "./api/ops/rows.js";
import { makeDirectory } from "./base/directory.js";
import { AppError, reasonOf } from "./base/errors.js";
import { createLog, type Logger } from "./base/log.js";
import { collectProcessMetrics, gauge } from "./base/metrics.js";
import { VERSION } from "./base/version.js";
import { type Config, loadConfig } from "./config.js";
import { startFront } from "./http/front.js";
import { ROOMS, type Room } from "./rooms.js";
import { openStore } from "./store/open.js";
import { notifySystemd } from "./system/notify.js";

/** Runs the appliance until SIGTERM or SIGINT. Rejects with an AppError when it cannot start. */
export async function serve(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(flags, env);
  const log = createLog("sennit");
  const data = openDataDirectory(config[""].data);
  const stopping = stopSignal(log);

  const store = await openStore(data, log);
  const rooms: Room[] = [];
  let ready = false;
  try {
    const accounts = await openAccounts(store, config);
    collectProcessMetrics();
    gauge("sennit_build_info", 1, { version: VERSION });

    for (const start of ROOMS) rooms.push(await start({ config, data, store, accounts, log }));

    const health = () => ({
      ready,
      version: VERSION,
      role: config[""].role,
      rooms: Object.fromEntries(rooms.map((room) => [room.name, room.health()])),
    });
    const front = await startFront({
      ...config.http.listen,
      adapter: config.http.adapter,
      surfaces: [...rooms.flatMap((room) => room.surfaces), opsSurface(health)],
      accounts,
      log: log.child({ room: "http" }),
    });
    const address = `${config.http.listen.host}:${front.port}`;
    writeFileSync(join(data, "http.addr"), `${address}\n`);
    ready = true;
    notifySystemd("READY=1");
    log.info({ http: address, role: config[""].role, data, rooms: health().rooms }, "ready");

    await stopping;
    ready = false;
    notifySystemd("STOPPING=1");
    const closed = front.close();
    for (const room of rooms) room.quiesce?.();
    await closed;
  } finally {
    for (const room of rooms.reverse()) {
      await room.close().catch((error) => log.error({ err: error }, `${room.name} did not close cleanly`));
    }
    await store.close();
    rmSync(join(data, "http.addr"), { force: true });
  }
  log.info("stopped");
}

function openDataDirectory(path: string): string {
  const data = resolve(path);
  try {
    makeDirectory(data);
  } catch (error) {
    throw new AppError("STORE_UNWRITABLE", { path: data, reason: reasonOf(error) });
  }
  return data;
}

async function openAccounts(store: Parameters<typeof Accounts.open>[0], config: Config): Promise<Accounts> {
  const { accounts, firstPassword } = await Accounts.open(store, config.admin);
  if (firstPassword !== null) {
    // Not through the log, which may be shipped elsewhere.
    process.stderr.write(
      `sennit: first start: log in as ${config.admin.user} with password ${firstPassword} (shown only this once)\n`,
    );
  }
  return accounts;
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(log: Logger): Promise<void> {
  process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    process.exit(70);
  });
  return new Promise((stop) => {
    let asked = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        log.info({ signal }, "stopping");
        stop();
      });
    }
  });
}
