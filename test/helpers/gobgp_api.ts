// GoBGP's gRPC interface, as far as the routes need it that its command line cannot give: AddPath and DeletePath, in bytes.

import { connect } from "node:http2";

type Field = number | string | Uint8Array | readonly Uint8Array[];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return [...bytes, left];
}

function field(number: number, value: Field): Buffer {
  if (typeof value === "number") return Buffer.from([...varint(number * 8), ...varint(value)]);
  if (Array.isArray(value)) return Buffer.concat(value.map((one) => field(number, one)));
  const bytes = typeof value === "string" ? Buffer.from(value) : (value as Uint8Array);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** A protobuf message: fields by number; a list is a repeated field of messages. */
export function proto(fields: Readonly<Record<number, Field>>): Buffer {
  return Buffer.concat(Object.entries(fields).map(([number, value]) => field(Number(number), value)));
}

/** A google.protobuf.Any with one of GoBGP's messages. */
export function any(name: string, fields: Readonly<Record<number, Field>>): Buffer {
  return proto({ 1: `type.googleapis.com/apipb.${name}`, 2: proto(fields) });
}

/** One of GoBGP's calls that take a route. */
export type PathCall = (host: string, afi: number, safi: number, nlri: Buffer, attributes: Buffer[]) => Promise<void>;

const path = (afi: number, safi: number, nlri: Buffer, attributes: Buffer[]) =>
  proto({ 1: nlri, 2: attributes, 9: proto({ 1: afi, 2: safi }) });

/** Adds a route to the global table: `nlri` and `attributes` are Any messages. */
export const addPath: PathCall = (host, afi, safi, nlri, attributes) =>
  call(host, "AddPath", proto({ 3: path(afi, safi, nlri, attributes) }));

/** Takes a route from the global table. */
export const deletePath: PathCall = (host, afi, safi, nlri, attributes) =>
  call(host, "DeletePath", proto({ 3: proto({ 1: afi, 2: safi }), 4: path(afi, safi, nlri, attributes) }));

async function call(host: string, method: string, body: Buffer): Promise<void> {
  const frame = Buffer.concat([Buffer.of(0), Buffer.alloc(4), body]);
  frame.writeUInt32BE(body.length, 1);
  const session = connect(`http://${host}`);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/apipb.GobgpApi/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(frame);
    stream.resume();
    const status = await new Promise<string>((resolve, reject) => {
      stream.on("trailers", (headers) => resolve(`${headers["grpc-status"]} ${headers["grpc-message"] ?? ""}`));
      stream.on("error", reject);
      stream.on("response", (headers) => {
        if (headers["grpc-status"]) resolve(`${headers["grpc-status"]} ${headers["grpc-message"] ?? ""}`);
      });
    });
    if (!status.startsWith("0")) throw new Error(`${method}: ${status}`);
  } finally {
    session.close();
  }
}
