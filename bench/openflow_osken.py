"""Prints how many FLOW_MODs a second os-ken (Debian package python3-os-ken) builds and encodes on one core."""
import time

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

dp = ProtocolDesc(version=ofp.OFP_VERSION)
count = 0
start = time.perf_counter()
while time.perf_counter() - start < 1.0:
    for i in range(100):
        match = parser.OFPMatch(in_port=1, eth_dst="00:00:00:00:00:01", eth_type=0x0800, ipv4_dst="10.0.0.%d" % i)
        actions = [parser.OFPActionOutput(2)]
        instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]
        mod = parser.OFPFlowMod(dp, priority=100, match=match, instructions=instructions)
        mod.set_xid(i)
        mod.serialize()
    count += 100
print(int(count / (time.perf_counter() - start)))
