// Hosts: where a station (VLAN id and MAC address) is attached, and which addresses it has. Both age, both are bounded, so
// that one port that makes up stations or addresses leaves room for the others.

import { formatAddress } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import type { HostSink } from "./host_reader.js";
import type { Links } from "./links.js";
import type { Listening } from "./listener.js";
import { macText } from "./packets/ethernet.js";
import { IPV6_BYTES } from "./packets/ipv6.js";
import type { Arp, Node, NodeFilter } from "./records.js";

interface Station {
  readonly mac: number;
  readonly vid: number;
  /** Where it is attached; "" while only its address is known, from DHCP. */
  dpid: string;
  port: number;
  /** Monotonic ms. */
  seenAt: number;
  readonly addresses: Set<Address>;
}

interface Address {
  readonly key: number | string;
  readonly ip: string;
  readonly station: Station;
  seenAt: number;
}

export class Hosts implements HostSink {
  /** Stations and addresses that there was no room for. */
  refused = 0;
  readonly #stations = new Map<number, Map<number, Station>>();
  readonly #addresses = new Map<number | string, Address>();
  /** Stations at a port, by `DPID/PORT`. */
  readonly #perPort = new Map<string, number>();
  readonly #lifetimeMs: number;
  readonly #links: Links;
  readonly #listening: Listening;
  #stationCount = 0;
  #dpid = "";
  #port = 0;
  #now = 0;
  #room = true;

  constructor(lifetimeMs: number, links: Links, listening: Listening) {
    this.#lifetimeMs = lifetimeMs;
    this.#links = links;
    this.#listening = listening;
  }

  /** What the sink is told from now on came in at this port; `now` in monotonic ms. */
  at(dpid: string, port: number, now: number): this {
    this.#dpid = dpid;
    this.#port = port;
    this.#now = now;
    return this;
  }

