// JSON objects, one a line, over a stream.

import type { Socket } from "node:net";
import { LIMITS } from "../../base/limits.js";

/** Calls `take` for each line's object. A line that is too long or no JSON ends the connection. */
export function readLines<T>(socket: Socket, take: (message: T) => void): void {
  let waiting: Buffer[] = [];
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...waiting, rest.subarray(0, end)]).toString();
      waiting = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
      let message: T;
      try {
        message = JSON.parse(line) as T;
      } catch {
        socket.destroy();
        return;
      }
      take(message);
    }
    bytes += rest.length;
    if (rest.length > 0) waiting.push(rest);
    if (bytes > LIMITS.dataplaneLineBytes) socket.destroy();
  });
}

/** Writes one object; a reader that does not keep up loses the connection, not our memory. */
export function writeLine(socket: Socket, message: unknown): void {
  if (socket.destroyed || !socket.writable) return;
  if (socket.writableLength > LIMITS.dataplaneLineBytes) {
    socket.destroy();
    return;
  }
  socket.write(`${JSON.stringify(message)}\n`);
}
