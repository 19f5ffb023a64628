#!/usr/bin/python3
"""Makes the OpenFlow 1.0 vectors of this folder with os-ken (Debian package python3-os-ken), an implementation by others.

    /usr/bin/python3 test/vectors/openflow/make_v10.py

Flows are written twice, by hand: as os-ken objects and in the JSON of /sdn/v2.0; the bytes are os-ken's. os-ken does not
write what a switch says: those bytes are by hand, and what they mean is os-ken's reading of them.
"""
import json
import os
import struct

import os_ken
from os_ken.ofproto import ofproto_v1_0 as ofp
from os_ken.ofproto import ofproto_v1_0_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

HERE = os.path.dirname(os.path.abspath(__file__))
dp = ProtocolDesc(version=ofp.OFP_VERSION)
XID = 0x12345678
MAC, MAC2 = "be:f9:8c:b6:5b:9c", "02:00:00:00:00:01"
IP = dict(dl_type=0x0800)
IPJ = [{"eth_type": "ipv4"}]


def wire(msg):
    msg.set_xid(XID)
    msg.serialize()
    return bytes(msg.buf).hex()


def proto(number):
    return dict(dl_type=0x0800, nw_proto=number)


def proto_json(name):
    return IPJ + [{"ip_proto": name}]


# name, os-ken match, JSON match
MATCHES = [
    ("nothing", {}, []),
    ("in_port exact", dict(in_port=7), [{"in_port": 7}]),
    ("in_port LOCAL", dict(in_port=ofp.OFPP_LOCAL), [{"in_port": "LOCAL"}]),
    ("eth_dst exact", dict(dl_dst=MAC), [{"eth_dst": MAC}]),
    ("eth_src exact", dict(dl_src=MAC), [{"eth_src": MAC}]),
    ("eth_type exact", dict(dl_type=0x88CC), [{"eth_type": "lldp"}]),
    ("vlan_vid exact", dict(dl_vlan=42), [{"vlan_vid": 42}]),
    ("vlan_vid none", dict(dl_vlan=0xFFFF), [{"vlan_vid": "none"}]),
    ("vlan_pcp exact", dict(dl_vlan_pcp=5), [{"vlan_pcp": 5}]),
    ("vlan_pcp beside vlan_vid", dict(dl_vlan=42, dl_vlan_pcp=5), [{"vlan_vid": 42}, {"vlan_pcp": 5}]),
    ("ip_dscp exact", dict(IP, nw_tos=46 << 2), IPJ + [{"ip_dscp": 46}]),
    ("ip_proto exact", proto(47), proto_json("gre")),
    ("ipv4_src exact", dict(IP, nw_src="10.1.2.3"), IPJ + [{"ipv4_src": "10.1.2.3"}]),
    ("ipv4_src masked", dict(IP, nw_src="10.1.0.0", nw_src_mask=16),
     IPJ + [{"ipv4_src": "10.1.0.0", "mask": "255.255.0.0"}]),
    ("ipv4_dst exact", dict(IP, nw_dst="10.1.2.3"), IPJ + [{"ipv4_dst": "10.1.2.3"}]),
    ("ipv4_dst masked", dict(IP, nw_dst="128.0.0.0", nw_dst_mask=1),
     IPJ + [{"ipv4_dst": "128.0.0.0", "mask": "128.0.0.0"}]),
    ("tcp_src exact", dict(proto(6), tp_src=443), proto_json("tcp") + [{"tcp_src": 443}]),
    ("tcp_dst exact", dict(proto(6), tp_dst=80), proto_json("tcp") + [{"tcp_dst": 80}]),
    ("udp_src exact", dict(proto(17), tp_src=53), proto_json("udp") + [{"udp_src": 53}]),
    ("udp_dst exact", dict(proto(17), tp_dst=65535), proto_json("udp") + [{"udp_dst": 65535}]),
    ("sctp_src exact", dict(proto(132), tp_src=2905), proto_json("sctp") + [{"sctp_src": 2905}]),
    ("sctp_dst exact", dict(proto(132), tp_dst=1), proto_json("sctp") + [{"sctp_dst": 1}]),
    ("icmpv4_type exact", dict(proto(1), tp_src=8), proto_json("icmp") + [{"icmpv4_type": 8}]),
    ("icmpv4_code exact", dict(proto(1), tp_dst=3), proto_json("icmp") + [{"icmpv4_code": 3}]),
    ("arp_op exact", dict(dl_type=0x0806, nw_proto=2), [{"eth_type": "arp"}, {"arp_op": 2}]),
    ("arp_spa exact", dict(dl_type=0x0806, nw_src="192.0.2.1"), [{"eth_type": "arp"}, {"arp_spa": "192.0.2.1"}]),
    ("arp_spa masked", dict(dl_type=0x0806, nw_src="192.0.2.0", nw_src_mask=24),
     [{"eth_type": "arp"}, {"arp_spa": "192.0.2.0", "mask": "255.255.255.0"}]),
    ("arp_tpa exact", dict(dl_type=0x0806, nw_dst="192.0.2.1"), [{"eth_type": "arp"}, {"arp_tpa": "192.0.2.1"}]),
    ("arp_tpa masked", dict(dl_type=0x0806, nw_dst="192.0.0.0", nw_dst_mask=8 + 4),
     [{"eth_type": "arp"}, {"arp_tpa": "192.0.0.0", "mask": "255.240.0.0"}]),
    ("everything", dict(in_port=1, dl_src=MAC, dl_dst=MAC2, dl_vlan=4095, dl_vlan_pcp=7, dl_type=0x0800, nw_tos=0xFC,
                        nw_proto=6, nw_src="1.2.3.4", nw_dst="5.6.7.8", tp_src=1, tp_dst=2),
     [{"in_port": 1}, {"eth_dst": MAC2}, {"eth_src": MAC}, {"eth_type": "ipv4"}, {"vlan_vid": 4095}, {"vlan_pcp": 7},
      {"ip_dscp": 63}, {"ip_proto": "tcp"}, {"ipv4_src": "1.2.3.4"}, {"ipv4_dst": "5.6.7.8"}, {"tcp_src": 1}, {"tcp_dst": 2}]),
]

