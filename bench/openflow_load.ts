// The client of the REST bench, in a thread of its own: keeps one POST under way on each of its connections. Requests are
// built before the clock starts, and answers are only looked at for their status, so that the client costs little.

import { connect, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly path: string;
  readonly token: string;
  readonly bodies: readonly string[];
}

export interface LoadResult {
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 201. */
  readonly failed: number;
}

function run({ port, connections, path, token, bodies }: LoadOptions): Promise<LoadResult> {
  const requests = bodies.map((body) =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-auth-token: ${token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies: number[] = [];
  let next = 0;
  let failed = 0;
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(port, "127.0.0.1").setNoDelay(true);
      let sentAt = 0;
      const send = (): void => {
        const request = requests[next++];
        if (!request) {
          socket.end();
          resolve();
          return;
        }
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      // A 201 has no body: the answer fits one segment and ends with its head.
      socket.on("data", (chunk) => {
        if (chunk.toString("latin1", 9, 12) !== "201") failed++;
        latencies.push(performance.now() - sentAt);
        send();
      });
    });
  const start = performance.now();
  return Promise.all(Array.from({ length: connections }, lane)).then(() => {
    const ms = performance.now() - start;
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
    return { ms, p50Ms: at(0.5), p99Ms: at(0.99), failed };
  });
}

if (parentPort) parentPort.postMessage(await run(workerData as LoadOptions));
