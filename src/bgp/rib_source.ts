// What dumps need of the RIB: MRT snapshots, and what a BMP station is told when it connects. The speaker supplies it.

export interface DumpedPeer {
  /** "" for routes of our own. */
  readonly address: string;
  readonly as: number;
  /** BGP identifier as a number. */
  readonly id: number;
}

export interface DumpedRoute {
  /** Address of the peer that announced it, "" for our own. */
  readonly peer: string;
  /** Index in FAMILIES. */
  readonly family: number;
  /** One NLRI as on the wire, without path identifier. */
  readonly nlri: Uint8Array;
  /** 0 when the peer sends none. */
  readonly pathId: number;
  /**
   * The attribute set: whole attributes, AS numbers with four octets. Where the next hop is not in NEXT_HOP, it begins
   * with an MP_REACH_NLRI that is cut off behind the next hop: flags 0x80, 14, length, AFI, SAFI, hop's length, hop.
   */
  readonly attributes: Uint8Array;
  /** Seconds since 1970, 0 when unknown. */
  readonly received: number;
}

export interface RibSource {
  /** All peers that may have routes. */
  peers(): readonly DumpedPeer[];
  /**
   * Adj-RIB-In before policy: of one peer, or of all (null) with the routes of a prefix one after another. Batches are
   * of bounded size, their routes valid until the next is asked for; each shows the table as it is at that moment.
   */
  routes(peer: string | null): AsyncIterable<readonly DumpedRoute[]>;
}