# name, the protocol that the flow matches, os-ken action, JSON
ACTIONS = [
    ("output", None, parser.OFPActionOutput(6, 0), {"output": 6}),
    ("output_controller", None, parser.OFPActionOutput(ofp.OFPP_CONTROLLER, 0xFFFF), {"output": "CONTROLLER"}),
    ("output_controller_short", None, parser.OFPActionOutput(ofp.OFPP_CONTROLLER, 128),
     {"output": "CONTROLLER", "max_len": 128}),
    ("output_normal", None, parser.OFPActionOutput(ofp.OFPP_NORMAL, 0), {"output": "NORMAL"}),
    ("pop_vlan", None, parser.OFPActionStripVlan(), {"pop_vlan": True}),
    ("set_queue", None, parser.OFPActionEnqueue(1, 3), {"set_queue": 3, "port": 1}),
    ("set_queue_local", None, parser.OFPActionEnqueue(ofp.OFPP_IN_PORT, 4294967295),
     {"set_queue": 4294967295, "port": "IN_PORT"}),
    ("experimenter", None, parser.OFPActionVendorUnknown(0x2320, b"\x00\x01\x02\x03\x04\x05\x06\x07"),
     {"experimenter": "0x2320", "data": "0x0001020304050607"}),
    ("set_field vlan_vid", None, parser.OFPActionVlanVid(14), {"set_field": {"vlan_vid": 14}}),
    ("set_field vlan_pcp", None, parser.OFPActionVlanPcp(7), {"set_field": {"vlan_pcp": 7}}),
    ("set_field eth_src", None, parser.OFPActionSetDlSrc(MAC), {"set_field": {"eth_src": MAC}}),
    ("set_field eth_dst", None, parser.OFPActionSetDlDst(MAC), {"set_field": {"eth_dst": MAC}}),
    ("set_field ipv4_src", None, parser.OFPActionSetNwSrc("10.0.0.1"), {"set_field": {"ipv4_src": "10.0.0.1"}}),
    ("set_field ipv4_dst", None, parser.OFPActionSetNwDst("10.0.0.2"), {"set_field": {"ipv4_dst": "10.0.0.2"}}),
    ("set_field ip_dscp", None, parser.OFPActionSetNwTos(46 << 2), {"set_field": {"ip_dscp": 46}}),
    ("set_field tcp_src", (6, "tcp"), parser.OFPActionSetTpSrc(80), {"set_field": {"tcp_src": 80}}),
    ("set_field tcp_dst", (6, "tcp"), parser.OFPActionSetTpDst(81), {"set_field": {"tcp_dst": 81}}),
    ("set_field udp_src", (17, "udp"), parser.OFPActionSetTpSrc(53), {"set_field": {"udp_src": 53}}),
    ("set_field udp_dst", (17, "udp"), parser.OFPActionSetTpDst(54), {"set_field": {"udp_dst": 54}}),
    ("set_field sctp_src", (132, "sctp"), parser.OFPActionSetTpSrc(5), {"set_field": {"sctp_src": 5}}),
    ("set_field sctp_dst", (132, "sctp"), parser.OFPActionSetTpDst(6), {"set_field": {"sctp_dst": 6}}),
]


