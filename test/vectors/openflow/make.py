#!/usr/bin/python3
"""Makes the OpenFlow 1.3 vectors of this folder with os-ken (Debian package python3-os-ken), an implementation by others.

    /usr/bin/python3 test/vectors/openflow/make.py

Each flow is written twice, by hand: as os-ken objects and in the JSON of /sdn/v2.0. The bytes are os-ken's.
"""
import json
import os

import os_ken
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

HERE = os.path.dirname(os.path.abspath(__file__))
dp = ProtocolDesc(version=ofp.OFP_VERSION)
XID = 0x12345678


def wire(msg):
    msg.set_xid(XID)
    msg.serialize()
    return bytes(msg.buf).hex()


IP4 = [("eth_type", 0x0800, "ipv4")]
IP6 = [("eth_type", 0x86DD, "ipv6")]
ARP = [("eth_type", 0x0806, "arp")]
MPLS = [("eth_type", 0x8847, "mpls_u")]
TCP = IP4 + [("ip_proto", 6, "tcp")]
UDP = IP4 + [("ip_proto", 17, "udp")]
SCTP = IP6 + [("ip_proto", 132, "sctp")]
ICMP4 = IP4 + [("ip_proto", 1, "icmp")]
ICMP6 = IP6 + [("ip_proto", 58, "ipv6-icmp")]
MAC, MAC_MASK = "be:f9:8c:b6:5b:9c", "ff:ff:ff:00:00:00"
MAC_MASKED = "be:f9:8c:00:00:00"
V6, V6_MASK, V6_MASKED = "2001:db8::1234:5678", "ffff:ffff:ffff:ffff::", "2001:db8::"

