// Bytes of a cache, in pieces of any size: taken or refused, all data whole or not at all, and nothing leaks.

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { RpkiClient } from "../../../src/bgp/rtr/client.js";
import { rpkiJson } from "../../../src/bgp/rtr/view.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { cacheReset, cacheResponse, endOfData, errorReport, serialNotify, vrp, vrps } from "../../helpers/rtr.js";
import type { FuzzTarget } from "../registry.js";

const module = new BgpModule();
const table = module.roaTable();
table.covering(new Uint8Array(4), 0);
const config = { host: "cache", port: 323, preference: 0, refresh: 0, retry: 0, expire: 0 };

/** A socket that goes nowhere. */
class Nowhere extends EventEmitter {
  write(): boolean {
    return true;
  }
  end(): void {
    this.emit("close");
  }
  destroy(): void {}
  resume(): void {}
}

const all = [cacheResponse(9), vrps("10.0.0.0/8-24 1", "10.0.0.0/8 2", "2001:db8::/32-48 3"), endOfData(9, 1)];

const target: FuzzTarget = {
  name: "bgp_rtr",
  seeds: [
    Buffer.concat(all),
    Buffer.concat([serialNotify(9, 1), ...all, serialNotify(9, 2), vrp("10.0.0.0/8 2", false)]),
    Buffer.concat([cacheResponse(9, 0), vrp("10.0.0.0/8 1", true, 0), endOfData(9, 1, 0), serialNotify(9, 2, 0)]),
    Buffer.concat([errorReport(2, "nothing"), errorReport(4, "", 0), cacheReset()]),
  ].map((seed) => Uint8Array.from([40, ...seed])),
  run(bytes) {
    const sockets: Nowhere[] = [];
    const dial = () => {
      const socket = new Nowhere();
      sockets.push(socket);
      return socket as unknown as Socket;
    };
    const client = new RpkiClient(table, [config], { changed: () => undefined, note: () => undefined }, dial);
    client.start();
    const socket = sockets[0] as Nowhere;
    socket.emit("connect");
    const piece = Math.max(bytes[0] ?? 1, 1);
    for (let at = 1; at < bytes.length; at += piece) {
      socket.emit("data", Buffer.from(bytes.subarray(at, at + piece)));
      // More than the caches' wait for the next try: it happens at once when the version is to be another one.
      if (sockets.length > 1) break;
    }
    const { caches, vrps } = client.figures();
    JSON.stringify(rpkiJson(client.figures()));
    const has = caches[0];
    if (!has || vrps.ipv4 !== has.vrps.ipv4 || vrps.ipv6 !== has.vrps.ipv6) throw new Error("the counts differ");
    if (!has.data && vrps.ipv4 + vrps.ipv6 > 0) throw new Error("data without an End of Data");
    client.validate({ prefix: "10.0.0.0/24", asn: 1 });
    client.close();
    const { ipv4, ipv6 } = table.totals();
    if (ipv4 + ipv6 !== 0) throw new Error("VRPs have outlived their cache");
  },
};

export default target;