def flow_vectors():
    for name, match, shown in MATCHES:
        yield {"name": f"match {name}", "flow": {"match": shown, "actions": []},
               "hex": wire(parser.OFPFlowMod(dp, match=parser.OFPMatch(**match)))}
    for name, of, action, shown in ACTIONS:
        match, fields = (proto(of[0]), proto_json(of[1])) if of else ({}, [])
        yield {"name": name if " " in name else f"action {name}", "flow": {"match": fields, "actions": [shown]},
               "hex": wire(parser.OFPFlowMod(dp, match=parser.OFPMatch(**match), actions=[action]))}
    several = [parser.OFPActionVlanVid(9), parser.OFPActionSetDlDst(MAC), parser.OFPActionOutput(1, 0),
               parser.OFPActionStripVlan(), parser.OFPActionEnqueue(2, 1)]
    yield {"name": "several actions", "hex": wire(parser.OFPFlowMod(dp, actions=several)), "flow": {
        "match": [], "actions": [{"set_field": {"vlan_vid": 9}}, {"set_field": {"eth_dst": MAC}}, {"output": 1},
                                 {"pop_vlan": True}, {"set_queue": 1, "port": 2}]}}
    head = dict(cookie=0xFFFF000000000000, priority=30000, idle_timeout=60, hard_timeout=3600, buffer_id=17,
                flags=ofp.OFPFF_SEND_FLOW_REM | ofp.OFPFF_CHECK_OVERLAP | ofp.OFPFF_EMERG, out_port=3)
    yield {"name": "head", "hex": wire(parser.OFPFlowMod(dp, **head)), "flow": {
        "cookie": "0xffff000000000000", "priority": 30000, "idle_timeout": 60, "hard_timeout": 3600, "match": [],
        "actions": []}, "more": {"flow_mod_flags": ["send_flow_rem", "check_overlap", "emerg"], "buffer_id": 17, "out_port": 3}}


def message_vectors():
    """What a controller says."""
    match = parser.OFPMatch(dl_type=0x0800, nw_dst="10.0.0.0", nw_dst_mask=8)
    yield "hello", wire(parser.OFPHello(dp))
    yield "error", wire(parser.OFPErrorMsg(dp, ofp.OFPET_BAD_REQUEST, ofp.OFPBRC_BAD_LEN, b""))
    yield "echo_request", wire(parser.OFPEchoRequest(dp, None))
    yield "echo_reply", wire(parser.OFPEchoReply(dp, b"hello"))
    yield "features_request", wire(parser.OFPFeaturesRequest(dp))
    yield "get_config_request", wire(parser.OFPGetConfigRequest(dp))
    yield "set_config", wire(parser.OFPSetConfig(dp, ofp.OFPC_FRAG_NORMAL, 0xFFFF))
    yield "barrier_request", wire(parser.OFPBarrierRequest(dp))
    yield "desc_request", wire(parser.OFPDescStatsRequest(dp, 0))
    yield "flow_stats_request", wire(parser.OFPFlowStatsRequest(dp, 0, match, 0xFF, ofp.OFPP_NONE))
    yield "aggregate_request", wire(parser.OFPAggregateStatsRequest(dp, 0, match, 3, 7))
    yield "table_stats_request", wire(parser.OFPTableStatsRequest(dp, 0))
    yield "port_stats_request", wire(parser.OFPPortStatsRequest(dp, 0, 3))
    yield "port_stats_request_all", wire(parser.OFPPortStatsRequest(dp, 0, ofp.OFPP_NONE))
    yield "queue_stats_request", wire(parser.OFPQueueStatsRequest(dp, 0, 3, 9))
    yield "queue_stats_request_all", wire(parser.OFPQueueStatsRequest(dp, 0, ofp.OFPP_ALL, ofp.OFPQ_ALL))
    yield "queue_get_config_request", wire(parser.OFPQueueGetConfigRequest(dp, 3))
    yield "port_mod", wire(parser.OFPPortMod(dp, 3, "aa:55:aa:55:00:01", ofp.OFPPC_PORT_DOWN, ofp.OFPPC_PORT_DOWN, 0))
    yield "packet_out", wire(parser.OFPPacketOut(dp, 0xFFFFFFFF, ofp.OFPP_NONE, [parser.OFPActionOutput(ofp.OFPP_FLOOD, 0)],
                                                 bytes(range(60))))
    yield "packet_out_buffered", wire(parser.OFPPacketOut(dp, 77, 4, [parser.OFPActionStripVlan(), parser.OFPActionOutput(2, 0)],
                                                          None))