# field, prerequisites, os-ken value, JSON value, then masked: os-ken (value, mask), JSON value, JSON mask
FIELDS = [
    ("in_port", [], 7, 7),
    ("in_phy_port", [("in_port", 7, 7)], 4294967294, "LOCAL"),
    ("metadata", [], 0x1F2F3F4F5F6F7F8, "0x1f2f3f4f5f6f7f8", (0x1F00, 0xFF00), "0x1f00", "0xff00"),
    ("eth_dst", [], MAC, MAC, (MAC_MASKED, MAC_MASK), MAC_MASKED, MAC_MASK),
    ("eth_src", [], MAC, MAC, (MAC_MASKED, MAC_MASK), MAC_MASKED, MAC_MASK),
    ("eth_type", [], 0x88CC, "lldp"),
    ("vlan_vid", [], 0x1000 | 42, 42, (0x1000, 0x1000), "present", None),
    ("vlan_pcp", [("vlan_vid", 0x1000 | 42, 42)], 5, 5),
    ("ip_dscp", IP4, 46, 46),
    ("ip_ecn", IP6, 2, 2),
    ("ip_proto", IP4, 47, "gre"),
    ("ipv4_src", IP4, "10.1.2.3", "10.1.2.3", ("10.1.0.0", "255.255.0.0"), "10.1.0.0", "255.255.0.0"),
    ("ipv4_dst", IP4, "10.1.2.3", "10.1.2.3", ("0.0.2.3", "0.0.255.255"), "0.0.2.3", "0.0.255.255"),
    ("tcp_src", TCP, 443, 443),
    ("tcp_dst", TCP, 80, 80),
    ("udp_src", UDP, 53, 53),
    ("udp_dst", UDP, 65535, 65535),
    ("sctp_src", SCTP, 2905, 2905),
    ("sctp_dst", SCTP, 1, 1),
    ("icmpv4_type", ICMP4, 8, 8),
    ("icmpv4_code", ICMP4, 3, 3),
    ("arp_op", ARP, 2, 2),
    ("arp_spa", ARP, "192.0.2.1", "192.0.2.1", ("192.0.2.0", "255.255.255.0"), "192.0.2.0", "255.255.255.0"),
    ("arp_tpa", ARP, "192.0.2.9", "192.0.2.9", ("192.0.0.0", "255.255.0.0"), "192.0.0.0", "255.255.0.0"),
    ("arp_sha", ARP, MAC, MAC, (MAC_MASKED, MAC_MASK), MAC_MASKED, MAC_MASK),
    ("arp_tha", ARP, MAC, MAC, (MAC_MASKED, MAC_MASK), MAC_MASKED, MAC_MASK),
    ("ipv6_src", IP6, V6, V6, (V6_MASKED, V6_MASK), V6_MASKED, V6_MASK),
    ("ipv6_dst", IP6, V6, V6, (V6_MASKED, V6_MASK), V6_MASKED, V6_MASK),
    ("ipv6_flabel", IP6, 0x54413, "0x54413", (0x54000, 0xFF000), "0x54000", "0xff000"),
    ("icmpv6_type", ICMP6, 135, "nbr_sol"),
    ("icmpv6_code", ICMP6, 1, 1),
    ("ipv6_nd_target", ICMP6 + [("icmpv6_type", 135, "nbr_sol")], V6, V6),
    ("ipv6_nd_sll", ICMP6 + [("icmpv6_type", 135, "nbr_sol")], MAC, MAC),
    ("ipv6_nd_tll", ICMP6 + [("icmpv6_type", 136, "nbr_adv")], MAC, MAC),
    ("mpls_label", MPLS, 0xFEDCB, "0xfedcb"),
    ("mpls_tc", MPLS, 6, 6),
    ("mpls_bos", MPLS, 1, 1),
    ("pbb_isid", [("eth_type", 0x88E7, "pbb")], 0xABCDEF, "0xabcdef", (0xAB0000, 0xFF0000), "0xab0000", "0xff0000"),
    ("tunnel_id", [], 0xFEDCBA9876543210, "0xfedcba9876543210", (0x10, 0xFF), "0x10", "0xff"),
    ("ipv6_exthdr", IP6, 0x24,
     {"no_next": False, "esp": False, "auth": True, "dest": False, "frag": False, "router": True, "hop": False,
      "un_rep": False, "un_seq": False}, (0x4, 0x14), {"auth": True, "frag": False}, None),
]

