// What a 1.3 switch says, from the first byte: framing and every decoder; and FLOW_MODs, which it reads.

import { tableFeaturesView } from "../../../src/api/openflow/table_view.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { errorText } from "../../../src/openflow/error_codes.js";
import { unpackGroupDescriptions, unpackGroupMod } from "../../../src/openflow/groups.js";
import * as wire from "../../../src/openflow/messages.js";
import { unpackMeterConfigs } from "../../../src/openflow/meters.js";
import { etherType, readPacketIn } from "../../../src/openflow/packet_in.js";
import { readQueueConfig, unpackQueueStats } from "../../../src/openflow/queues.js";
import { unpackGroupStats, unpackMeterStats, unpackPortStats } from "../../../src/openflow/stats.js";
import { readAggregate, unpackTableFeatures, unpackTableStats } from "../../../src/openflow/tables.js";
import { CodecError, MESSAGE, multipartHeader, OpenFlowCodec, VERSION_1_3 } from "../../../src/wasm/openflow.js";
import { flowModHolds, flowRemovedHolds, flowStatsHold } from "../openflow_checks.js";
import { vectorsOf } from "../vectors.js";

const codec = new OpenFlowCodec(CODEC_TABLES);
const PACKET_IN_MATCH = 24;

const PARTS: Readonly<Record<number, (body: Buffer) => unknown>> = {
  [wire.MULTIPART.DESC]: (body) => wire.readDescription(body),
  [wire.MULTIPART.FLOW]: (body) => flowStatsHold(codec, body, VERSION_1_3),
  [wire.MULTIPART.GROUP_DESC]: (body) => unpackGroupDescriptions(body, codec),
  [wire.MULTIPART.METER_CONFIG]: (body) => unpackMeterConfigs(body),
  [wire.MULTIPART.PORT_STATS]: (body) => unpackPortStats(body),
  [wire.MULTIPART.GROUP_STATS]: (body) => unpackGroupStats(body),
  [wire.MULTIPART.METER_STATS]: (body) => unpackMeterStats(body),
  [wire.MULTIPART.AGGREGATE]: (body) => readAggregate(body),
  [wire.MULTIPART.TABLE]: (body) => unpackTableStats(body),
  [wire.MULTIPART.QUEUE]: (body) => unpackQueueStats(body),
  [wire.MULTIPART.TABLE_FEATURES]: (body) => unpackTableFeatures(body).map(tableFeaturesView),
};

const MESSAGES: Readonly<Record<number, (frame: Buffer) => unknown>> = {
  [MESSAGE.HELLO]: (frame) => wire.helloVersions(frame),
  [MESSAGE.ERROR]: (frame) => errorText(frame),
  [MESSAGE.FEATURES_REPLY]: (frame) => wire.readFeatures(frame),
  [MESSAGE.PORT_STATUS]: (frame) => wire.readPortStatus(frame),
  [MESSAGE.PACKET_IN]: (frame) => {
    etherType(readPacketIn(frame)?.data ?? frame);
    codec.unpackMatch(frame.subarray(PACKET_IN_MATCH));
  },
  [MESSAGE.FLOW_MOD]: (frame) => flowModHolds(codec, frame),
  [MESSAGE.GROUP_MOD]: (frame) => unpackGroupMod(frame, codec),
  [MESSAGE.FLOW_REMOVED]: (frame) => flowRemovedHolds(codec, frame),
  [MESSAGE.QUEUE_GET_CONFIG_REPLY]: (frame) => readQueueConfig(frame),
  [MESSAGE.MULTIPART_REPLY]: (frame) =>
    PARTS[wire.multipartType(frame)]?.(frame.subarray(multipartHeader(VERSION_1_3))),
};

/** A message with this body, as a seed. */
function seed(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.from(wire.message(type, 1, body));
}

/** Flows of the vectors as a switch lists them, and as it says that they are gone. */
function fromFlows(): Uint8Array[] {
  return vectorsOf("openflow/flows").flatMap((flow, i) => {
    const record = codec.unpackFlowMod(flow);
    const head = Buffer.from([0, wire.MULTIPART.FLOW, 0, 0, 0, 0, 0, 0]);
    const entries = [head, codec.packFlowStats(record), codec.packFlowStats(record)];
    const stats = seed(MESSAGE.MULTIPART_REPLY, Buffer.concat(entries));
    const packetIn = Buffer.concat([Buffer.alloc(16), flow.subarray(48)]);
    return [flow, stats, ...(i % 4 === 0 ? [codec.packFlowRemoved(record, 1), seed(MESSAGE.PACKET_IN, packetIn)] : [])];
  });
}

/** Multipart answers of zeros whose first lengths fit: what mutation makes of them goes deep. */
function fromParts(): Uint8Array[] {
  return Object.keys(PARTS).map((part) => {
    const body = Buffer.alloc(8 + 112);
    body.writeUInt16BE(Number(part), 0);
    body.writeUInt16BE(56, 8);
    body.writeUInt16BE(56, 12);
    return seed(MESSAGE.MULTIPART_REPLY, body);
  });
}

export default {
  name: "openflow_switch",
  seeds: [...vectorsOf("openflow/messages"), ...vectorsOf("openflow/tables"), ...fromFlows(), ...fromParts()],
  run(bytes: Uint8Array): void {
    const frames = codec.scan(null, bytes.subarray(0, codec.scanBytes));
    // Copies: decoders use the memory that the frames are in.
    const copies = Array.from({ length: frames }, (_, i) => Buffer.from(codec.frame(i)));
    for (const frame of copies) {
      if (frame[0] !== VERSION_1_3) continue;
      try {
        MESSAGES[frame[1] as number]?.(frame);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
    }
  },
};
