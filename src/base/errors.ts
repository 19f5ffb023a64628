// The error catalogue: every failure that a caller may see, with its text and HTTP status, one row each.
// A surface renders a row in its own form (src/api/*/problem.ts); nothing else writes error texts for readers.
// A text says what was wrong, where, and what is allowed. `{name}` is filled in from the error's details.

interface Row {
  readonly status: number;
  readonly text: string;
}

const rows = {
  // any surface
  INTERNAL: { status: 500, text: "internal error; the log has it under request {request}" },
  NOT_FOUND: { status: 404, text: "no resource at {path}" },
  METHOD_NOT_ALLOWED: { status: 405, text: "method {method} is not allowed here; allowed: {allow}" },
  UNAUTHENTICATED: { status: 401, text: "authentication credentials were not provided or are wrong" },
  LOGIN_LIMITED: { status: 429, text: "too many failed log-ins from {address}; try again in {seconds} s" },
  FORBIDDEN: { status: 403, text: "user {user} may not do this" },
  UPGRADE_REQUIRED: { status: 426, text: "{path} is a WebSocket; ask for it with Upgrade: websocket" },
  BODY_TOO_LARGE: { status: 413, text: "the body is over {limit} bytes" },
  BODY_NOT_JSON: { status: 400, text: "the body is not JSON: {reason}" },
  BODY_INVALID: { status: 400, text: "{path}: {reason}" },
  OVERLOADED: { status: 503, text: "{what} is full ({limit}); try again later" },
  SHUTTING_DOWN: { status: 503, text: "the appliance is shutting down" },
  UNAVAILABLE: { status: 503, text: "{what} is not available: {reason}" },
  TIMED_OUT: { status: 503, text: "{what} did not answer within {seconds} s" },

  // start-up: each is printed as one sentence and ends the process
  CONFIG: { status: 500, text: "{path}: {value} is not valid; allowed: {allowed}" },
  CONFIG_UNKNOWN: { status: 500, text: "{path}: unknown key; known here: {allowed}" },
  PORT_IN_USE: {
    status: 500,
    text: "{what} cannot listen on {address}: the port is in use; stop the other program or choose another with {option}",
  },
  PORT_DENIED: {
    status: 500,
    text: "{what} cannot listen on {address}: not permitted; run as root, grant CAP_NET_BIND_SERVICE, or choose another with {option}",
  },
  LISTEN_FAILED: { status: 500, text: "{what} cannot listen on {address}: {reason}" },
  PROGRAM_MISSING: {
    status: 503,
    text: "the program {program} is missing; install it with: apt-get install {package}",
  },
  STORE_LOCKED: {
    status: 500,
    text: "the data directory {path} is in use by another sennit (process {pid}); stop it or choose another with --data",
  },
  STORE_NEWER: {
    status: 500,
    text: "the data directory {path} was written by a newer sennit (schema {found}, this one knows {known}); nothing was changed",
  },
  STORE_DAMAGED: {
    status: 500,
    text: "the data directory {path} is damaged ({reason}); nothing was changed: restore a backup or move it away",
  },
  STORE_UNWRITABLE: { status: 500, text: "the data directory {path} cannot be written: {reason}" },
  DATAPLANE_RUNNING: {
    status: 500,
    text: "the data plane of {path} is running already (process {pid}); stop it or choose another directory with --data",
  },
  DATAPLANE_PATH: {
    status: 500,
    text: "the data directory {path} is too long for a Unix socket; choose one of at most {limit} bytes with --data",
  },
  STORE_FULL: { status: 507, text: "the write was not made: no room left in {path}" },
  STORE_FAILED: { status: 500, text: "the write to {path} was not made: {reason}" },
  RECORD_TOO_LARGE: { status: 413, text: "a record of {table} takes {bytes} bytes; the limit is {limit}" },
  KEY_TOO_LONG: { status: 413, text: "a key of {table} takes {bytes} bytes; the limit is {limit}" },

  // openflow
  DATAPATH_NOT_FOUND: { status: 404, text: "No such device: {dpid}" },
  FLOW_NOT_FOUND: { status: 404, text: "No such flow: {which}" },
  GROUP_NOT_FOUND: { status: 404, text: "No such group: {id}" },
  METER_NOT_FOUND: { status: 404, text: "No such meter: {id}" },
  PORT_NOT_FOUND: { status: 404, text: "No such port: {id}" },
  CLUSTER_NOT_FOUND: { status: 404, text: "No such cluster: {uid}" },
  PATH_NOT_FOUND: { status: 404, text: "No path from {src} to {dst}" },
  OPENFLOW_JSON: { status: 400, text: "Invalid JSON format: {reason}" },
  OPENFLOW_VALUE: { status: 400, text: "{reason}" },
  OPENFLOW_VERSION: {
    status: 400,
    text: "version {given} is not what this datapath speaks; it has negotiated version {version}",
  },
  /** Clients take the version that is needed from the text's end. */
  OPENFLOW_BEFORE_1_3: { status: 400, text: "{what}: Not supported before version 1.3" },
  OPENFLOW_NO_METERS: { status: 404, text: "No such resource: {what}; OpenFlow 1.0 has no meters" },
  OPENFLOW_REFUSED: { status: 500, text: "{text}" },
  OPENFLOW_NOT_KEPT: {
    status: 507,
    text: "the switch has made the change, but it is not kept and a restart of the switch undoes it: {reason}",
  },

  // bgp: the texts are yabgp's where it has one, since its clients compare them
  BGP_PEER_UNKNOWN: { status: 404, text: "no BGP peer {address}" },
  BGP_PEER_EXISTS: { status: 409, text: "there is a BGP peer {address} already" },
  BGP_PEER_FIXED: { status: 409, text: "peer {address} is from the configuration file; change it there" },
  BGP_POLICY_UNKNOWN: { status: 404, text: "no policy {name}" },
  BGP_POLICY_FIXED: { status: 409, text: "policy {name} is from the configuration file; change it there" },
  BGP_POLICY_USED: { status: 409, text: "policy {name} is used by {peer}" },
  BGP_PEER_STATE: { status: 409, text: "Please check the peer's state" },
  BGP_POST_DATA: { status: 400, text: "please check your post data" },
  BGP_SEND_FAILED: { status: 400, text: "failed when send this message out" },
  BGP_FAMILY_UNSUPPORTED: { status: 400, text: "address family unsupported, afi={afi},safi={safi}" },
  BGP_ALREADY_ESTABLISHED: { status: 409, text: "peer already established" },
  BGP_IDLE_HOLD: { status: 409, text: "Idle Hold, please wait" },
  BGP_ACTION: { status: 400, text: " please check action in url" },
  BGP_HEX_ODD: { status: 400, text: "please input even length string" },
  BGP_HEX_EMPTY: { status: 400, text: "please input some string" },
  BGP_FIB_DENIED: {
    status: 500,
    text: "bgp.fib.enabled: routes cannot be put into the kernel: not permitted; run as root or grant CAP_NET_ADMIN",
  },
  BGP_LOOKUP: { status: 400, text: "cannot look this up: {reason}" },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof rows;
export type ErrorDetails = Readonly<Record<string, string | number>>;

/** An error whose text is meant for the reader. Everything else that is thrown is a defect and shows as INTERNAL. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(rows[code].text.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? "?")));
    this.name = "AppError";
    this.code = code;
    this.status = rows[code].status;
    this.details = details;
  }
}

/** Turns whatever was thrown into text for a log line or for `{reason}`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The listening failure that `code` (EADDRINUSE, EACCES, …) stands for. */
export function listenError(code: string | undefined, what: string, address: string, option: string): AppError {
  if (code === "EADDRINUSE") return new AppError("PORT_IN_USE", { what, address, option });
  if (code === "EACCES" || code === "EPERM") return new AppError("PORT_DENIED", { what, address, option });
  return new AppError("LISTEN_FAILED", { what, address, reason: code ?? "unknown" });
}