# name, os-ken action, JSON
ACTIONS = [
    ("output", parser.OFPActionOutput(6, 0), {"output": 6}),
    ("output_controller", parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER), {"output": "CONTROLLER"}),
    ("output_in_port", parser.OFPActionOutput(ofp.OFPP_IN_PORT, 0), {"output": "IN_PORT"}),
    ("copy_ttl_out", parser.OFPActionCopyTtlOut(), {"copy_ttl_out": True}),
    ("copy_ttl_in", parser.OFPActionCopyTtlIn(), {"copy_ttl_in": True}),
    ("set_mpls_ttl", parser.OFPActionSetMplsTtl(64), {"set_mpls_ttl": 64}),
    ("dec_mpls_ttl", parser.OFPActionDecMplsTtl(), {"dec_mpls_ttl": True}),
    ("push_vlan", parser.OFPActionPushVlan(0x8100), {"push_vlan": "vlan"}),
    ("pop_vlan", parser.OFPActionPopVlan(), {"pop_vlan": True}),
    ("push_mpls", parser.OFPActionPushMpls(0x8848), {"push_mpls": "mpls_m"}),
    ("pop_mpls", parser.OFPActionPopMpls(0x0800), {"pop_mpls": "ipv4"}),
    ("set_queue", parser.OFPActionSetQueue(3), {"set_queue": 3}),
    ("group", parser.OFPActionGroup(99), {"group": 99}),
    ("set_nw_ttl", parser.OFPActionSetNwTtl(255), {"set_nw_ttl": 255}),
    ("dec_nw_ttl", parser.OFPActionDecNwTtl(), {"dec_nw_ttl": True}),
    ("set_field", parser.OFPActionSetField(vlan_vid=0x1000 | 14), {"set_field": {"vlan_vid": 14}}),
    ("push_pbb", parser.OFPActionPushPbb(0x88E7), {"push_pbb": "pbb"}),
    ("pop_pbb", parser.OFPActionPopPbb(), {"pop_pbb": True}),
    ("experimenter", parser.OFPActionExperimenterUnknown(0x2320, b"\x00\x01\x02\x03\x04\x05\x06\x07"),
     {"experimenter": "0x2320", "data": "0x0001020304050607"}),
]
OUT = parser.OFPActionOutput(1, 0)
INSTRUCTIONS = [
    ("goto_table", [parser.OFPInstructionGotoTable(3)], [{"goto_table": 3}]),
    ("write_metadata", [parser.OFPInstructionWriteMetadata(0xAB00, 0xFF00)], [{"write_metadata": "0xab00", "mask": "0xff00"}]),
    ("write_actions", [parser.OFPInstructionActions(ofp.OFPIT_WRITE_ACTIONS, [OUT])], [{"write_actions": [{"output": 1}]}]),
    ("apply_actions", [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [])], [{"apply_actions": []}]),
    ("clear_actions", [parser.OFPInstructionActions(ofp.OFPIT_CLEAR_ACTIONS, [])], [{"clear_actions": True}]),
    ("meter", [parser.OFPInstructionMeter(7)], [{"meter": 7}]),
    ("several", [
        parser.OFPInstructionMeter(7),
        parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionPopVlan(), OUT]),
        parser.OFPInstructionActions(ofp.OFPIT_WRITE_ACTIONS, [parser.OFPActionGroup(1)]),
        parser.OFPInstructionGotoTable(200),
    ], [{"meter": 7}, {"apply_actions": [{"pop_vlan": True}, {"output": 1}]}, {"write_actions": [{"group": 1}]},
        {"goto_table": 200}]),
]


def flow_mod(match, instructions, **more):
    args = dict(command=ofp.OFPFC_ADD, table_id=0, priority=32768, buffer_id=ofp.OFP_NO_BUFFER, out_port=ofp.OFPP_ANY,
                out_group=ofp.OFPG_ANY)
    args.update(more)
    return wire(parser.OFPFlowMod(dp, match=match, instructions=instructions, **args))


def field_vectors():
    for name, needs, value, shown, *masked in FIELDS:
        for kind, osken, rest, mask in [("exact", value, shown, None)] + (
                [("masked", masked[0], masked[1], masked[2])] if masked else []):
            match = [(n, v) for n, v, _ in needs] + [(name, osken)]
            fields = [{n: j} for n, _, j in needs] + [{name: rest} if mask is None else {name: rest, "mask": mask}]
            yield {"name": f"match {name} {kind}", "flow": {"match": fields, "instructions": []},
                   "hex": flow_mod(parser.OFPMatch(**dict(match)), [])}


def action_vectors():
    for name, action, shown in ACTIONS:
        instruction = parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [action])
        yield {"name": f"action {name}", "flow": {"match": [], "instructions": [{"apply_actions": [shown]}]},
               "hex": flow_mod(parser.OFPMatch(), [instruction])}
    for name, needs, value, shown, *_ in FIELDS:
        if name in ("in_port", "in_phy_port"):
            continue
        instruction = parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionSetField(**{name: value})])
        flow = {"match": [], "instructions": [{"apply_actions": [{"set_field": {name: shown}}]}]}
        yield {"name": f"set_field {name}", "flow": flow, "hex": flow_mod(parser.OFPMatch(), [instruction])}
    for name, instructions, shown in INSTRUCTIONS:
        yield {"name": f"instruction {name}", "flow": {"match": [], "instructions": shown},
               "hex": flow_mod(parser.OFPMatch(), instructions)}
    head = dict(cookie=0xFFFF000000000000, table_id=200, priority=30000, idle_timeout=60, hard_timeout=3600,
                flags=ofp.OFPFF_SEND_FLOW_REM | ofp.OFPFF_CHECK_OVERLAP | ofp.OFPFF_NO_BYT_COUNTS)
    flow = {"cookie": "0xffff000000000000", "table_id": 200, "priority": 30000, "idle_timeout": 60, "hard_timeout": 3600,
            "flow_mod_flags": ["send_flow_rem", "check_overlap", "no_byte_counts"], "match": [], "instructions": []}
    yield {"name": "head", "flow": flow, "hex": flow_mod(parser.OFPMatch(), [], **head)}


