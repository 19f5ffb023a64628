// Every bound of the appliance, by name. A limit that is hit is answered with a catalogue error or counted, never silent.

export const LIMITS = {
  // http
  bodyBytes: 1 << 20,
  requestsInFlight: 10_000,
  shutdownGraceMs: 5_000,

  // accounts
  passwordBytes: 1_024,
  tokenLifetimeMs: 24 * 3_600_000,
  tokensPerUser: 1_000,
  failedLoginsPerMinute: 20,
  verifiedPasswordCacheMs: 60_000,
  verifiedPasswordCacheEntries: 1_024,

  // store
  storeBytes: 16 * 2 ** 30,
  recordBytes: 1 << 20,
  storeKeyBytes: 1_000,
  storeWritesWaiting: 10_000,
  storeWritesPerCommit: 1_000,

  // bonding: records and bodies of /api/v4
  bondingRecords: 100_000,
  legsPerBond: 16,
  interfacesPerNode: 256,
  formFields: 1_000,
  searchTerms: 16,
  orderingTerms: 16,

  // node channel
  nodeBodyBytes: 64 << 10,
  nodeReplyBytes: 256 << 10,
  nodeHellosPending: 1_000,
  nodeHelloSeconds: 30,
  nodeSessionsPerNode: 4,
  nodeSessionIdleSeconds: 120,
  nodeRefusalsPerMinute: 30,
  nodePollsWaiting: 5_000,
  nodePollSeconds: 25,
  nodeBackoffMs: 15_000,

  // openflow
  openflowSwitches: 1_024,
  /** Body of a flow request: some 40,000 flows. */
  openflowBodyBytes: 8 << 20,
  openflowPorts: 65_536,
  openflowMatchFields: 64,
  openflowActions: 512,
  openflowInstructions: 16,
  openflowBuckets: 512,
  openflowBands: 256,
  /** FLOW_MODs of one switch that wait for a barrier. */
  openflowChanges: 262_144,
  /** Multipart requests of one switch that wait for an answer. */
  openflowQueries: 4_096,
  /** Bytes that a switch has not taken yet, after which changes are refused. */
  openflowSendBytes: 32 << 20,
  openflowListingBytes: 256 << 20,

  // bond data plane
  /** A data plane that control started ends by itself when it has no bond and no control for this long. */
  dataplaneIdleEndMs: 60_000,
  dataplaneLineBytes: 16 << 20,
  dataplaneConnections: 16,
  dataplaneLogBytes: 8 << 20,
  bondsPerWorker: 256,

  // bgp
  bgpPeers: 1_024,
  /** Connections from configured peers whose OPEN has not come, and from strangers on their way out. */
  bgpConnectionsWaiting: 1_024,
  bgpPrefixesPerUpdate: 100_000,
  bgpPrefixesPerLookup: 10_000,
  /** Bytes of the messages that one body makes. */
  bgpEncodedBytes: 32 << 20,
  /** Bytes that wait for one peer's socket; above it sends are refused, at four times it the session is reset. */
  bgpWriteQueueBytes: 16 << 20,
  /** A record of an MRT file: a route of some thousand peers. */
  mrtRecordBytes: 16 << 20,
  /** Routes of one prefix in a record of a snapshot; more go into another record. */
  mrtRoutesPerRecord: 1_024,
  /** Bytes that wait for the disk, for each file of messages; what comes beyond them is dropped and counted. */
  bgpFeedQueueBytes: 32 << 20,
  bgpBmpStations: 8,
  /** Bytes that a BMP station has not taken yet; above it the connection is dropped. */
  bgpBmpQueueBytes: 64 << 20,
} as const;
