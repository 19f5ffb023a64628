#!/usr/bin/python3
"""Makes OpenFlow 1.3 vectors of tables and queues with os-ken (Debian package python3-os-ken), an implementation by others.

    /usr/bin/python3 test/vectors/openflow/make_tables.py

Requests and table features are os-ken's bytes. Other replies, which it does not write, are by hand; what they mean is os-ken's
reading of them.
"""
import json
import os
import struct

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


def message(type_, body):
    return struct.pack("!BBHI", ofp.OFP_VERSION, type_, 8 + len(body), XID) + body


def multipart(type_, body):
    return message(ofp.OFPT_MULTIPART_REPLY, struct.pack("!HH4x", type_, 0) + body)


def read(data):
    version, type_, length, xid = struct.unpack_from("!BBHI", data)
    return parser.msg_parser(dp, version, type_, length, xid, data)


def request_vectors():
    match = parser.OFPMatch(eth_type=0x0800, ipv4_dst=("10.0.0.0", "255.0.0.0"))
    yield "aggregate_request", wire(parser.OFPAggregateStatsRequest(dp, 0, 200, ofp.OFPP_ANY, ofp.OFPG_ANY, 0x1234,
                                                                   0xFFFFFFFFFFFFFFFF, match))
    yield "table_stats_request", wire(parser.OFPTableStatsRequest(dp, 0))
    yield "queue_stats_request", wire(parser.OFPQueueStatsRequest(dp, 0, 3, 9))
    yield "queue_stats_request_all", wire(parser.OFPQueueStatsRequest(dp, 0, ofp.OFPP_ANY, ofp.OFPQ_ALL))
    yield "table_features_request", wire(parser.OFPTableFeaturesStatsRequest(dp, 0, []))
    yield "queue_get_config_request", wire(parser.OFPQueueGetConfigRequest(dp, 3))


def features():
    ids = [parser.OFPOxmId("in_port"), parser.OFPOxmId("eth_dst", hasmask=True), parser.OFPOxmId("ipv4_src", hasmask=True)]
    for number in range(2):
        yield parser.OFPTableFeaturesStats(
            table_id=number, name=b"table%d" % number, metadata_match=2**64 - 1, metadata_write=0xFF, config=3,
            max_entries=1000 + number, properties=[
                parser.OFPTableFeaturePropInstructions(ofp.OFPTFPT_INSTRUCTIONS,
                                                       instruction_ids=[parser.OFPInstructionId(1), parser.OFPInstructionId(4)]),
                parser.OFPTableFeaturePropNextTables(ofp.OFPTFPT_NEXT_TABLES, table_ids=list(range(number + 1, 5))),
                parser.OFPTableFeaturePropActions(ofp.OFPTFPT_APPLY_ACTIONS_MISS,
                                                  action_ids=[parser.OFPActionId(0), parser.OFPActionId(25)]),
                parser.OFPTableFeaturePropOxm(ofp.OFPTFPT_MATCH, oxm_ids=ids),
                parser.OFPTableFeaturePropOxm(ofp.OFPTFPT_WRITE_SETFIELD, oxm_ids=ids[:1]),
            ])


def property_says(p):
    ids = {"instruction_ids": lambda i: i.type, "table_ids": lambda i: i, "action_ids": lambda i: i.type,
           "oxm_ids": lambda i: i.type}
    key = next(k for k in ids if hasattr(p, k))
    masked = [i.type for i in p.oxm_ids if i.hasmask] if key == "oxm_ids" else []
    return dict(type=p.type, ids=[ids[key](i) for i in getattr(p, key)], masked=masked)


def reply_vectors():
    """What a switch says, with os-ken's reading of it."""
    data = multipart(ofp.OFPMP_AGGREGATE, struct.pack("!QQI4x", 5, 2**40, 3))
    m = read(data).body
    yield "aggregate_reply", data, dict(packets=m.packet_count, bytes=m.byte_count, flows=m.flow_count)
    data = multipart(ofp.OFPMP_TABLE, b"".join(struct.pack("!B3xIQQ", n, n + 1, 50 + n, 40 + n) for n in (0, 254)))
    yield "table_stats_reply", data, [dict(id=m.table_id, active=m.active_count, lookups=m.lookup_count,
                                           matched=m.matched_count) for m in read(data).body]
    data = multipart(ofp.OFPMP_QUEUE, b"".join(struct.pack("!IIQQQII", n, n + 1, 100, 10, 1, 7, 8) for n in (3, ofp.OFPP_LOCAL)))
    yield "queue_stats_reply", data, [dict(port=m.port_no, queue=m.queue_id, bytes=m.tx_bytes, packets=m.tx_packets,
                                           errors=m.tx_errors, seconds=m.duration_sec, nanoseconds=m.duration_nsec)
                                      for m in read(data).body]
    data = multipart(ofp.OFPMP_TABLE_FEATURES, b"".join(bytes(f.serialize()) for f in features()))
    yield "table_features_reply", data, [dict(
        id=m.table_id, name=m.name.decode(), metadataMatch=str(m.metadata_match), metadataWrite=str(m.metadata_write),
        config=m.config, maxEntries=m.max_entries, properties=[property_says(p) for p in m.properties]) for m in read(data).body]
    queues = struct.pack("!IIH6xHH4xH6xHH4xH6x", 7, 3, 48, ofp.OFPQT_MIN_RATE, 16, 500, ofp.OFPQT_MAX_RATE, 16, 900)
    data = message(ofp.OFPT_QUEUE_GET_CONFIG_REPLY, struct.pack("!I4x", 3) + queues + struct.pack("!IIH6x", 8, 3, 16))
    m = read(data)
    yield "queue_get_config_reply", data, dict(port=m.port, queues=[dict(
        queue=q.queue_id, minRate=next((p.rate for p in q.properties if p.property == ofp.OFPQT_MIN_RATE), None),
        maxRate=next((p.rate for p in q.properties if p.property == ofp.OFPQT_MAX_RATE), None)) for q in m.queues])


made_by = f"os-ken {os_ken.__version__ if hasattr(os_ken, '__version__') else '2.5.0'}, test/vectors/openflow/make_tables.py"
replies = {name: {"hex": data.hex(), "says": says} for name, data, says in reply_vectors()}
with open(os.path.join(HERE, "tables.json"), "w") as out:
    json.dump({"made_by": made_by, "xid": XID, "messages": dict(request_vectors()), "replies": replies}, out, indent=1)
    out.write("\n")
