// Every bound of the appliance, by name. A limit that is hit is answered with a catalogue error or counted, never silent.

export const LIMITS = {
  // http
  bodyBytes: 1 << 20,
  requestsInFlight: 10_000,
  shutdownGraceMs: 5_000,
  socketClients: 256,
  socketMessageBytes: 16 << 10,
  /** Bytes that a WebSocket client has not taken yet, after which it misses events. */
  eventQueueBytes: 4 << 20,

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
  /** Bytes of flow changes that switches have taken and that the store has not; more wait before they are sent. */
  openflowKeepBytes: 64 << 20,
  /** Errors that one reconciliation remembers; more are only counted. */
  openflowReconcileErrors: 32,
  /** Messages of one switch after which the others have their turn. */
  openflowFramesPerTurn: 2_048,
  /** Bytes that a switch has not taken yet, after which its PACKET_INs are not answered. */
  openflowAnswerBytes: 1 << 20,
  /** A packet that is sent on an operator's behalf: a PACKET_OUT with its actions is at most 65,535 bytes. */
  openflowPacketOutBytes: 65_000,

  // openflow: topology
  netLinks: 65_536,
  /** Addresses of hosts, and stations that have them. */
  netNodes: 65_536,
  netStationsPerPort: 4_096,
  netAddressesPerStation: 64,
  /** IP packets between two ticks (250 ms) that tell of hosts; those beyond are not looked at. ARP is always. */
  netIpPackets: 500,
  /** Switches with ports that take no part in discovery. */
  netSuppressed: 4_096,

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
  /** Events that the worker has rendered and control has not taken. */
  eventsPending: 10_000,
  /** Routes in one answer of REST, and in one answer of the worker for it. */
  bgpRoutesPerPage: 10_000,
  bgpRoutesPerCall: 200,
  /** Routes that the looking glass looks at for one answer, and answers of that kind at once. */
  lookingGlassRoutes: 2_000_000,
  lookingGlassListings: 8,
  /** Bytes of the messages that one body makes. */
  bgpEncodedBytes: 32 << 20,
  /** Bytes that wait for one peer's socket; above it sends are refused, at four times it the session is reset. */
  bgpWriteQueueBytes: 16 << 20,

  // bgp policies
  bgpPolicies: 256,
  bgpPolicyRules: 1_000,
  /** Prefixes, AS numbers and communities of one policy. */
  bgpPolicyEntries: 200_000,
  /** Patterns with wildcards in one list: each is tried on each community. */
  bgpPolicyWildcards: 256,
  /** Communities that a rule adds to one attribute, or asks for all of: each is compared with each of the route's. */
  bgpPolicyListed: 256,
  /** Conditions within `not` within `not`. */
  bgpPolicyDepth: 8,
  bgpPolicyExpressionChars: 256,
  /** States of a regular expression, before and after they are made deterministic. */
  bgpPolicyStates: 1_024,
  bgpPolicyPrepends: 255,

  // bgp: origin validation
  rpkiVrpsPerCache: 4_000_000,
  /** How long a cache may take to connect, to answer, and for each next piece of an answer. */
  rpkiAnswerMs: 30_000,
  rpkiResponseMs: 600_000,

  // bgp: routes in the kernel
  /** UPDATE bytes that wait for the kernel; above it they are worked off at once. */
  fibQueueBytes: 4 << 20,
  /** Routes that the kernel refused and that are kept to be tried again; more are only counted. */
  fibRefused: 65_536,
  /** Bytes waiting for a peer's socket at which its exporter pauses, and at which it goes on. */
  bgpWriteHighBytes: 1 << 20,
  bgpWriteLowBytes: 256 << 10,
  /** Ranges of dynamic neighbours, and peers that one may make. */
  bgpDynamicRanges: 256,
  bgpDynamicPeers: 1_024,
  /** Bytes of the text that a Cease carries (RFC 9003). */
  bgpShutdownTextBytes: 255,
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
