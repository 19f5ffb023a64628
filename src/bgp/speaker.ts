// The speaker: all peers of a worker, the socket that they connect to, and what operators ask of them.

import { createServer, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { AppError, listenError, reasonOf } from "../base/errors.js";
import { formatAddress, parseAddress, parsePrefix } from "../base/ip.js";
import { LIMITS } from "../base/limits.js";
import { setListenerMd5 } from "../system/tcp_md5.js";
import { setListenerReach } from "../system/tcp_socket.js";
import { BgpModule } from "../wasm/bgp.js";
import { HEADER_BYTES, MSG, NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent } from "../wasm/bgp_types.js";
import { remotePeerAddress } from "./addresses.js";
import { ValueError } from "./attribute_values.js";
import { attributesJson } from "./attributes.js";
import type { BgpConfig, PeerConfig } from "./config.js";
import { RIB_FAMILIES } from "./families.js";
import { Peer, type PeerHost } from "./peer.js";
import type { RibEntry, SpeakerFigures } from "./protocol.js";
import { messageCount } from "./replay.js";
import { dialTcp, notifyText } from "./session.js";
import { encodeUpdateBody, sendsSomething, type UpdateBody } from "./update_json.js";

/** How long a connection that is refused may take to read why. */
const REFUSAL_MS = 1_000;
const STRANGER_NOTE_MS = 60_000;
const SENDABLE: readonly number[] = [MSG.update, MSG.keepalive, MSG.routeRefresh, MSG.ciscoRefresh];

/** Log lines: the peer's address ("" for none) and what has happened. */
export type Note = (peer: string, text: string) => void;

export class Speaker {
  readonly #config: BgpConfig;
  readonly #module = new BgpModule();
  readonly #host: PeerHost;
  readonly #peers = new Map<string, Peer>();
  #server: Server | null = null;
  #listening: string | null = null;
  #strangersRefused = 0;
  #nextStrangerNote = 0;

  constructor(config: BgpConfig, note: Note) {
    this.#config = config;
    const routerId = Buffer.from(parseAddress(config.router_id) as Uint8Array).readUInt32BE(0);
    this.#host = { module: this.#module, routerId, dial: dialTcp, log: note };
  }

  /** Listens. Rejects with the catalogue's error for the address. */
  listen(): Promise<string | null> {
    const where = this.#config.listen;
    if (!where) return Promise.resolve(null);
    const host = where.host.includes(":") ? `[${where.host}]` : where.host;
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    server.maxConnections = LIMITS.bgpConnectionsWaiting + LIMITS.bgpPeers;
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) =>
        reject(listenError(error.code, "BGP", `${host}:${where.port}`, "--bgp")),
      );
      server.listen(where.port, where.host, () => {
        server.removeAllListeners("error");
        server.on("error", (error) => this.#host.log("", `the listening socket failed: ${error.message}`));
        this.#server = server;
        const bound = server.address();
        const port = typeof bound === "object" && bound ? bound.port : where.port;
        this.#listening = `${host}:${port}`;
        resolve(this.#listening);
      });
    });
  }

  #accept(socket: Socket): void {
    socket.on("error", () => undefined);
    const peer = this.#peers.get(remotePeerAddress(socket.remoteAddress) ?? "");
    const refused = peer ? peer.accept(socket) : NOTIFY.rejected;
    if (refused === null) return;
    if (peer) this.#host.log(peer.config.remote_addr, `its connection is refused with ${notifyText(refused)}`);
    else this.#noteStranger(socket.remoteAddress ?? "");
    socket.end(this.#module.encodeNotification({ notify: refused, data: new Uint8Array() }));
    socket.resume();
    // Not the socket's own time-out: who goes on sending would hold a place among the connections that may wait.
    const timer = setTimeout(() => socket.destroy(), REFUSAL_MS);
    socket.once("close", () => clearTimeout(timer));
  }

  /** Counts each stranger, but tells the log of one a minute at most: it must not be theirs to fill. */
  #noteStranger(address: string): void {
    this.#strangersRefused++;
    const now = performance.now();
    if (now < this.#nextStrangerNote) return;
    this.#nextStrangerNote = now + STRANGER_NOTE_MS;
    this.#host.log("", `a connection from ${address} is refused: no peer has this address`);
  }

  /** Adds a peer and starts it, in place of the one with its address if there is one. */
  addPeer(config: PeerConfig): void {
    if (this.#peers.has(config.remote_addr)) this.removePeer(config.remote_addr, NOTIFY.configChange);
    const peer = new Peer(this.#host, config);
    this.#peers.set(config.remote_addr, peer);
    if (config.md5 !== "") this.#signed(config.remote_addr, config.md5);
    if (config.ttl_security > 0 && this.#server) setListenerReach(this.#server, this.#listensOnIpv6);
    peer.start();
  }

  get #listensOnIpv6(): boolean {
    return this.#config.listen?.host.includes(":") ?? false;
  }

  /** Sets or removes ("") the key that a peer's incoming connections must be signed with. */
  #signed(address: string, key: string): void {
    if (!this.#server) return;
    try {
      setListenerMd5(this.#server, this.#listensOnIpv6, address, key);
    } catch (error) {
      this.#host.log(address, `its MD5 key cannot be set on the listening socket: ${reasonOf(error)}`);
    }
  }

  removePeer(address: string, notify: number = NOTIFY.deconfigured): void {
    const peer = this.#peers.get(address);
    if (peer && peer.config.md5 !== "") this.#signed(address, "");
    peer?.dispose(notify);
    this.#peers.delete(address);
  }

  /** Errors: BGP_PEER_UNKNOWN. */
  peer(address: string): Peer {
    const peer = this.#peers.get(address);
    if (!peer) throw new AppError("BGP_PEER_UNKNOWN", { address });
    return peer;
  }

  /** Errors: BGP_PEER_STATE when the peer's session is not established. */
  establishedPeer(address: string): Peer {
    const peer = this.peer(address);
    if (!peer.established) throw new AppError("BGP_PEER_STATE");
    return peer;
  }

  manualStart(address: string): void {
    const peer = this.peer(address);
    const { name } = peer.session.state;
    if (name === "ESTABLISHED") throw new AppError("BGP_ALREADY_ESTABLISHED");
    if (name !== "IDLE") throw new AppError("BGP_IDLE_HOLD");
    peer.start();
  }

  /** Sends a route refresh (RFC 2918). Errors: BGP_FAMILY_UNSUPPORTED, BGP_POST_DATA, BGP_SEND_FAILED. */
  refresh(address: string, afi: unknown, safi: unknown, res: unknown): void {
    const { session } = this.establishedPeer(address);
    if (afi === undefined || safi === undefined) throw new AppError("BGP_POST_DATA", { reason: "afi or safi missing" });
    const { connection, negotiated } = session;
    const family = negotiated?.families.find((row) => row.afi === afi && row.safi === safi);
    if (!family || !connection || negotiated?.refreshType === 0) {
      throw new AppError("BGP_FAMILY_UNSUPPORTED", { afi: String(afi), safi: String(safi) });
    }
    const subtype = res ?? 0;
    if (!Number.isInteger(subtype) || Number(subtype) < 0 || Number(subtype) > 255) {
      throw new AppError("BGP_SEND_FAILED", { reason: "res is not an integer from 0 to 255" });
    }
    const type = negotiated?.refreshType ?? MSG.routeRefresh;
    connection.send(type, this.#module.encodeRefresh(type, family.afi, Number(subtype), family.safi));
  }

  /** The messages of a send/update body. Errors: BGP_POST_DATA, BGP_SEND_FAILED with the reason. */
  encode(address: string, body: UpdateBody): Buffer {
    const peer = this.establishedPeer(address);
    if (!sendsSomething(body)) {
      throw new AppError("BGP_POST_DATA", { reason: "neither attr and nlri, nor withdraw, nor attributes 14 or 15" });
    }
    const fourOctetAs = peer.session.negotiated?.fourOctetAs ?? true;
    try {
      return encodeUpdateBody(this.#module, body, { ibgp: peer.ibgp, fourOctetAs });
    } catch (error) {
      if (error instanceof ValueError) throw new AppError("BGP_SEND_FAILED", { reason: error.message });
      throw error;
    }
  }

  /** Sends the messages of a body and keeps their routes in Adj-RIB-Out. Errors: as encode(), and OVERLOADED. */
  update(address: string, body: UpdateBody): void {
    const messages = this.encode(address, body);
    this.#sendAll(this.establishedPeer(address), messages);
  }

  #sendAll(peer: Peer, messages: Buffer): void {
    const { connection } = peer.session;
    if (!connection || connection.queuedBytes > LIMITS.bgpWriteQueueBytes) {
      throw new AppError("OVERLOADED", { what: "the peer's write queue", limit: LIMITS.bgpWriteQueueBytes });
    }
    for (const run of runs(messages)) {
      const fault = this.#module.check(peer.ribOut, run, true);
      if (fault) throw sendFault(fault);
      connection.send(MSG.update, run, messageCount(run));
    }
  }

  /** Sends messages as they are, once they have proved well-formed. Errors: BGP_SEND_FAILED, OVERLOADED. */
  sendBinary(address: string, bytes: Buffer): void {
    const peer = this.establishedPeer(address);
    if (bytes.length > LIMITS.bodyBytes) throw new AppError("BODY_TOO_LARGE", { limit: LIMITS.bodyBytes });
    const fault = this.#module.check(peer.ribOut, bytes, false);
    if (fault) throw sendFault(fault);
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt16BE(at + HEADER_BYTES - 3);
      const type = bytes[at + HEADER_BYTES - 1] as number;
      if (!SENDABLE.includes(type)) throw new AppError("BGP_SEND_FAILED", { reason: `message type ${type}` });
      at += length;
    }
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt16BE(at + HEADER_BYTES - 3);
      const message = bytes.subarray(at, at + length);
      const type = bytes[at + HEADER_BYTES - 1] as number;
      if (type === MSG.update) this.#sendAll(peer, message);
      else peer.session.connection?.send(type, message);
      at += length;
    }
  }

  /** Routes of a RIB by exact prefix, or by longest match for an address; null where there is none. */
  lookup(address: string, sent: boolean, familyName: string, items: readonly string[]): (RibEntry | null)[] {
    const peer = this.establishedPeer(address);
    const family = RIB_FAMILIES.find((row) => row.name === familyName);
    if (!family) throw new AppError("BGP_LOOKUP", { reason: `afi_safi ${familyName}` });
    const width = family.afi === 2 ? 16 : 4;
    const rib = sent ? peer.ribOut : peer.ribIn;
    return items.map((item) => {
      const prefix = parsePrefix(item);
      if (prefix?.bytes.length === width) {
        const bytes = this.#module.lookup(rib, family.rib, prefix.bytes, prefix.length);
        const name = `${formatAddress(prefix.bytes)}/${prefix.length}`;
        return bytes ? { attr: attributesJson(bytes), prefix: name } : null;
      }
      const key = parseAddress(item);
      if (key?.length !== width) return null;
      const found = this.#module.lookupLongest(rib, family.rib, key);
      if (!found) return null;
      const covering = parsePrefix(`${item}/${found.length}`)?.bytes ?? key;
      return { attr: attributesJson(found.attributes), prefix: `${formatAddress(covering)}/${found.length}` };
    });
  }

  figures(): SpeakerFigures {
    return {
      peers: [...this.#peers.values()].map((peer) => peer.figures()),
      listening: this.#listening,
      strangersRefused: this.#strangersRefused,
      memory: this.#module.memory(),
    };
  }

  /** Ends all sessions and stops listening. */
  async close(): Promise<void> {
    for (const address of [...this.#peers.keys()]) this.removePeer(address, NOTIFY.shutdown);
    const server = this.#server;
    this.#server = null;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function sendFault(fault: NotificationContent): AppError {
  return new AppError("BGP_SEND_FAILED", {
    reason: `the receiver would answer NOTIFICATION ${notifyText(fault.notify)}`,
  });
}

/** Cuts whole messages into runs that the decoder's buffer holds. */
function* runs(messages: Buffer): Generator<Buffer> {
  let from = 0;
  for (let at = 0; at < messages.length; ) {
    at += messages.readUInt16BE(at + HEADER_BYTES - 3);
    if (at - from > 1 << 19 || at >= messages.length) {
      yield messages.subarray(from, at);
      from = at;
    }
  }
}
