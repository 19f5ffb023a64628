// A listing's way from the worker to the control thread: each piece moves there as it comes from the switch. Copied in one
// message at the end, 100,000 flows would hold up both threads for tens of milliseconds and be in memory twice.

import { MessageChannel, type MessagePort } from "node:worker_threads";

/** Sent behind the last piece: results of calls travel another way, and may come first. */
const END = null;

/** The worker's end: `list` hands over pieces that own their memory; rejects as `list` does. */
export async function sendPieces(port: MessagePort, list: (take: (piece: Uint8Array) => void) => Promise<void>) {
  try {
    await list((piece) => port.postMessage(piece, [piece.buffer as ArrayBuffer]));
    port.postMessage(END);
  } finally {
    port.close();
  }
}

/** The control thread's end: `call` is given the port for sendPieces(). Resolves with all pieces, or rejects as `call` does. */
export async function receivePieces(call: (port: MessagePort) => Promise<void>): Promise<Uint8Array[]> {
  const { port1, port2 } = new MessageChannel();
  const pieces: Uint8Array[] = [];
  const ended = new Promise<void>((resolve) => {
    port1.on("message", (piece: Uint8Array | typeof END) => {
      if (piece === END) resolve();
      else pieces.push(piece);
    });
  });
  try {
    await call(port2);
    await ended;
  } finally {
    port1.close();
  }
  return pieces;
}