  station(vid: number, mac: number): void {
    this.#room = true;
    const known = this.#stations.get(vid)?.get(mac);
    if (known) {
      known.seenAt = this.#now;
      if (known.port !== this.#port || known.dpid !== this.#dpid) this.#move(known);
      return;
    }
    const place = `${this.#dpid}/${this.#port}`;
    const there = this.#perPort.get(place) ?? 0;
    this.#room = there < LIMITS.netStationsPerPort && this.#stationCount < LIMITS.netNodes;
    if (!this.#room) {
      this.refused++;
      return;
    }
    this.#add(vid, mac, this.#dpid, this.#port);
  }

  ipv4(vid: number, address: number, mac: number): void {
    const key = vid * 0x100000000 + address;
    const known = this.#addresses.get(key);
    if (known?.station.mac === mac) known.seenAt = this.#now;
    else this.#learn(vid, mac, key, Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address));
  }

  ipv6(vid: number, frame: Uint8Array, at: number, mac: number): void {
    const bytes = frame.subarray(at, at + IPV6_BYTES);
    const key = `${vid}/${Buffer.from(bytes.buffer, bytes.byteOffset, IPV6_BYTES).toString("latin1")}`;
    const known = this.#addresses.get(key);
    if (known?.station.mac === mac) known.seenAt = this.#now;
    else this.#learn(vid, mac, key, bytes);
  }

  /** Forgets what was not seen for its lifetime. */
  expire(now: number): void {
    for (const address of this.#addresses.values()) {
      if (now - address.seenAt >= this.#lifetimeMs) this.#forget(address);
    }
    for (const stations of this.#stations.values()) {
      for (const station of stations.values()) {
        if (station.addresses.size === 0 && now - station.seenAt >= this.#lifetimeMs) this.#remove(station);
      }
    }
  }

  /** Forgets the hosts at a port, or at all ports of a switch. */
  drop(dpid: string, port: number | null): void {
    for (const stations of this.#stations.values()) {
      for (const station of stations.values()) {
        if (station.dpid !== dpid || (port !== null && station.port !== port)) continue;
        for (const address of station.addresses) this.#forget(address);
        this.#remove(station);
      }
    }
  }

  /** The nodes that a filter takes: addresses whose station has a place. */
  nodes(filter: NodeFilter): Node[] {
    return this.#find(filter)
      .filter(({ station }) => station.dpid !== "")
      .map(nodeOf);
  }

  /** The pairs of address and MAC that a filter takes. */
  arps(filter: NodeFilter): Arp[] {
    return this.#find(filter).map(({ ip, station }) => ({ ip, mac: macText(station.mac), vid: station.vid }));
  }

  get size(): number {
    return this.#addresses.size;
  }

  /** How many stations each VLAN has at each switch. */
  perVlan(): { readonly dpid: string; readonly vid: number; readonly stations: number }[] {
    const counts = new Map<string, { dpid: string; vid: number; stations: number }>();
    for (const stations of this.#stations.values()) {
      for (const { dpid, vid } of stations.values()) {
        if (dpid === "") continue;
        const key = `${dpid}/${vid}`;
        const row = counts.get(key) ?? { dpid, vid, stations: 0 };
        row.stations++;
        counts.set(key, row);
      }
    }
    return [...counts.values()];
  }

  #find({ ip, mac, vid, dpid, port }: NodeFilter): Address[] {
    return [...this.#addresses.values()].filter(
      (address) =>
        (ip === undefined || address.ip === ip) &&
        (mac === undefined || macText(address.station.mac) === mac) &&
        (vid === undefined || address.station.vid === vid) &&
        (dpid === undefined || address.station.dpid === dpid) &&
        (port === undefined || address.station.port === port),
    );
  }

  #add(vid: number, mac: number, dpid: string, port: number): Station {
    const station: Station = { mac, vid, dpid, port, seenAt: this.#now, addresses: new Set() };
    const stations = this.#stations.get(vid) ?? new Map<number, Station>();
    this.#stations.set(vid, stations.set(mac, station));
    this.#stationCount++;
    this.#countAt(dpid, port, 1);
    return station;
  }

  #remove(station: Station): void {
    const stations = this.#stations.get(station.vid);
    if (!stations?.delete(station.mac)) return;
    if (stations.size === 0) this.#stations.delete(station.vid);
    this.#stationCount--;
    this.#countAt(station.dpid, station.port, -1);
  }

  #countAt(dpid: string, port: number, by: number): void {
    if (dpid === "") return;
    const place = `${dpid}/${port}`;
    const count = (this.#perPort.get(place) ?? 0) + by;
    if (count > 0) this.#perPort.set(place, count);
    else this.#perPort.delete(place);
  }

  #move(station: Station): void {
    const isNew = station.dpid === "";
    // What one foreign switch floods is heard at every port that it joins: the first place stands.
    if (!isNew && this.#links.areJoined(station.dpid, station.port, this.#dpid, this.#port)) return;
    this.#countAt(station.dpid, station.port, -1);
    station.dpid = this.#dpid;
    station.port = this.#port;
    this.#countAt(station.dpid, station.port, 1);
    const { listener } = this.#listening;
    if (listener) for (const address of station.addresses) listener.node(isNew ? "up" : "moved", nodeOf(address));
  }

  #learn(vid: number, mac: number, key: number | string, bytes: Uint8Array): void {
    if (!this.#room) return;
    const known = this.#addresses.get(key);
    const station = this.#stations.get(vid)?.get(mac);
    const full = this.#addresses.size >= LIMITS.netNodes && !known;
    const fullStation = (station?.addresses.size ?? 0) >= LIMITS.netAddressesPerStation;
    if (full || fullStation || (!station && this.#stationCount >= LIMITS.netNodes)) {
      this.refused++;
      return;
    }
    // Another station has the address now.
    if (known) this.#forget(known);
    const owner = station ?? this.#add(vid, mac, "", 0);
    const address: Address = { key, ip: formatAddress(bytes), station: owner, seenAt: this.#now };
    this.#addresses.set(key, address);
    owner.addresses.add(address);
    if (owner.dpid !== "") this.#listening.listener?.node("up", nodeOf(address));
  }

  #forget(address: Address): void {
    this.#addresses.delete(address.key);
    address.station.addresses.delete(address);
    if (address.station.dpid !== "") this.#listening.listener?.node("gone", nodeOf(address));
  }
}

function nodeOf({ ip, station: { mac, vid, dpid, port } }: Address): Node {
  return { ip, mac: macText(mac), vid, dpid, port };
}
