// What topology knows of, as it goes from the worker to the control thread and to listeners.

export interface Link {
  /** 16 hex digits each. */
  readonly srcDpid: string;
  readonly srcPort: number;
  readonly dstDpid: string;
  readonly dstPort: number;
  /** LLDP came through, which no bridge passes on; else BDDP alone did, over switches of others. */
  direct: boolean;
  /** Epoch ms: when it was found, and when it was last seen. */
  readonly madeAt: number;
  seenAt: number;
}

export interface Node {
  readonly ip: string;
  readonly mac: string;
  /** 0: no VLAN. */
  readonly vid: number;
  /** 16 hex digits. */
  readonly dpid: string;
  readonly port: number;
}

export interface Arp {
  readonly ip: string;
  readonly mac: string;
  readonly vid: number;
}

/** What a listing is narrowed to; what is left out does not matter. */
export interface NodeFilter {
  readonly ip?: string;
  readonly mac?: string;
  readonly vid?: number;
  readonly dpid?: string;
  readonly port?: number;
}
