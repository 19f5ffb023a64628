// NOTIFICATION codes and subcodes in words, for states, events, logs and message files (RFC 4271 §4.5, RFC 4486, RFC 6608,
// RFC 7313, RFC 8538, RFC 9234, RFC 9384, RFC 9687).

interface Row {
  readonly error: string;
  readonly sub: Readonly<Record<number, string>>;
}

/** THE error table: yabgp's names (it has the codes 1 to 7), then those of later RFCs. */
const ROWS: Readonly<Record<number, Row>> = {
  1: {
    error: "Message Header Error",
    sub: { 1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type" },
  },
  2: {
    error: "OPEN Message Error",
    sub: {
      1: "Unsupported Version Number",
      2: "Bad Peer AS",
      3: "Bad BGP Identifier",
      4: "Unsupported Optional Parameter",
      6: "Unacceptable Hold Time",
      7: "Unsupported Capability",
      8: "NULL",
      11: "Role Mismatch",
    },
  },
  3: {
    error: "UPDATE Message Error",
    sub: {
      1: "Malformed Attribute List",
      2: "Unrecognized Well-known Attribute",
      3: "Missing Well-known Attribute",
      4: "Attribute Flags Error",
      5: "Attribute Length Error",
      6: "Invalid ORIGIN Attribute",
      8: "Invalid NEXT_HOP Attribute",
      9: "Optional Attribute Error",
      10: "Invalid Network Field",
      11: "Malformed AS_PATH",
      12: "NULL",
    },
  },
  4: { error: "Hold Timer Expired", sub: { 1: "Hold timer expired" } },
  5: {
    error: "Finite State Machine Error",
    sub: {
      1: "Receive Unexpected Message in OpenSent State",
      2: "Receive Unexpected Message in OpenConfirm State",
      3: "Receive Unexpected Message in Established State",
    },
  },
  6: {
    error: "Cease",
    sub: {
      1: "Maximum number of prefixes reached",
      2: "Administrative shutdown",
      3: "Peer reconfigured",
      4: "Administrative reset",
      5: "Connection reset",
      6: "Other configuration change",
      7: "Connection collision resolution",
      8: "Out of resources",
      9: "Hard Reset",
      10: "BFD Down",
    },
  },
  7: { error: "ROUTE-REFRESH Message Error", sub: { 1: "Invalid Message Length" } },
  8: { error: "Send Hold Timer Expired", sub: {} },
};

/** The words of a code and of its subcode, null where there are none. */
export function errorTexts(code: number, subcode: number): { error: string | null; sub_error: string | null } {
  const row = ROWS[code];
  return { error: row?.error ?? null, sub_error: row?.sub[subcode] ?? null };
}
