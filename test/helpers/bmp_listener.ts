// A monitoring station for tests: keeps the BMP messages (RFC 7854) that it is told.

import { createServer, type Server, type Socket } from "node:net";
import type { Teardown } from "./cleanup.js";

export interface Bmp {
  readonly type: number;
  /** The per-peer header and what follows it, or the body of a message without one. */
  readonly body: Buffer;
}

/** A station that keeps what it is told. */
export class BmpListener {
  readonly server: Server;
  readonly sockets: Socket[] = [];
  bytes = Buffer.alloc(0);
  reading = true;

  constructor(t: Teardown) {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on("error", () => undefined);
      if (this.reading) socket.on("data", (chunk) => (this.bytes = Buffer.concat([this.bytes, chunk])));
      else socket.pause();
    });
    t.teardown(() => {
      for (const socket of this.sockets) socket.destroy();
      this.server.close();
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return (this.server.address() as { port: number }).port;
  }

  messages(): Bmp[] {
    const found: Bmp[] = [];
    for (let at = 0; at + 6 <= this.bytes.length; ) {
      const end = at + this.bytes.readUInt32BE(at + 1);
      if (this.bytes[at] !== 3) throw new Error(`version ${this.bytes[at]} at ${at}`);
      if (end > this.bytes.length) break;
      found.push({ type: this.bytes[at + 5] as number, body: this.bytes.subarray(at + 6, end) });
      at = end;
    }
    return found;
  }

  types(): number[] {
    return this.messages().map(({ type }) => type);
  }
}
