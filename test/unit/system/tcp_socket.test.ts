// Options of TCP sockets, seen by whether a connection comes about.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { parsePrefix } from "../../../src/base/ip.js";
import {
  setListenerMd5,
  setListenerMd5Prefix,
  setMd5,
  tcpMd5PrefixSupported,
  tcpMd5Supported,
} from "../../../src/system/tcp_md5.js";
import { AF_INET, connectPrepared, descriptorOf, setListenerReach, setReach } from "../../../src/system/tcp_socket.js";
import { loopbackPair } from "../../helpers/bgp_peers.js";
import { need } from "../../helpers/need.js";

const { ours, theirs } = loopbackPair(15);
const OURS = Uint8Array.from(ours.split(".").map(Number));

async function listen(t: Test, host: string, prepare: (server: Server) => void, taken?: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    t.teardown(() => socket.destroy());
    taken?.(socket);
  });
  server.listen(0, host);
  await once(server, "listening");
  prepare(server);
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

/** True when a connection from `theirs` comes about within a second. */
async function connects(t: Test, port: number, prepare: (fd: number) => void): Promise<boolean> {
  const socket = connectPrepared({ host: ours, port, localAddress: theirs }, prepare);
  socket.on("error", () => undefined);
  t.teardown(() => socket.destroy());
  return Promise.race([once(socket, "connect").then(() => true), sleep(1_000).then(() => false)]);
}

t.test("a key for a whole prefix", async (t) => {
  if (!need.that(t, tcpMd5PrefixSupported(), "needs a kernel with TCP MD5 keys for prefixes")) return;
  const inside = parsePrefix(`${theirs}/24`) ?? { bytes: OURS, length: 32 };
  for (const host of [ours, "::"]) {
    const v6 = host === "::";
    const port = await listen(t, host, (server) => setListenerMd5Prefix(server, v6, inside, "for-all"));
    t.equal(await connects(t, port, (fd) => setMd5(fd, AF_INET, OURS, "for-all")), true, `${host}: the key`);
    t.equal(await connects(t, port, (fd) => setMd5(fd, AF_INET, OURS, "another")), false, `${host}: another`);
    t.equal(await connects(t, port, () => undefined), false, `${host}: none`);
  }
});

t.test("a key of one peer, set and removed", async (t) => {
  if (!need.that(t, tcpMd5Supported(), "needs a kernel with TCP MD5 signatures")) return;
  let listener: Server | undefined;
  const port = await listen(t, ours, (server) => {
    listener = server;
    setListenerMd5(server, false, theirs, "a-key");
    // No IPv6 peer can come to an IPv4 socket.
    setListenerMd5(server, false, "2001:db8::1", "a-key");
  });
  t.equal(await connects(t, port, () => undefined), false);
  setListenerMd5(listener as Server, false, theirs, "");
  setListenerMd5(listener as Server, false, theirs, "");
  t.equal(await connects(t, port, () => undefined), true);
});

t.test("TTL security", async (t) => {
  // The server's end takes nothing from further than one hop once it has been told so.
  const got: string[] = [];
  const port = await listen(t, ours, setListenerReachOf, (socket) => {
    setReach(descriptorOf(socket), false, { ttl: 0, hops: 1 });
    socket.on("data", (bytes) => got.push(bytes.toString()));
  });
  const talk = async (ttl: number, hops: number, text: string) => {
    const socket = connectPrepared({ host: ours, port, localAddress: theirs }, (fd) =>
      setReach(fd, false, { ttl, hops }),
    );
    socket.on("error", () => undefined);
    t.teardown(() => socket.destroy());
    await once(socket, "connect");
    await sleep(100);
    socket.write(text);
    await sleep(400);
  };
  await talk(0, 1, "near");
  await talk(254, 0, "far");
  t.same(got, ["near"]);
});

const setListenerReachOf = (server: Server) => setListenerReach(server, false);

t.test("what the kernel refuses is thrown, and leaves nothing open", async (t) => {
  const refuse = () => {
    throw new Error("refused");
  };
  t.throws(() => connectPrepared({ host: ours, port: 1 }, refuse), { message: "refused" });
  t.throws(() => setReach(-1, false, { ttl: 9, hops: 0 }), { code: "EBADF" });
  const server = createServer();
  t.equal(descriptorOf(server), -1);
  setListenerReach(server, false);
  setListenerMd5(server, false, theirs, "never");
});
