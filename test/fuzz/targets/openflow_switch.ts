// What a switch sends, from the first byte: framing and every decoder.

import { printFlow } from "../../../src/api/openflow/flow_view.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { errorText } from "../../../src/openflow/error_codes.js";
import { unpackGroupDescriptions } from "../../../src/openflow/groups.js";
import * as wire from "../../../src/openflow/messages.js";
import { unpackMeterConfigs } from "../../../src/openflow/meters.js";
import { CodecError, MESSAGE, multipartHeader, OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { RecordReader } from "../../../src/wasm/openflow_records.js";

const codec = new OpenFlowCodec(CODEC_TABLES);

function read(type: number, frame: Buffer): void {
  if (type === MESSAGE.HELLO) wire.helloVersions(frame);
  if (type === MESSAGE.ERROR) errorText(frame);
  if (type === MESSAGE.FEATURES_REPLY) wire.readFeatures(frame);
  if (type === MESSAGE.PORT_STATUS) wire.readPortStatus(frame);
  if (type === MESSAGE.FLOW_REMOVED) codec.unpackFlowRemoved(frame);
  if (type !== MESSAGE.MULTIPART_REPLY) return;
  const body = frame.subarray(multipartHeader(frame[0] as number));
  const part = wire.multipartType(frame);
  if (part === wire.MULTIPART.DESC) wire.readDescription(body);
  if (part === wire.MULTIPART.GROUP_DESC) unpackGroupDescriptions(body, codec);
  if (part === wire.MULTIPART.METER_CONFIG) unpackMeterConfigs(body);
  if (part !== wire.MULTIPART.FLOW) return;
  const reader = new RecordReader(codec.unpackFlowStats(body));
  while (reader.next()) JSON.parse(printFlow(reader));
}

export default {
  name: "openflow_switch",
  seeds: [
    "0400001000000001000100080000001 0".replace(" ", ""),
    `0413${"0050"}00000001000100000000000000${"38".repeat(1)}`,
  ].map((hex) => Buffer.from(hex, "hex")),
  run(bytes: Uint8Array): void {
    const frames = codec.scan(null, bytes.subarray(0, codec.scanBytes));
    // Copies: decoders use the memory that the frames are in.
    const copies = Array.from({ length: frames }, (_, i) => Buffer.from(codec.frame(i)));
    for (const frame of copies) {
      if (frame[0] !== 4) continue;
      try {
        read(frame[1] as number, frame);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
    }
  },
};
