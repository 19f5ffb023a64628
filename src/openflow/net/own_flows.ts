// The flows that topology needs in a switch, put there as the controller's own: probes come to it, and nowhere else.

import { OWN_COOKIE } from "../../wasm/openflow_learn.js";
import { ANY, NO_BUFFER, RecordWriter } from "../../wasm/openflow_records.js";
import { ETHER_TYPE } from "./packets/ethernet.js";

/** Above what operators and the switch's own forwarding have, so that no bridge passes a probe on. */
const PRIORITY = 60_000;
const ADD = 0;
const SEND_FLOW_REM = 1;
const FIELD_ETH_TYPE = 5;
const APPLY_ACTIONS = 4;
const OUTPUT = 0;
const CONTROLLER = 0xfffffffd;
/** OFPCML_NO_BUFFER: the whole packet. */
const WHOLE = 0xffff;

export interface FlowRecords {
  readonly records: Uint8Array;
  readonly count: number;
}

/** Where a FLOW_REMOVED has its cookie (spec §7.4.2; 1.0 §5.4.3). */
const COOKIE_AT = 8;
const COOKIE_AT_1_0 = 48;

/** True when a FLOW_REMOVED tells of a flow of the controller's own. */
export function isOwnRemoved(message: Uint8Array): boolean {
  const at = message[0] === 1 ? COOKIE_AT_1_0 : COOKIE_AT;
  if (message.length < at + 8 || message[at] !== 0xff || message[at + 1] !== 0xff) return false;
  for (let i = 2; i < 8; i++) if (message[at + i] !== 0) return false;
  return true;
}

/** Records of the flows that send LLDP and BDDP to the controller. */
export function probeFlows(): FlowRecords {
  const writer = new RecordWriter();
  for (const type of [ETHER_TYPE.LLDP, ETHER_TYPE.BDDP]) {
    writer.begin({
      table: 0,
      command: ADD,
      priority: PRIORITY,
      idleTimeout: 0,
      hardTimeout: 0,
      flags: SEND_FLOW_REM,
      cookie: OWN_COOKIE,
      cookieMask: 0n,
      bufferId: NO_BUFFER,
      outPort: ANY,
      outGroup: ANY,
    });
    writer.match(FIELD_ETH_TYPE, Uint8Array.of(type >> 8, type & 0xff), null);
    writer.instruction(APPLY_ACTIONS);
    writer.output(OUTPUT, CONTROLLER, WHOLE);
    writer.end();
  }
  const { count } = writer;
  return { records: writer.take(), count };
}
