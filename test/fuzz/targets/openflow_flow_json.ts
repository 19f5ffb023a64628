// A flow request: text that may be no JSON, and flows of any fields and values, give flows that can be packed, or an error of
// the catalogue.

import { flowsOf } from "../../../src/api/openflow/flow_view.js";
import { parseBody } from "../../../src/api/openflow/view.js";
import { AppError } from "../../../src/base/errors.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { OpenFlowCodec, VERSION_1_3 } from "../../../src/wasm/openflow.js";
import { flowJsonHolds } from "../openflow_checks.js";
import { structuredFlow, structuredSeeds } from "../structured_flow.js";

const codec = new OpenFlowCodec(CODEC_TABLES);
const TEXT = "{".charCodeAt(0);

function flowsIn(bytes: Uint8Array): readonly unknown[] {
  if (bytes[0] !== TEXT) return [structuredFlow(bytes, 1)];
  try {
    return flowsOf(parseBody(Buffer.from(bytes)));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [];
  }
}

export default {
  name: "openflow_flow_json",
  seeds: [
    '{"flow":{"priority":30000,"table_id":200,"match":[{"ipv4_src":"10.0.0.1"},{"eth_type":"ipv4"}],"instructions":[{"apply_actions":[{"output":1},{"set_field":{"vlan_vid":14}}]},{"write_metadata":"0x1","mask":"0x1"}]}}',
    '{"flows":[{"cookie":1234,"match":[{"ipv6_exthdr":{"auth":true}},{"eth_type":"ipv6"},{"oxm":"0x0001000400000001"}],"actions":[{"raw":"0x0012000800000000"}]}]}',
  ]
    .map((text): Uint8Array => Buffer.from(text))
    .concat(structuredSeeds(0)),
  run(bytes: Uint8Array): void {
    for (const flow of flowsIn(bytes)) flowJsonHolds(codec, flow, bytes[0] ?? 0, VERSION_1_3);
  },
};
