// THE table of NOTIFICATION codes and subcodes in words: yabgp's, completed for codes of later RFCs.

interface Row {
  readonly text: string;
  readonly sub: Readonly<Record<number, string>>;
}

const ROWS: Readonly<Record<number, Row>> = {
  1: {
    text: "Message Header Error",
    sub: { 1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type" },
  },
  2: {
    text: "OPEN Message Error",
    sub: {
      1: "Unsupported Version Number",
      2: "Bad Peer AS",
      3: "Bad BGP Identifier",
      4: "Unsupported Optional Parameter",
      6: "Unacceptable Hold Time",
      7: "Unsupported Capability",
      8: "NULL",
      // RFC 9234 §4.2
      11: "Role Mismatch",
    },
  },
  3: {
    text: "UPDATE Message Error",
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
  4: { text: "Hold Timer Expired", sub: { 1: "Hold timer expired" } },
  5: {
    text: "Finite State Machine Error",
    // RFC 6608 §3
    sub: {
      1: "FSM error",
      2: "Receive Unexpected Message in OpenConfirm State",
      3: "Receive Unexpected Message in Established State",
    },
  },
  6: {
    text: "Cease",
    sub: {
      1: "Maximum number of prefixes reached",
      2: "Administrative shutdown",
      3: "Peer reconfigured",
      4: "Administrative reset",
      5: "Connection reset",
      6: "Other configuration change",
      7: "Connection collision resolution",
      8: "Out of resources",
      // RFC 8538 §3, RFC 9384 §3
      9: "Hard Reset",
      10: "BFD Down",
    },
  },
  7: {
    text: "CAPABILITY Message Error",
    // Of the route refresh with demarcation (RFC 7313 §5), which has this code now.
    sub: { 1: "Invalid Message Length" },
  },
};

/** The words of a code and of its subcode, null where there are none. */
export function errorTexts(code: number, subcode: number): { error: string | null; subError: string | null } {
  const row = ROWS[code];
  return { error: row?.text ?? null, subError: row?.sub[subcode] ?? null };
}
