// Every bound of the appliance, by name. A limit that is hit is answered with a catalogue error or counted, never silent.

export const LIMITS = {
  // http
  bodyBytes: 1 << 20,
  headerBytes: 16 << 10,
  urlBytes: 8 << 10,
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
} as const;
