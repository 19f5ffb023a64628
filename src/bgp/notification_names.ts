// The texts of NOTIFICATION codes, as yabgp's records have them (RFC 4271 section 4.5, RFC 4486, RFC 6608, RFC 8538).

const ERRORS: Readonly<Record<number, string>> = {
  1: "Message Header Error",
  2: "OPEN Message Error",
  3: "UPDATE Message Error",
  4: "Hold Timer Expired",
  5: "Finite State Machine Error",
  6: "Cease",
  7: "ROUTE-REFRESH Message Error",
};

const SUB_ERRORS: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1: { 1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type" },
  2: {
    1: "Unsupported Version Number",
    2: "Bad Peer AS",
    3: "Bad BGP Identifier",
    4: "Unsupported Optional Parameter",
    6: "Unacceptable Hold Time",
    7: "Unsupported Capability",
    11: "Role Mismatch",
  },
  3: {
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
  },
  4: { 1: "Hold timer expired" },
  5: {
    1: "Unexpected message in OPENSENT",
    2: "Unexpected message in OPENCONFIRM",
    3: "Unexpected message in ESTABLISHED",
  },
  6: {
    1: "Maximum number of prefixes reached",
    2: "Administrative shutdown",
    3: "Peer reconfigured",
    4: "Administrative reset",
    5: "Connection reset",
    6: "Other configuration change",
    7: "Connection collision resolution",
    8: "Out of resources",
    9: "Hard reset",
  },
  7: { 1: "Invalid Message Length" },
};

/** A NOTIFICATION's code and subcode in words, null where there is none. */
export function notificationNames(code: number, subcode: number): { error: string | null; sub_error: string | null } {
  return { error: ERRORS[code] ?? null, sub_error: SUB_ERRORS[code]?.[subcode] ?? null };
}
