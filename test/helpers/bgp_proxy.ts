// A proxy between two BGP speakers that hands on whole messages, keeps what has passed and may lose one.

import { connect, createServer, type Socket } from "node:net";
import type { Teardown } from "./cleanup.js";

/** A message on its way: from the end that dialled, or to it. */
export interface Passing {
  readonly from: "dialler" | "listener";
  readonly type: number;
  readonly body: Buffer;
}

export interface BgpProxy {
  /** All messages that have been handed on, in their order. */
  readonly passed: Passing[];
  /** Loses the next message that is like this; resolves when it has. */
  lose(like: (message: Passing) => boolean): Promise<void>;
}

/** Hands on the whole messages of one direction. */
function pipe(from: Passing["from"], source: Socket, sink: Socket, passes: (message: Passing) => boolean): void {
  let bytes = Buffer.alloc(0);
  source.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 19 && bytes.length >= bytes.readUInt16BE(16)) {
      const length = bytes.readUInt16BE(16);
      const whole = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      if (passes({ from, type: whole[18] as number, body: whole.subarray(19) })) sink.write(whole);
    }
  });
  source.on("error", () => undefined);
  source.on("close", () => sink.destroy());
}

/** Listens at one address, and dials `to` from `as` for each connection. */
export async function bgpProxy(
  t: Teardown,
  at: { readonly listen: string; readonly as: string; readonly to: string; readonly port: number },
): Promise<BgpProxy> {
  const passed: Passing[] = [];
  let losing: { readonly like: (message: Passing) => boolean; readonly done: () => void } | null = null;
  const passes = (message: Passing): boolean => {
    if (losing?.like(message)) {
      losing.done();
      losing = null;
      return false;
    }
    passed.push(message);
    return true;
  };
  const sockets = new Set<Socket>();
  const server = createServer((dialler) => {
    const listener = connect({ host: at.to, port: at.port, localAddress: at.as });
    for (const socket of [dialler, listener]) sockets.add(socket);
    pipe("dialler", dialler, listener, passes);
    pipe("listener", listener, dialler, passes);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at.port, at.listen, resolve);
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    passed,
    lose: (like) =>
      new Promise((done) => {
        losing = { like, done };
      }),
  };
}