def message(type_, body):
    return struct.pack("!BBHI", ofp.OFP_VERSION, type_, 8 + len(body), XID) + body


def stats(type_, body, flags=0):
    return message(ofp.OFPT_STATS_REPLY, struct.pack("!HH", type_, flags) + body)


def read(data):
    version, type_, length, xid = struct.unpack_from("!BBHI", data)
    return parser.msg_parser(dp, version, type_, length, xid, data)


def match_bytes(**fields):
    buf = bytearray(ofp.OFP_MATCH_SIZE)
    parser.OFPMatch(**fields).serialize(buf, 0)
    return bytes(buf)


def action_bytes(*actions):
    buf = bytearray()
    for action in actions:
        action.serialize(buf, len(buf))
    return bytes(buf)


def port(number, name, config, state, features):
    return struct.pack("!H6s16sIIIIII", number, bytes.fromhex("aa55aa550000")[:5] + bytes([number & 255]), name, config, state,
                       features, features & 0x5F, 0xFFF, features >> 1)


def port_says(p):
    return dict(number=p.port_no, mac=p.hw_addr, name=p.name.decode(), config=p.config, state=p.state, curr=p.curr,
                advertised=p.advertised, supported=p.supported, peer=p.peer)


COUNTERS = "rx_packets tx_packets rx_bytes tx_bytes rx_dropped tx_dropped rx_errors tx_errors rx_frame_err rx_over_err rx_crc_err collisions"


def flow_says(f):
    actions = [type(a).__name__ for a in f.actions]
    return dict(table=f.table_id, seconds=f.duration_sec, nanoseconds=f.duration_nsec, priority=f.priority, idle=f.idle_timeout,
                hard=f.hard_timeout, cookie=f"{f.cookie:x}", packets=str(f.packet_count), bytes=str(f.byte_count),
                actions=actions, wildcards=f.match.wildcards, nw_dst=f.match.nw_dst, tp_dst=f.match.tp_dst)


