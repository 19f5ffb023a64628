#!/usr/bin/python3
"""Makes packets.json with os-ken (Debian package python3-os-ken), an implementation by others.

    /usr/bin/python3 test/vectors/openflow/make_packets.py

os-ken does not write PACKET_INs, but reads them: fixed fields are by hand, the match is os-ken's, and so is the reading.
"""
import json
import os
import struct

from os_ken.lib.packet import arp, ethernet, ether_types, icmpv6, ipv4, ipv6, lldp, packet, udp, vlan
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

HERE = os.path.dirname(os.path.abspath(__file__))
dp = ProtocolDesc(version=ofp.OFP_VERSION)
XID = 0x12345678
A, B, ALL = "00:00:00:00:00:0a", "00:00:00:00:00:0b", "ff:ff:ff:ff:ff:ff"


def frame(*layers):
    made = packet.Packet()
    for layer in layers:
        made.add_protocol(layer)
    made.serialize()
    return bytes(made.data)


def wire(msg):
    msg.set_xid(XID)
    msg.serialize()
    return bytes(msg.buf).hex()


FRAMES = {
    "arp": (frame(ethernet.ethernet(ALL, A, ether_types.ETH_TYPE_ARP),
                  arp.arp(src_mac=A, src_ip="10.0.0.1", dst_ip="10.0.0.2")), 0x0806),
    "dhcp": (frame(ethernet.ethernet(ALL, A, ether_types.ETH_TYPE_IP), ipv4.ipv4(proto=17, src="0.0.0.0", dst="255.255.255.255"),
                   udp.udp(68, 67), b"\x01\x01\x06\x00" + bytes(236)), 0x0800),
    "ipv6": (frame(ethernet.ethernet(B, A, ether_types.ETH_TYPE_IPV6), ipv6.ipv6(src="fe80::a", dst="fe80::b", nxt=58),
                   icmpv6.icmpv6(128, 0, data=icmpv6.echo())), 0x86DD),
    "tagged": (frame(ethernet.ethernet(B, A, ether_types.ETH_TYPE_8021Q), vlan.vlan(vid=42, ethertype=0x0806),
                     arp.arp(src_mac=A, src_ip="10.0.0.1", dst_ip="10.0.0.2")), 0x0806),
    "twice tagged": (frame(ethernet.ethernet(B, A, ether_types.ETH_TYPE_8021AD), vlan.svlan(vid=7),
                           vlan.vlan(vid=42, ethertype=0x0800), ipv4.ipv4()), 0x0800),
    "lldp": (frame(ethernet.ethernet(lldp.LLDP_MAC_NEAREST_BRIDGE, A, ether_types.ETH_TYPE_LLDP),
                   lldp.lldp([lldp.ChassisID(subtype=7, chassis_id=b"1"), lldp.PortID(subtype=7, port_id=b"2"),
                              lldp.TTL(ttl=120), lldp.End()])), 0x88CC),
}


def packet_in(data, buffer_id=ofp.OFP_NO_BUFFER, reason=ofp.OFPR_NO_MATCH, table_id=0, cookie=0, **match):
    head = struct.pack("!IHBBQ", buffer_id, len(data), reason, table_id, cookie)
    buf = bytearray()
    parser.OFPMatch(**match).serialize(buf, 0)
    body = head + bytes(buf) + b"\0\0" + data
    made = struct.pack("!BBHI", ofp.OFP_VERSION, ofp.OFPT_PACKET_IN, 8 + len(body), XID) + body
    read = parser.OFPPacketIn.parser(dp, ofp.OFP_VERSION, ofp.OFPT_PACKET_IN, len(made), XID, made)
    assert (read.buffer_id, read.reason, read.table_id, read.cookie) == (buffer_id, reason, table_id, cookie)
    assert read.data == data and read.match["in_port"] == match["in_port"]
    return made.hex()


def packet_ins():
    cases = [(name, data, kind, dict(in_port=3)) for name, (data, kind) in FRAMES.items()]
    arp_frame = FRAMES["arp"][0]
    more = dict(reason=ofp.OFPR_ACTION, table_id=200, cookie=0xFFFF000000000000)
    cases.append(("an action's", arp_frame, 0x0806, dict(in_port=0xFFFFFFFE, **more)))
    cases.append(("metadata before in_port", arp_frame, 0x0806,
                  dict(metadata=5, in_phy_port=9, in_port=4, tunnel_id=6)))
    cases.append(("buffered", arp_frame, 0x0806, dict(in_port=1, buffer_id=77)))
    for name, data, kind, args in cases:
        defaults = dict(buffer_id=ofp.OFP_NO_BUFFER, reason=ofp.OFPR_NO_MATCH, table_id=0, cookie=0)
        said = {key: args.get(key, value) for key, value in defaults.items()}
        yield {"name": name, "hex": packet_in(data, **args), "buffer_id": said["buffer_id"], "reason": said["reason"],
               "table_id": said["table_id"], "cookie": str(said["cookie"]), "in_port": args["in_port"],
               "ether_type": kind, "data": data.hex()}


vectors = {"made_by": "os-ken 2.5.0, test/vectors/openflow/make_packets.py", "xid": XID, "packet_ins": list(packet_ins())}
with open(os.path.join(HERE, "packets.json"), "w") as out:
    json.dump(vectors, out, indent=1)
    out.write("\n")
print(", ".join(f"{len(value)} {key}" for key, value in vectors.items() if isinstance(value, list)))
