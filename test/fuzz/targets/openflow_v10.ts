// OpenFlow 1.0 in both directions: what a switch says, from the first byte, and flows that an operator sends.

import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { errorText } from "../../../src/openflow/error_codes.js";
import * as wire from "../../../src/openflow/messages.js";
import { etherType, readPacketIn } from "../../../src/openflow/packet_in.js";
import { readQueueConfig, unpackQueueStats } from "../../../src/openflow/queues.js";
import { unpackPortStats } from "../../../src/openflow/stats.js";
import { readAggregate, unpackTableStats } from "../../../src/openflow/tables.js";
import { CodecError, MESSAGE, multipartHeader, OpenFlowCodec, VERSION_1_0 } from "../../../src/wasm/openflow.js";
import { flowJsonHolds, flowModHolds, flowRemovedHolds, flowStatsHold } from "../openflow_checks.js";
import { structuredFlow, structuredSeeds } from "../structured_flow.js";
import { vectorsOf } from "../vectors.js";

const codec = new OpenFlowCodec(CODEC_TABLES);
/** First byte of an input that stands for a flow in JSON; no message begins with it. */
const JSON_FLOW = 0;

function readStats(frame: Buffer): void {
  const body = frame.subarray(multipartHeader(VERSION_1_0));
  const part = wire.multipartType(frame);
  if (part === wire.MULTIPART.DESC) wire.readDescription(body);
  if (part === wire.MULTIPART.FLOW) flowStatsHold(codec, body, VERSION_1_0);
  if (part === wire.MULTIPART.PORT_STATS) unpackPortStats(body, VERSION_1_0);
  if (part === wire.MULTIPART.AGGREGATE) readAggregate(body);
  if (part === wire.MULTIPART.TABLE) unpackTableStats(body, VERSION_1_0);
  if (part === wire.MULTIPART.QUEUE) unpackQueueStats(body, VERSION_1_0);
}

function read(type: number, frame: Buffer): void {
  if (type === MESSAGE.HELLO) wire.helloVersions(frame);
  if (type === MESSAGE.ERROR) errorText(frame);
  if (type === MESSAGE.FEATURES_REPLY) {
    wire.readFeatures(frame);
    wire.readFeaturesPorts(frame);
  }
  if (type === MESSAGE.PORT_STATUS) wire.readPortStatus(frame);
  if (type === MESSAGE.PACKET_IN) etherType(readPacketIn(frame)?.data ?? frame);
  if (type === MESSAGE.FLOW_MOD) flowModHolds(codec, frame);
  if (type === MESSAGE.FLOW_REMOVED) flowRemovedHolds(codec, frame);
  if (type === MESSAGE.QUEUE_GET_CONFIG_REPLY) readQueueConfig(frame);
  if (type === MESSAGE.MULTIPART_REPLY) readStats(frame);
}

export default {
  name: "openflow_v10",
  seeds: [...vectorsOf("openflow/v10"), ...structuredSeeds(JSON_FLOW)],
  run(bytes: Uint8Array): void {
    if (bytes[0] === JSON_FLOW) {
      flowJsonHolds(codec, structuredFlow(bytes, 2), bytes[1] ?? 0, VERSION_1_0);
      return;
    }
    const frames = codec.scan(null, bytes.subarray(0, codec.scanBytes));
    // Copies: decoders use the memory that the frames are in.
    const copies = Array.from({ length: frames }, (_, i) => ({
      type: codec.frameType(i),
      frame: Buffer.from(codec.frame(i)),
    }));
    for (const { type, frame } of copies) {
      if (frame[0] !== VERSION_1_0) continue;
      try {
        read(type, frame);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
    }
  },
};
