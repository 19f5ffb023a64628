#!/usr/bin/python3
"""Makes the frames of this folder with os-ken (Debian package python3-os-ken), an implementation by others.

    /usr/bin/python3 test/vectors/openflow/make_frames.py

Each packet is written twice, by hand: as os-ken objects, and as what is to be read of it. The bytes are os-ken's.
"""
import json
import os

from os_ken.ofproto import ofproto_v1_0, ofproto_v1_0_parser, ofproto_v1_3, ofproto_v1_3_parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

from os_ken.lib.packet import (arp, dhcp, dhcp6, ether_types, ethernet, icmp, icmpv6, ipv4, ipv6, lldp, packet, udp, vlan)

HERE = os.path.dirname(os.path.abspath(__file__))
HOST, SERVER, ALL = "02:00:00:00:00:0a", "02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"
V6, V6_SERVER = "2001:db8::a", "fe80::1"


def wire(*parts):
    made = packet.Packet()
    for part in parts:
        made.add_protocol(part)
    made.serialize()
    return bytes(made.data).hex()


def eth(kind, dst=ALL, src=HOST):
    return ethernet.ethernet(dst=dst, src=src, ethertype=kind)


def dhcp4(op, kind, yiaddr="0.0.0.0", ciaddr="0.0.0.0", lease=None):
    found = [dhcp.option(tag=dhcp.DHCP_MESSAGE_TYPE_OPT, value=bytes([kind]))]
    if lease:
        found.append(dhcp.option(tag=dhcp.DHCP_IP_ADDR_LEASE_TIME_OPT, value=lease.to_bytes(4, "big")))
    return dhcp.dhcp(op=op, chaddr=HOST, xid=0x01020304, yiaddr=yiaddr, ciaddr=ciaddr, hlen=6,
                     options=dhcp.options(option_list=found))


def duid(kind):
    mac = bytes.fromhex(HOST.replace(":", ""))
    return {"llt": b"\0\1\0\1\0\0\0\7" + mac, "ll": b"\0\3\0\1" + mac, "uuid": b"\0\4" + bytes(16)}[kind]


def dhcpv6(kind, client, addresses):
    inner = b"".join(b"\0\5\0\x18" + bytes.fromhex(a) + (3600).to_bytes(4, "big") + valid.to_bytes(4, "big")
                     for a, valid in addresses)
    ia_na = dhcp6.option(code=3, data=bytes(12) + inner)
    return dhcp6.dhcp6(kind, dhcp6.options(option_list=[dhcp6.option(code=1, data=duid(client)), ia_na]), transaction_id=7)


def served(payload, request):
    """A DHCP message in its packet."""
    ports = (68, 67) if request else (67, 68)
    src, ip = (HOST, "0.0.0.0") if request else (SERVER, "10.0.0.1")
    return wire(eth(ether_types.ETH_TYPE_IP, src=src), ipv4.ipv4(src=ip, dst="255.255.255.255", proto=17, ttl=64),
                udp.udp(*ports), payload)


def served6(payload, request):
    ports = (546, 547) if request else (547, 546)
    src, ip = (HOST, "fe80::a") if request else (SERVER, V6_SERVER)
    return wire(eth(ether_types.ETH_TYPE_IPV6, dst="33:33:00:01:00:02", src=src),
                ipv6.ipv6(src=ip, dst="ff02::1:2", nxt=17, hop_limit=1), udp.udp(*ports), payload)


def nd(kind, target, option, src, dst="ff02::1:ff00:1", hop_limit=255):
    body = (icmpv6.nd_neighbor(dst=target, option=option) if kind in (135, 136) else None)
    return wire(eth(ether_types.ETH_TYPE_IPV6, dst="33:33:ff:00:00:01"),
                ipv6.ipv6(src=src, dst=dst, nxt=58, hop_limit=hop_limit), icmpv6.icmpv6(type_=kind, data=body))


ARP_REQUEST = arp.arp(opcode=1, src_mac=HOST, src_ip="10.0.0.10", dst_mac="00:00:00:00:00:00", dst_ip="10.0.0.1")
ARP_REPLY = arp.arp(opcode=2, src_mac=HOST, src_ip="10.0.0.10", dst_mac=SERVER, dst_ip="10.0.0.1")
ARP_PROBE = arp.arp(opcode=1, src_mac=HOST, src_ip="0.0.0.0", dst_mac="00:00:00:00:00:00", dst_ip="10.0.0.10")
ADDRESS = bytes.fromhex("20010db800000000000000000000000a").hex()

