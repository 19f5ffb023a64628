// THE table of MRT record types and subtypes (RFC 6396, RFC 8050) that are read and written here.

/** Record types (RFC 6396 §4). */
export const MRT = { tableDump: 12, tableDumpV2: 13, bgp4mp: 16, bgp4mpEt: 17 } as const;

/** Bytes of a record's header: time, type, subtype, length (RFC 6396 §2). */
export const MRT_HEADER = 12;

/** Subtypes that are written, by name. */
export const SUBTYPE = {
  peerIndexTable: 1,
  ribGeneric: 6,
  ribGenericAddPath: 12,
  stateChangeAs4: 5,
  messageAs4: 4,
  messageAs4Local: 7,
  messageAs4AddPath: 9,
  messageAs4LocalAddPath: 11,
} as const;

interface MessageKind {
  readonly state: boolean;
  readonly asBytes: 2 | 4;
  readonly local: boolean;
  readonly addPath: boolean;
}

const message = (asBytes: 2 | 4, local: boolean, addPath: boolean): MessageKind => ({
  state: false,
  asBytes,
  local,
  addPath,
});

/** Subtypes of BGP4MP and BGP4MP_ET (RFC 6396 §4.4, RFC 8050 §4). */
export const MESSAGE_KINDS: Readonly<Record<number, MessageKind>> = {
  0: { state: true, asBytes: 2, local: false, addPath: false },
  1: message(2, false, false),
  4: message(4, false, false),
  5: { state: true, asBytes: 4, local: false, addPath: false },
  6: message(2, true, false),
  7: message(4, true, false),
  8: message(2, false, true),
  9: message(4, false, true),
  10: message(2, true, true),
  11: message(4, true, true),
};

interface RibKind {
  /** 0 of a generic record: AFI and SAFI stand in it. */
  readonly afi: number;
  readonly safi: number;
  readonly addPath: boolean;
}

/** Subtypes of TABLE_DUMP_V2 with routes (RFC 6396 §4.3.2 and §4.3.3, RFC 8050 §4). */
export const RIB_KINDS: Readonly<Record<number, RibKind>> = {
  2: { afi: 1, safi: 1, addPath: false },
  3: { afi: 1, safi: 2, addPath: false },
  4: { afi: 2, safi: 1, addPath: false },
  5: { afi: 2, safi: 2, addPath: false },
  6: { afi: 0, safi: 0, addPath: false },
  8: { afi: 1, safi: 1, addPath: true },
  9: { afi: 1, safi: 2, addPath: true },
  10: { afi: 2, safi: 1, addPath: true },
  11: { afi: 2, safi: 2, addPath: true },
  12: { afi: 0, safi: 0, addPath: true },
};

/** The subtype of a family's routes: its own, or the generic one. */
export function ribSubtype(afi: number, safi: number, addPath: boolean): number {
  for (const [subtype, kind] of Object.entries(RIB_KINDS)) {
    if (kind.afi === afi && kind.safi === safi && kind.addPath === addPath) return Number(subtype);
  }
  return addPath ? SUBTYPE.ribGenericAddPath : SUBTYPE.ribGeneric;
}
