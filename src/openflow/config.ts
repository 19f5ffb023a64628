// What the OpenFlow room can be told. src/serve.ts fills it from the TOML file, the environment and the flags.

import { PACKET_DEFAULTS, type PacketConfig } from "./packet_config.js";
import type { RoleName } from "./roles.js";
import type { TlsConfig } from "./tls_config.js";

export interface OpenFlowConfig {
  /** Where switches connect; null = off. Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** Where switches connect with TLS; null = off. */
  readonly tls: TlsConfig | null;
  /** A switch that has not finished its handshake after this is disconnected. */
  readonly handshakeSeconds: number;
  /** After this much silence an ECHO_REQUEST is sent. */
  readonly echoSeconds: number;
  /** After this much silence the connection is given up. */
  readonly deadSeconds: number;
  /** How long a switch may take for a change or for the next part of an answer. */
  readonly requestSeconds: number;
  /** Between two probes of a port; 0: links are not looked for, and no flows of the controller's own are installed. */
  readonly discoverySeconds: number;
  /** How long a host is known after it was last heard; 0: hosts are not learnt. */
  readonly nodeSeconds: number;
  /** The role that is claimed from each switch; equal is what a switch gives by itself. */
  readonly role: RoleName;
  /** What a reconciliation does with flows, groups and meters that a switch has and nobody keeps. */
  readonly foreign: "keep" | "delete";
  readonly packets: PacketConfig;
}

export const OPENFLOW_DEFAULTS: OpenFlowConfig = {
  listen: { host: "0.0.0.0", port: 6653 },
  tls: null,
  handshakeSeconds: 10,
  echoSeconds: 5,
  deadSeconds: 15,
  requestSeconds: 10,
  discoverySeconds: 5,
  nodeSeconds: 600,
  role: "equal",
  foreign: "keep",
  packets: PACKET_DEFAULTS,
};
