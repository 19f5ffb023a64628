// The body of a flow request: any bytes give a flow that can be packed, or an error of the catalogue.

import { flowsOf, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { parseBody } from "../../../src/api/openflow/view.js";
import { AppError } from "../../../src/base/errors.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { RecordWriter } from "../../../src/wasm/openflow_records.js";

const codec = new OpenFlowCodec(CODEC_TABLES);

export default {
  name: "openflow_flow_json",
  seeds: [
    '{"flow":{"priority":30000,"table_id":200,"match":[{"ipv4_src":"10.0.0.1"},{"eth_type":"ipv4"}],"instructions":[{"apply_actions":[{"output":1},{"set_field":{"vlan_vid":14}}]},{"write_metadata":"0x1","mask":"0x1"}]}}',
    '{"flows":[{"cookie":1234,"match":[{"ipv6_exthdr":{"auth":true}},{"eth_type":"ipv6"},{"oxm":"0x0001000400000001"}],"actions":[{"raw":"0x0012000800000000"}]}]}',
  ].map((text) => Buffer.from(text)),
  run(bytes: Uint8Array): void {
    const writer = new RecordWriter();
    try {
      for (const flow of flowsOf(parseBody(Buffer.from(bytes)))) writeFlow(writer, flow, "POST");
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return;
    }
    codec.packFlowMods(writer.take(), 1);
  },
};
