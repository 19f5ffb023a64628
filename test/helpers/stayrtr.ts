// StayRTR, a cache of the RPKI-to-Router protocol, with VRPs from a file.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Teardown } from "./cleanup.js";
import { freePort } from "./ports.js";
import { type Running, start } from "./processes.js";
import { tmpDir } from "./tmp.js";

export interface StayRtr {
  readonly port: number;
  process: Running;
  /** Writes its VRPs, `192.0.2.0/24-25 64496` each; it reads them within a second. */
  write(...vrps: string[]): void;
  /** Starts it anew after it was stopped. */
  restart(): void;
}

/** Starts it with these VRPs; `protocol` is the newest version that it speaks. */
export async function startStayRtr(t: Teardown, protocol: number, ...vrps: string[]): Promise<StayRtr> {
  const file = join(tmpDir(t, "stayrtr"), "vrps.json");
  const write = (...texts: string[]) => {
    const now = Math.floor(Date.now() / 1000);
    const roas = texts.map((text) => {
      const [, prefix, max, asn] = /^(\S+?)(?:-(\d+))? (\d+)$/.exec(text) as RegExpExecArray;
      const maxLength = Number(max ?? prefix?.split("/")[1]);
      return { prefix, maxLength, asn: `AS${asn}`, ta: "test", expires: now + 86_400 };
    });
    writeFileSync(file, JSON.stringify({ metadata: { generated: now, valid: now + 86_400 }, roas }));
  };
  write(...vrps);
  const [port, metrics] = [await freePort(), await freePort()];
  const args = ["-bind", `127.0.0.1:${port}`, "-metrics.addr", `127.0.0.1:${metrics}`, "-cache", file];
  const launch = () => start(t, "stayrtr", [...args, "-protocol", String(protocol), "-refresh", "1"]);
  const stayrtr: StayRtr = {
    port,
    process: launch(),
    write,
    restart() {
      stayrtr.process = launch();
    },
  };
  return stayrtr;
}
