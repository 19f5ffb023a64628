#!/usr/bin/python3
"""Makes packets.json with os-ken (Debian package python3-os-ken), an implementation by others.

    /usr/bin/python3 test/vectors/openflow/make_packets.py

os-ken does not write PACKET_INs, but reads them: fixed fields are by hand, the match is os-ken's, and so is the reading.
"""
import base64
import json
import os
import struct

from os_ken.lib.packet import arp, ethernet, ether_types, icmpv6, ipv4, ipv6, lldp, packet, udp, vlan
from os_ken.ofproto import ofproto_v1_0 as ofp10
from os_ken.ofproto import ofproto_v1_0_parser as parser10
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


COOKIE = 0xFFFF000000000001


def learnt_flow(in_port, dst, vid, port, buffer_id=ofp.OFP_NO_BUFFER):
    match = parser.OFPMatch(in_port=in_port, eth_dst=dst, vlan_vid=vid)
    actions = [parser.OFPActionOutput(port, 0)]
    instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)] if port else []
    return parser.OFPFlowMod(dp, cookie=COOKIE, idle_timeout=60, priority=1, buffer_id=buffer_id, out_port=ofp.OFPP_ANY,
                             out_group=ofp.OFPG_ANY, match=match, instructions=instructions)


def forgotten(match):
    return parser.OFPFlowMod(dp, cookie=COOKIE, cookie_mask=2**64 - 1, command=ofp.OFPFC_DELETE, priority=0,
                             out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY, match=match, instructions=[])


def packet_out(in_port, port, data=None, buffer_id=ofp.OFP_NO_BUFFER):
    actions = [parser.OFPActionOutput(port, 0)] if port else []
    return parser.OFPPacketOut(dp, buffer_id=buffer_id, in_port=in_port, actions=actions, data=data)


def learnt_vectors():
    def eth(dst, src, vid=None):
        tagged = [vlan.vlan(vid=vid, ethertype=0x0800)] if vid is not None else []
        kind = ether_types.ETH_TYPE_8021Q if tagged else ether_types.ETH_TYPE_IP
        return frame(ethernet.ethernet(dst, src, kind), *tagged, ipv4.ipv4())

    def case(name, ins, outs):
        # Nobody waits for answers to these: their transaction id is 0.
        for msg in outs:
            msg.set_xid(0)
            msg.serialize()
        return {"name": name, "in": ins, "out": [bytes(msg.buf).hex() for msg in outs]}

    none, present = 0, ofp.OFPVID_PRESENT
    hello, answer = eth(ALL, A), eth(A, B)
    def flood():
        return packet_out(1, ofp.OFPP_FLOOD, hello)

    yield case("flood, then a flow and the packet", [packet_in(hello, in_port=1), packet_in(answer, in_port=2)],
               [flood(), learnt_flow(2, A, none, 1), packet_out(2, 1, answer)])
    tagged, reply = eth(ALL, A, 42), eth(A, B, 42)
    yield case("with a VLAN", [packet_in(tagged, in_port=1), packet_in(reply, in_port=2)],
               [packet_out(1, ofp.OFPP_FLOOD, tagged), learnt_flow(2, A, present | 42, 1), packet_out(2, 1, reply)])
    yield case("with a buffer", [packet_in(hello, 5, in_port=1), packet_in(answer, 6, in_port=2)],
               [packet_out(1, ofp.OFPP_FLOOD, None, 5), learnt_flow(2, A, none, 1, 6)])
    yield case("moved", [packet_in(hello, in_port=1), packet_in(hello, in_port=3), packet_in(tagged, in_port=1),
                         packet_in(tagged, in_port=3)],
               [flood(), forgotten(parser.OFPMatch(eth_dst=A)), packet_out(3, ofp.OFPP_FLOOD, hello),
                packet_out(1, ofp.OFPP_FLOOD, tagged), forgotten(parser.OFPMatch(eth_dst=A, vlan_vid=present | 42)),
                packet_out(3, ofp.OFPP_FLOOD, tagged)])
    yield case("at the port where it came in", [packet_in(hello, in_port=1), packet_in(answer, in_port=1)],
               [flood(), learnt_flow(1, A, none, 0)])
    yield case("buffered LLDP is dropped", [packet_in(FRAMES["lldp"][0], 9, in_port=1)], [packet_out(1, 0, None, 9)])


