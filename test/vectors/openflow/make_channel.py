#!/usr/bin/python3
"""Makes the OpenFlow 1.3 vectors of the channel's own messages with os-ken (Debian package python3-os-ken).

    /usr/bin/python3 test/vectors/openflow/make_channel.py
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


def again(kind, msg_type, request_hex):
    """Replies are made of the request's bytes, which have the same form, and read back by os-ken."""
    raw = bytearray.fromhex(request_hex)
    raw[1] = msg_type
    back = kind.parser(dp, ofp.OFP_VERSION, msg_type, len(raw), XID, bytes(raw))
    return bytes(raw).hex(), {name: value for name, value in vars(back).items() if isinstance(value, (int, list))}


role = wire(parser.OFPRoleRequest(dp, ofp.OFPCR_ROLE_MASTER, 0x8000000000000001))
set_async = wire(
    parser.OFPSetAsync(
        dp,
        packet_in_mask=[1 << ofp.OFPR_NO_MATCH | 1 << ofp.OFPR_ACTION, 1 << ofp.OFPR_INVALID_TTL],
        port_status_mask=[1 << ofp.OFPPR_ADD | 1 << ofp.OFPPR_DELETE | 1 << ofp.OFPPR_MODIFY, 1 << ofp.OFPPR_MODIFY],
        flow_removed_mask=[1 << ofp.OFPRR_IDLE_TIMEOUT | 1 << ofp.OFPRR_GROUP_DELETE, 0],
    )
)
set_config = wire(parser.OFPSetConfig(dp, ofp.OFPC_FRAG_REASM, 128))
role_reply, role_read = again(parser.OFPRoleReply, ofp.OFPT_ROLE_REPLY, role)
async_reply, async_read = again(parser.OFPGetAsyncReply, ofp.OFPT_GET_ASYNC_REPLY, set_async)
config_reply, config_read = again(parser.OFPGetConfigReply, ofp.OFPT_GET_CONFIG_REPLY, set_config)
messages = {
    "role_request": role,
    "role_reply": role_reply,
    "get_async_request": wire(parser.OFPGetAsyncRequest(dp)),
    "get_async_reply": async_reply,
    "set_async": set_async,
    "get_config_request": wire(parser.OFPGetConfigRequest(dp)),
    "get_config_reply": config_reply,
    "set_config": set_config,
    "experimenter": wire(parser.OFPExperimenter(dp, 0x2320, 10, b"abcdefgh")),
}
keep = ("role", "generation_id", "packet_in_mask", "port_status_mask", "flow_removed_mask", "flags", "miss_send_len")
read = {
    name: {key: str(value) if key == "generation_id" else value for key, value in found.items() if key in keep}
    for name, found in [("role_reply", role_read), ("get_async_reply", async_read), ("get_config_reply", config_read)]
}
with open(os.path.join(HERE, "channel.json"), "w") as out:
    made_by = f"os-ken {os_ken.__version__}, test/vectors/openflow/make_channel.py"
    json.dump({"made_by": made_by, "xid": XID, "messages": messages, "read": read}, out, indent=1)
    out.write("\n")
print(f"{len(messages)} messages")