# name, bytes, and the pairs [IP, MAC, VLAN id] that a reader learns from it.
LEARNT = [["10.0.0.10", HOST, 0]]
LEARNT6 = [[V6, HOST, 0]]
ip4 = dict(dst="10.9.9.9", proto=1)
PACKETS = [
    ("arp request", wire(eth(0x0806), ARP_REQUEST), LEARNT),
    ("arp reply", wire(eth(0x0806, dst=SERVER), ARP_REPLY), LEARNT),
    ("arp probe", wire(eth(0x0806), ARP_PROBE), []),
    ("arp with a vlan tag", wire(eth(0x8100), vlan.vlan(vid=42, pcp=3, ethertype=0x0806), ARP_REQUEST),
     [["10.0.0.10", HOST, 42]]),
    ("arp with two tags", wire(eth(0x88A8), vlan.svlan(vid=7, ethertype=0x8100), vlan.vlan(vid=42, ethertype=0x0806),
                               ARP_REQUEST), [["10.0.0.10", HOST, 7]]),
    ("arp in another's name", wire(eth(0x0806, src="02:00:00:00:00:99"), ARP_REQUEST), []),
    ("ipv4", wire(eth(0x0800, dst=SERVER), ipv4.ipv4(src="10.0.0.10", ttl=64, **ip4), icmp.icmp(data=icmp.echo())), LEARNT),
    ("ipv4 that was routed", wire(eth(0x0800, dst=SERVER), ipv4.ipv4(src="10.0.0.10", ttl=63, **ip4),
                                  icmp.icmp(data=icmp.echo())), []),
    ("ipv4 from a group", wire(eth(0x0800, dst=SERVER), ipv4.ipv4(src="224.0.0.1", ttl=64, **ip4), icmp.icmp()), []),
    ("dhcp discover", served(dhcp4(1, 1), True), []),
    ("dhcp offer", served(dhcp4(2, 2, yiaddr="10.0.0.10"), False), [["10.0.0.1", SERVER, 0]]),
    ("dhcp ack", served(dhcp4(2, 5, yiaddr="10.0.0.10", lease=3600), False),
     [["10.0.0.10", HOST, 0], ["10.0.0.1", SERVER, 0]]),
    ("ipv6", wire(eth(0x86DD, dst=SERVER), ipv6.ipv6(src=V6, dst="2001:db8::1", nxt=59, hop_limit=64)), LEARNT6),
    ("ipv6 that was routed", wire(eth(0x86DD, dst=SERVER), ipv6.ipv6(src=V6, dst="2001:db8::1", nxt=59, hop_limit=60)), []),
    ("ipv6 with extension headers", wire(eth(0x86DD, dst=SERVER), ipv6.ipv6(
        src=V6, dst="2001:db8::1", nxt=59, hop_limit=255,
        ext_hdrs=[ipv6.hop_opts(nxt=60, data=[ipv6.option(type_=1, len_=4, data=bytes(4))]),
                  ipv6.dst_opts(nxt=59, data=[ipv6.option(type_=1, len_=4, data=bytes(4))])])), LEARNT6),
    ("neighbor solicitation", nd(135, "2001:db8::1", icmpv6.nd_option_sla(hw_src=HOST), V6), LEARNT6),
    ("neighbor solicitation of one's own address", nd(135, V6, None, "::"), []),
    ("neighbor advertisement", nd(136, V6, icmpv6.nd_option_tla(hw_src=HOST), V6, "ff02::1"), LEARNT6),
    ("neighbor advertisement of another address", nd(136, "2001:db8::b", icmpv6.nd_option_tla(hw_src=HOST), V6, "ff02::1"),
     [["2001:db8::b", HOST, 0], [V6, HOST, 0]]),
    ("neighbor advertisement over a router", nd(136, "2001:db8::b", icmpv6.nd_option_tla(hw_src=HOST), V6, "ff02::1", 254), []),
    ("dhcpv6 solicit", served6(dhcpv6(1, "llt", []), True), []),
    ("dhcpv6 reply, DUID-LLT", served6(dhcpv6(7, "llt", [(ADDRESS, 7200)]), False), LEARNT6),
    ("dhcpv6 reply, DUID-LL", served6(dhcpv6(7, "ll", [(ADDRESS, 7200)]), False), LEARNT6),
    ("dhcpv6 reply, no address in the DUID", served6(dhcpv6(7, "uuid", [(ADDRESS, 7200)]), False), []),
    ("dhcpv6 reply, address no longer valid", served6(dhcpv6(7, "ll", [(ADDRESS, 0)]), False), []),
]

tlvs = (lldp.ChassisID(subtype=4, chassis_id=bytes.fromhex("020000000001")), lldp.PortID(subtype=5, port_id=b"eth0"),
        lldp.TTL(ttl=120), lldp.SystemName(system_name=b"a switch"), lldp.OrganizationallySpecific(oui=b"\0\x12\x0f", subtype=1, info=b"\1\2"),
        lldp.End())
LLDP = wire(ethernet.ethernet(dst=lldp.LLDP_MAC_NEAREST_BRIDGE, src=SERVER, ethertype=0x88CC), lldp.lldp(tlvs))

def packet_out(ofp, parser, in_port):
    """One frame of four bytes to port 3."""
    out = parser.OFPPacketOut(ProtocolDesc(version=ofp.OFP_VERSION), buffer_id=0xFFFFFFFF, in_port=in_port, data=b"abcd",
                              actions=[parser.OFPActionOutput(3, 0)])
    out.set_xid(0)
    out.serialize()
    return bytes(out.buf).hex()


OUT = {"1.0": packet_out(ofproto_v1_0, ofproto_v1_0_parser, ofproto_v1_0.OFPP_NONE),
       "1.3": packet_out(ofproto_v1_3, ofproto_v1_3_parser, ofproto_v1_3.OFPP_CONTROLLER)}

with open(os.path.join(HERE, "frames.json"), "w") as out:
    json.dump({"made_by": "os-ken 2.5.0, test/vectors/openflow/make_frames.py", "lldp": LLDP, "packet_out": OUT,
               "frames": [{"name": n, "hex": h, "learnt": l} for n, h, l in PACKETS]}, out, indent=1)
    out.write("\n")
print(f"{len(PACKETS)} frames")