def learnt_vectors_10():
    dp10 = ProtocolDesc(version=ofp10.OFP_VERSION)

    def packet_in10(data, in_port, buffer_id=0xFFFFFFFF, reason=0):
        body = struct.pack("!IHHBB", buffer_id, len(data), in_port, reason, 0) + data
        made = struct.pack("!BBHI", 1, ofp10.OFPT_PACKET_IN, 8 + len(body), XID) + body
        read = parser10.OFPPacketIn.parser(dp10, 1, ofp10.OFPT_PACKET_IN, len(made), XID, made)
        assert (read.buffer_id, read.in_port, read.reason, read.data) == (buffer_id, in_port, reason, data)
        return made.hex()

    def flow10(in_port, dst, vid, port, buffer_id=0xFFFFFFFF):
        match = parser10.OFPMatch(in_port=in_port, dl_dst=dst, dl_vlan=vid)
        actions = [parser10.OFPActionOutput(port, 0)] if port else []
        return parser10.OFPFlowMod(dp10, match, COOKIE, ofp10.OFPFC_ADD, 60, 60, 1, buffer_id, ofp10.OFPP_NONE, 0, actions)

    def out10(in_port, port, data=None, buffer_id=0xFFFFFFFF):
        actions = [parser10.OFPActionOutput(port, 0)] if port else []
        return parser10.OFPPacketOut(dp10, buffer_id, in_port, actions, data)

    def case(name, ins, outs):
        for msg in outs:
            msg.set_xid(0)
            msg.serialize()
        return {"name": "1.0: " + name, "in": ins, "out": [bytes(msg.buf).hex() for msg in outs]}

    def eth(dst, src, vid=None):
        tagged = [vlan.vlan(vid=vid, ethertype=0x0800)] if vid is not None else []
        kind = ether_types.ETH_TYPE_8021Q if tagged else ether_types.ETH_TYPE_IP
        return frame(ethernet.ethernet(dst, src, kind), *tagged, ipv4.ipv4())

    hello, answer, tagged, reply = eth(ALL, A), eth(A, B), eth(ALL, A, 42), eth(A, B, 42)
    flood = ofp10.OFPP_FLOOD
    yield case("flood, then a flow and the packet", [packet_in10(hello, 1), packet_in10(answer, 2)],
               [out10(1, flood, hello), flow10(2, A, 0xFFFF, 1), out10(2, 1, answer)])
    yield case("a table-miss flow's packets", [packet_in10(hello, 1, reason=1)], [out10(1, flood, hello)])
    yield case("with a VLAN, from LOCAL", [packet_in10(tagged, ofp10.OFPP_LOCAL), packet_in10(reply, 2)],
               [out10(ofp10.OFPP_LOCAL, flood, tagged), flow10(2, A, 42, ofp10.OFPP_LOCAL), out10(2, ofp10.OFPP_LOCAL, reply)])
    yield case("with a buffer", [packet_in10(hello, 1, 5), packet_in10(answer, 2, 6)],
               [out10(1, flood, None, 5), flow10(2, A, 0xFFFF, 1, 6)])
    yield case("moved: nothing is deleted", [packet_in10(hello, 1), packet_in10(hello, 3)],
               [out10(1, flood, hello), out10(3, flood, hello)])
    yield case("at the port where it came in", [packet_in10(hello, 1), packet_in10(answer, 1)],
               [out10(1, flood, hello), flow10(1, A, 0xFFFF, 0)])


def packet_outs():
    data = FRAMES["arp"][0]
    flood = [parser.OFPActionOutput(ofp.OFPP_FLOOD, 0)]
    several = [parser.OFPActionPushVlan(0x8100), parser.OFPActionSetField(vlan_vid=0x1000 | 14), parser.OFPActionOutput(2, 0)]
    cases = [
        ("hex", {"actions": [{"output": "FLOOD"}], "data": data.hex()}, (ofp.OFPP_CONTROLLER, flood, data)),
        ("base64", {"in_port": 3, "actions": [{"output": "FLOOD"}], "data": base64.b64encode(data).decode(),
                    "encoding": "base64"}, (3, flood, data)),
        ("actions", {"in_port": "LOCAL", "actions": [{"push_vlan": "vlan"}, {"set_field": {"vlan_vid": 14}}, {"output": 2}],
                     "data": "0x" + data.hex()}, (ofp.OFPP_LOCAL, several, data)),
        ("buffer", {"in_port": 1, "buffer_id": 9, "actions": []}, (1, [], None, 9)),
    ]
    for name, shown, (in_port, actions, payload, *buffer_id) in cases:
        out = parser.OFPPacketOut(dp, buffer_id=(buffer_id or [ofp.OFP_NO_BUFFER])[0], in_port=in_port, actions=actions,
                                  data=payload)
        yield {"name": name, "packetout": shown, "hex": wire(out)}


vectors = {"made_by": "os-ken 2.5.0, test/vectors/openflow/make_packets.py", "xid": XID, "packet_ins": list(packet_ins()),
           "learnt": list(learnt_vectors()) + list(learnt_vectors_10()), "packet_outs": list(packet_outs())}
with open(os.path.join(HERE, "packets.json"), "w") as out:
    json.dump(vectors, out, indent=1)
    out.write("\n")
print(", ".join(f"{len(value)} {key}" for key, value in vectors.items() if isinstance(value, list)))
