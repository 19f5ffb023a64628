// Packets that os-ken made are read as os-ken meant them; probes that we make are read by tshark; noise is refused.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { formatAddress } from "../../../../src/base/ip.js";
import { HostReader, type HostSink } from "../../../../src/openflow/net/host_reader.js";
import {
  ETHER_TYPE,
  EthernetReader,
  ethernetFrame,
  isStation,
  macText,
  parseMac,
} from "../../../../src/openflow/net/packets/ethernet.js";
import { checksum } from "../../../../src/openflow/net/packets/ipv4.js";
import {
  encodeProbe,
  isAuthentic,
  type Probe,
  readLldp,
  renewProbe,
} from "../../../../src/openflow/net/packets/lldp.js";
import { Probes, packetOut } from "../../../../src/openflow/net/probes.js";
import { TOP } from "../../../helpers/appliance.js";
import { need } from "../../../helpers/need.js";
import { must } from "../../../helpers/processes.js";
import { tmpDir } from "../../../helpers/tmp.js";

interface Vectors {
  readonly lldp: string;
  readonly packet_out: Readonly<Record<"1.0" | "1.3", string>>;
  readonly frames: readonly { readonly name: string; readonly hex: string; readonly learnt: unknown[][] }[];
}
const vectors = JSON.parse(readFileSync(join(TOP, "test/vectors/openflow/frames.json"), "utf8")) as Vectors;

/** What a frame tells of hosts: [IP, MAC, VLAN id], sorted. */
function learnt(frame: Uint8Array): unknown[][] {
  const found: unknown[][] = [];
  const sink: HostSink = {
    station: () => undefined,
    ipv4: (vid, address, mac) => {
      const bytes = Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
      found.push([formatAddress(bytes), macText(mac), vid]);
    },
    ipv6: (vid, bytes, at, mac) => found.push([formatAddress(bytes.subarray(at, at + 16)), macText(mac), vid]),
  };
  const ethernet = new EthernetReader();
  if (ethernet.read(frame)) new HostReader().read(frame, ethernet, sink);
  const different = new Map(found.map((each) => [JSON.stringify(each), each]));
  return [...different.values()].sort();
}

t.test("frames by os-ken", async (t) => {
  for (const { name, hex, learnt: expected } of vectors.frames) {
    t.same(learnt(Buffer.from(hex, "hex")), [...expected].sort(), name);
  }
});

t.test("a frame cut short tells nothing wrong", async (t) => {
  for (const { name, hex, learnt: expected } of vectors.frames) {
    const frame = Buffer.from(hex, "hex");
    const whole = new Set(expected.map((each) => JSON.stringify(each)));
    for (let n = 0; n < frame.length; n++) {
      const odd = learnt(Uint8Array.from(frame.subarray(0, n))).filter((each) => !whole.has(JSON.stringify(each)));
      if (odd.length > 0) t.same(odd, [], `${name} cut to ${n} bytes`);
    }
  }
  t.pass("all cuts");
});

t.test("LLDP by os-ken is read, and is no probe", async (t) => {
  const frame = Buffer.from(vectors.lldp, "hex");
  const found = readLldp(frame, 14);
  t.equal(Buffer.from(found?.chassis ?? []).toString("hex"), "04020000000001");
  t.equal(Buffer.from(found?.port ?? []).toString("latin1"), "\u0005eth0");
  t.equal(found?.ttl, 120);
  t.equal(found?.probe, null);
});

t.test("PACKET_OUT as os-ken writes it", async (t) => {
  const frame = Buffer.from("abcd");
  t.equal(packetOut(3, frame, 4).toString("hex"), vectors.packet_out["1.3"]);
  t.equal(packetOut(3, frame, 1).toString("hex"), vectors.packet_out["1.0"]);
});

const key = Buffer.alloc(32, 7);
const bits = { config: 0, state: 0, current: 0, advertised: 0, supported: 0, peer: 0, currentSpeed: 0, maxSpeed: 0 };
const probe: Probe = { dpid: "00000000000000a1", port: 3, epoch: 5 };

