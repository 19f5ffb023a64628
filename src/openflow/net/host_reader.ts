// What a packet tells of hosts: who sent it, and which addresses belong to whom. Allocates nothing for ARP, Neighbor
// Discovery and IP; DHCP messages, of which there are few, become objects.

import { ArpReader } from "./packets/arp.js";
import { BOOTP, DHCP, DHCP_PORTS, readDhcp } from "./packets/dhcp.js";
import { DHCPV6, DHCPV6_PORTS, readDhcpv6 } from "./packets/dhcpv6.js";
import { ETHER_TYPE, type EthernetReader, isStation } from "./packets/ethernet.js";
import { Ipv4Reader, isHostIpv4 } from "./packets/ipv4.js";
import { Ipv6Reader, isHostIpv6, ND, NeighborReader } from "./packets/ipv6.js";
import { UDP, UdpReader } from "./packets/udp.js";

/** Who is told. The frame is good during the call only. */
export interface HostSink {
  /** The sender of the packet; comes before its addresses. */
  station(vid: number, mac: number): void;
  ipv4(vid: number, address: number, mac: number): void;
  /** The address is 16 bytes of the frame from `at` on. */
  ipv6(vid: number, frame: Uint8Array, at: number, mac: number): void;
}

/**
 * TTLs and hop limits that systems begin with. A packet that a router has passed on has one less, and the router's MAC
 * address: its source address says nothing of that station.
 */
const INITIAL_TTLS: ReadonlySet<number> = new Set([32, 64, 128, 255]);

export class HostReader {
  readonly #arp = new ArpReader();
  readonly #ipv4 = new Ipv4Reader();
  readonly #ipv6 = new Ipv6Reader();
  readonly #neighbor = new NeighborReader();
  readonly #udp = new UdpReader();

  /** Tells the sink what the frame says; `ethernet` has read its head. */
  read(frame: Uint8Array, ethernet: EthernetReader, sink: HostSink): void {
    if (!isStation(ethernet.source)) return;
    sink.station(ethernet.vid, ethernet.source);
    if (ethernet.type === ETHER_TYPE.ARP) this.#readArp(frame, ethernet, sink);
    else if (ethernet.type === ETHER_TYPE.IPV4) this.#readIpv4(frame, ethernet, sink);
    else if (ethernet.type === ETHER_TYPE.IPV6) this.#readIpv6(frame, ethernet, sink);
  }

  #readArp(frame: Uint8Array, { vid, source, payload }: EthernetReader, sink: HostSink): void {
    const arp = this.#arp;
    // One that answers for another (proxy ARP) has its own address in one of the two places only.
    if (!arp.read(frame, payload) || arp.senderMac !== source || !isHostIpv4(arp.senderIp)) return;
    sink.ipv4(vid, arp.senderIp, source);
  }

  #readIpv4(frame: Uint8Array, { vid, source, payload }: EthernetReader, sink: HostSink): void {
    const ip = this.#ipv4;
    if (!ip.read(frame, payload)) return;
    if (INITIAL_TTLS.has(ip.ttl) && isHostIpv4(ip.source)) sink.ipv4(vid, ip.source, source);
    const udp = this.#udp;
    if (ip.protocol !== UDP || !ip.first || !udp.read(frame, ip.payload, ip.end)) return;
    if (udp.source !== DHCP_PORTS.SERVER) return;
    const dhcp = readDhcp(frame, udp.payload, udp.end);
    if (dhcp?.operation !== BOOTP.REPLY || dhcp.type !== DHCP.ACK) return;
    if (isStation(dhcp.client) && isHostIpv4(dhcp.yourIp)) sink.ipv4(vid, dhcp.yourIp, dhcp.client);
  }

  #readIpv6(frame: Uint8Array, { vid, source, payload }: EthernetReader, sink: HostSink): void {
    const ip = this.#ipv6;
    if (!ip.read(frame, payload)) return;
    if (INITIAL_TTLS.has(ip.hopLimit) && isHostIpv6(frame, ip.source)) sink.ipv6(vid, frame, ip.source, source);
    const neighbor = this.#neighbor;
    if (neighbor.read(frame, ip)) {
      const own = neighbor.type === ND.ADVERTISEMENT && neighbor.linkLayer === source;
      if (own && isHostIpv6(frame, neighbor.target)) sink.ipv6(vid, frame, neighbor.target, source);
      return;
    }
    const udp = this.#udp;
    if (ip.protocol !== UDP || !udp.read(frame, ip.payload, ip.end) || udp.source !== DHCPV6_PORTS.SERVER) return;
    const dhcp = readDhcpv6(frame, udp.payload, udp.end);
    if (dhcp?.type !== DHCPV6.REPLY || !isStation(dhcp.client)) return;
    for (const at of dhcp.addresses) if (isHostIpv6(frame, at)) sink.ipv6(vid, frame, at, dhcp.client);
  }
}