def message_vectors():
    """Messages of the room beyond flows: what they say is in the test that reads them."""
    # os-ken does not write the elements of a HELLO, but reads them: the bytes are by hand, the reading is os-ken's.
    hello = bytes.fromhex("04000010") + XID.to_bytes(4, "big") + bytes.fromhex("0001000800000012")
    read = parser.OFPHello.parser(dp, ofp.OFP_VERSION, ofp.OFPT_HELLO, len(hello), XID, hello)
    assert read.elements[0].versions == [1, ofp.OFP_VERSION]
    yield "hello", hello.hex()
    yield "features_request", wire(parser.OFPFeaturesRequest(dp))
    yield "set_config", wire(parser.OFPSetConfig(dp, ofp.OFPC_FRAG_NORMAL, ofp.OFPCML_NO_BUFFER))
    yield "barrier_request", wire(parser.OFPBarrierRequest(dp))
    yield "desc_request", wire(parser.OFPDescStatsRequest(dp, 0))
    yield "port_desc_request", wire(parser.OFPPortDescStatsRequest(dp, 0))
    yield "group_desc_request", wire(parser.OFPGroupDescStatsRequest(dp, 0))
    yield "meter_config_request", wire(parser.OFPMeterConfigStatsRequest(dp, 0, ofp.OFPM_ALL))
    match = parser.OFPMatch(eth_type=0x0800, ipv4_dst=("10.0.0.0", "255.0.0.0"))
    yield "flow_stats_request", wire(parser.OFPFlowStatsRequest(dp, 0, 200, ofp.OFPP_ANY, ofp.OFPG_ANY, 0x1234,
                                                               0xFFFFFFFFFFFFFFFF, match))
    buckets = [parser.OFPBucket(1, 2, 3, [OUT]), parser.OFPBucket(2, ofp.OFPP_ANY, ofp.OFPG_ANY, [parser.OFPActionPopVlan(), OUT])]
    yield "group_mod", wire(parser.OFPGroupMod(dp, ofp.OFPGC_MODIFY, ofp.OFPGT_SELECT, 9, buckets))
    bands = [parser.OFPMeterBandDrop(1500, 1000), parser.OFPMeterBandDscpRemark(100, 1000, 1)]
    yield "meter_mod", wire(parser.OFPMeterMod(dp, ofp.OFPMC_ADD, ofp.OFPMF_KBPS | ofp.OFPMF_BURST | ofp.OFPMF_STATS, 1, bands))
    port = parser.OFPPortMod(dp, 3, "aa:55:aa:55:00:01", ofp.OFPPC_PORT_DOWN, ofp.OFPPC_PORT_DOWN, 0)
    yield "port_mod", wire(port)


flows = list(field_vectors()) + list(action_vectors())
made_by = f"os-ken {os_ken.__version__ if hasattr(os_ken, '__version__') else '2.5.0'}, test/vectors/openflow/make.py"
for name, data in [("flows", flows), ("messages", dict(message_vectors()))]:
    with open(os.path.join(HERE, f"{name}.json"), "w") as out:
        json.dump({"made_by": made_by, "xid": XID, name: data}, out, indent=1)
        out.write("\n")
print(f"{len(flows)} flows")