t.test("a probe is its sender's alone", async (t) => {
  const payload = encodeProbe(probe, ETHER_TYPE.LLDP, 15, key);
  const found = readLldp(payload, 0)?.probe;
  t.same(found?.claim, probe);
  if (!found) return;
  t.ok(isAuthentic(found, ETHER_TYPE.LLDP, key));
  t.notOk(isAuthentic(found, ETHER_TYPE.BDDP, key), "the other Ethernet type");
  t.notOk(isAuthentic(found, ETHER_TYPE.LLDP, Buffer.alloc(32, 8)), "another key");
  for (const other of [{ dpid: "00000000000000a2" }, { port: 4 }, { epoch: 6 }]) {
    const claim = { ...found.claim, ...other };
    t.notOk(isAuthentic({ ...found, claim }, ETHER_TYPE.LLDP, key), JSON.stringify(other));
  }
});

t.test("a probe that is brought to another epoch is one of that epoch", async (t) => {
  const [old, other] = [encodeProbe(probe, ETHER_TYPE.BDDP, 15, key), { ...probe, epoch: 6 }];
  renewProbe(old, other, ETHER_TYPE.BDDP, key);
  t.same(old, encodeProbe(other, ETHER_TYPE.BDDP, 15, key));
  const port = { ...bits, number: 3, mac: "02:00:00:00:00:03", name: "p3" };
  const settings = { key, ttlSeconds: 15 };
  const probes = new Probes(probe.dpid, 4, settings);
  const [first, again, later] = [probes.of(port, 5), probes.of(port, 5), probes.of(port, 6)];
  t.equal(first, again, "kept for its epoch");
  t.same(later, new Probes(probe.dpid, 4, settings).of(port, 6));
  t.not(later, first, "the old bytes stay as they are");
});

t.test("tshark reads our probes", async (t) => {
  if (!need.program(t, "tshark") || !need.program(t, "text2pcap", "wireshark-common")) return;
  const dir = tmpDir(t, "lldp");
  const frame = ethernetFrame(0x0180c200000e, 0x020000000001, ETHER_TYPE.LLDP, encodeProbe(probe, 0x88cc, 15, key));
  const bytes = [...frame].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  writeFileSync(join(dir, "frame.txt"), `000000 ${bytes}\n`);
  await must("text2pcap", ["-q", join(dir, "frame.txt"), join(dir, "frame.pcap")]);
  const fields = ["lldp.chassis.id", "lldp.port.id", "lldp.time_to_live", "lldp.orgtlv.oui", "_ws.malformed"];
  const text = await must("tshark", [
    ...["-r", join(dir, "frame.pcap"), "-T", "fields", "-E", "separator=|"],
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  const chassis = Buffer.from("dpid:00000000000000a1").toString("hex");
  t.equal(text.trim(), `${chassis}|3|15|${0x0e534e}|`);
});

t.test("properties", async (t) => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const head = fc.constantFrom(...vectors.frames.map(({ hex }) => Buffer.from(hex, "hex").subarray(0, 42)));
  fc.assert(
    fc.property(head, bytes, (start, rest) => {
      const frame = Buffer.concat([start, rest]);
      learnt(frame);
      readLldp(frame, 14);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (address) => {
      t.equal(parseMac(macText(address)), address);
      const first = Number.parseInt(macText(address).slice(0, 2), 16);
      return isStation(address) === (address !== 0 && (first & 1) === 0);
    }),
  );
  fc.assert(
    fc.property(
      fc.record({
        dpid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16).padStart(16, "0")),
        port: fc.integer({ min: 1, max: 0xffffff00 }),
        epoch: fc.integer({ min: 0, max: 0xffffffff }),
      }),
      fc.constantFrom(ETHER_TYPE.LLDP, ETHER_TYPE.BDDP),
      (one, type) => {
        const found = readLldp(ethernetFrame(1, 2, type, encodeProbe(one, type, 3, key)), 14);
        t.same(found?.probe?.claim, one);
        return found?.probe != null && isAuthentic(found.probe, type, key);
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (header) => {
      header[10] = 0;
      header[11] = 0;
      const sum = checksum(header, 0, 20);
      header[10] = sum >> 8;
      header[11] = sum & 0xff;
      return checksum(header, 0, 20) === 0 || header.every((byte) => byte === 0);
    }),
  );
});