def reply_vectors():
    """What a switch says, with os-ken's reading of it."""
    data = message(ofp.OFPT_FEATURES_REPLY, struct.pack("!QIB3xII", 0x2A, 256, 254, 0xC7, 0xFFF) + port(1, b"eth1", 0x02, 0x200, 0x2C0)
                   + port(ofp.OFPP_LOCAL, b"br0", 0x01, 0x01, 0))
    m = read(data)
    yield "features_reply", data, dict(dpid=f"{m.datapath_id:016x}", buffers=m.n_buffers, tables=m.n_tables,
                                       capabilities=m.capabilities, ports=[port_says(p) for p in m.ports.values()])
    data = message(ofp.OFPT_GET_CONFIG_REPLY, struct.pack("!HH", 1, 128))
    m = read(data)
    yield "get_config_reply", data, dict(flags=m.flags, miss_send_len=m.miss_send_len)
    data = message(ofp.OFPT_PACKET_IN, struct.pack("!IHHBx", 0xFFFFFFFF, 60, ofp.OFPP_LOCAL, 1) + bytes(range(60)))
    m = read(data)
    yield "packet_in", data, dict(buffer=m.buffer_id, total=m.total_len, in_port=m.in_port, reason=m.reason, data=m.data.hex())
    data = message(ofp.OFPT_FLOW_REMOVED, match_bytes(dl_type=0x0800, nw_proto=17, nw_dst="10.0.0.0", nw_dst_mask=8, tp_dst=53)
                   + struct.pack("!QHBxIIH2xQQ", 0x1234, 100, 1, 7, 8, 9, 10, 2**63 + 1))
    m = read(data)
    yield "flow_removed", data, dict(cookie=f"{m.cookie:x}", priority=m.priority, reason=m.reason, seconds=m.duration_sec,
                                     nanoseconds=m.duration_nsec, idle=m.idle_timeout, packets=str(m.packet_count),
                                     bytes=str(m.byte_count))
    data = message(ofp.OFPT_PORT_STATUS, struct.pack("!B7x", ofp.OFPPR_MODIFY) + port(9, b"sixteen-letters!", 0x7F, 0x301, 0xFFF))
    m = read(data)
    yield "port_status", data, dict(reason=m.reason, port=port_says(m.desc))
    yield "barrier_reply", message(ofp.OFPT_BARRIER_REPLY, b""), dict(type=read(message(ofp.OFPT_BARRIER_REPLY, b"")).msg_type)
    data = stats(ofp.OFPST_DESC, struct.pack("!256s256s256s32s256s", b"mfr", b"hw", b"sw", b"serial", b"dp"))
    m = read(data).body
    yield "desc_reply", data, {"manufacturer": m.mfr_desc.decode(), "hardware": m.hw_desc.decode(), "software": m.sw_desc.decode(),
                               "serial": m.serial_num.decode(), "datapath": m.dp_desc.decode()}
    actions = action_bytes(parser.OFPActionSetTpDst(54), parser.OFPActionEnqueue(1, 2))
    entry = match_bytes(dl_type=0x0800, nw_proto=17, nw_dst="10.0.0.0", nw_dst_mask=8, tp_dst=53) + struct.pack(
        "!IIHHH6xQQQ", 1, 2, 3, 4, 5, 0xABCDEF, 7, 2**53 + 1) + actions
    other = match_bytes() + struct.pack("!IIHHH6xQQQ", 0, 0, 0, 0, 0, 0, 0, 0)
    data = stats(ofp.OFPST_FLOW, struct.pack("!HBx", 4 + len(entry), 1) + entry + struct.pack("!HBx", 4 + len(other), 2) + other, 1)
    yield "flow_stats_reply", data, dict(more=read(data).flags, flows=[flow_says(f) for f in read(data).body])
    data = stats(ofp.OFPST_AGGREGATE, struct.pack("!QQI4x", 5, 2**40, 3))
    m = read(data).body[0]
    yield "aggregate_reply", data, dict(packets=m.packet_count, bytes=m.byte_count, flows=m.flow_count)
    data = stats(ofp.OFPST_TABLE, b"".join(struct.pack("!B3x32sIIIQQ", n, b"table%d" % n, 0x3FFFFF, 1000 + n, n, 50 + n, 40 + n)
                                           for n in range(2)))
    yield "table_stats_reply", data, [dict(id=m.table_id, name=m.name.decode(), maxEntries=m.max_entries, active=m.active_count,
                                           lookups=m.lookup_count, matched=m.matched_count) for m in read(data).body]
    data = stats(ofp.OFPST_PORT, b"".join(struct.pack("!H6x12Q", n, *range(n % 50, n % 50 + 12)) for n in (3, ofp.OFPP_LOCAL)))
    yield "port_stats_reply", data, [dict(port=m.port_no, counters=[getattr(m, c) for c in COUNTERS.split()]) for m in read(data).body]
    data = stats(ofp.OFPST_QUEUE, b"".join(struct.pack("!H2xIQQQ", n, n + 1, 100, 10, 1) for n in (3, 4)))
    yield "queue_stats_reply", data, [dict(port=m.port_no, queue=m.queue_id, bytes=m.tx_bytes, packets=m.tx_packets,
                                           errors=m.tx_errors) for m in read(data).body]
    queues = struct.pack("!IH2xHH4xH6x", 7, 24, ofp.OFPQT_MIN_RATE, 16, 500) + struct.pack("!IH2x", 8, 8)
    data = message(ofp.OFPT_QUEUE_GET_CONFIG_REPLY, struct.pack("!H6x", 3) + queues)
    m = read(data)
    yield "queue_get_config_reply", data, dict(port=m.port, queues=[dict(
        queue=q.queue_id, minRate=next((p.rate for p in q.properties), None)) for q in m.queues])
    data = message(ofp.OFPT_ERROR, struct.pack("!HH", ofp.OFPET_FLOW_MOD_FAILED, ofp.OFPFMFC_EPERM) + message(ofp.OFPT_FLOW_MOD, bytes(64))[:64])
    m = read(data)
    yield "error_reply", data, dict(type=m.type, code=m.code)
    data = message(ofp.OFPT_VENDOR, struct.pack("!I", 0x12345) + b"abc")
    m = read(data)
    yield "vendor", data, dict(vendor=m.vendor, type=m.msg_type)


made_by = f"os-ken {os_ken.__version__ if hasattr(os_ken, '__version__') else '2.5.0'}, test/vectors/openflow/make_v10.py"
replies = {name: {"hex": data.hex(), "says": says} for name, data, says in reply_vectors()}
with open(os.path.join(HERE, "v10.json"), "w") as out:
    json.dump({"made_by": made_by, "xid": XID, "flows": list(flow_vectors()), "messages": dict(message_vectors()),
               "replies": replies}, out, indent=1)
    out.write("\n")
