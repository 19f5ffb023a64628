// A peer's figures in memory that the worker and control share, so that GET of state and statistic ask the worker
// nothing: it may be taking in a table. The worker writes a block at the end of a turn in which something changed;
// control reads it under a sequence lock. What is text (capabilities) comes as an event, and only when it has changed.

import type { MessageCounts, Statistic } from "./connection.js";
import { FAMILIES } from "./families.js";
import type { StateName } from "./fsm.js";
import type { PeerState, Version } from "./protocol.js";

/** Order is the number in the block. */
export const STATE_NAMES: readonly StateName[] = [
  "IDLE",
  "CONNECT",
  "ACTIVE",
  "OPENSENT",
  "OPENCONFIRM",
  "ESTABLISHED",
];

const COUNTS: readonly (keyof MessageCounts)[] = ["Opens", "Updates", "Notifications", "Keepalives", "RouteRefresh"];

/** THE layout: each field's place, in words of eight bytes after the lock, and how many it takes. All are doubles. */
const FIELDS = {
  fsm: { offset: 0, words: 1 },
  stopped: { offset: 1, words: 1 },
  localAs: { offset: 2, words: 1 },
  remoteAs: { offset: 3, words: 1 },
  /** monotonicSeconds() at the time of ESTABLISHED, 0 in other states. */
  upSince: { offset: 4, words: 1 },
  received: { offset: 5, words: COUNTS.length },
  sent: { offset: 10, words: COUNTS.length },
  /** Route changes by family. */
  versionIn: { offset: 15, words: FAMILIES.length },
  versionOut: { offset: 15 + FAMILIES.length, words: FAMILIES.length },
} as const;

const WORDS = FIELDS.versionOut.offset + FIELDS.versionOut.words;
/** The lock's word stands before the fields: even, or odd while the worker writes. */
const LOCK_BYTES = 8;
const BLOCK_BYTES = LOCK_BYTES + WORDS * 8;

/** A reader gives up when a write takes longer than that: its writer may have died in the middle of it. */
const READ_TRIES = 1_000;

/** What the worker writes: a peer as it is now. */
export interface PeerNumbers {
  readonly fsm: StateName;
  readonly stopped: boolean;
  readonly localAs: number;
  readonly remoteAs: number;
  /** As monotonicSeconds() gives it; 0 when the session is not established. */
  readonly upSince: number;
  readonly statistic: Statistic;
  /** Route changes on this connection by family index; what is missing is 0. */
  readonly versionIn: ArrayLike<number>;
  readonly versionOut: ArrayLike<number>;
}

/** What is text: sent to control when it has changed. */
export interface PeerTexts {
  readonly localAddress: string;
  readonly capability: PeerState["capability"];
  readonly lastNotification: PeerState["last_notification"];
  readonly lastMalformed: PeerState["last_malformed"];
}

/** Seconds of a clock that all threads share and that is never set. */
export function monotonicSeconds(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds + nanos / 1e9;
}

/** The worker's end of a block. */
export class StateWriter {
  readonly block = new SharedArrayBuffer(BLOCK_BYTES);
  readonly #lock = new Int32Array(this.block, 0, 1);
  readonly #words = new Float64Array(this.block, LOCK_BYTES);

  update(peer: PeerNumbers): void {
    const words = this.#words;
    Atomics.add(this.#lock, 0, 1);
    words[FIELDS.fsm.offset] = STATE_NAMES.indexOf(peer.fsm);
    words[FIELDS.stopped.offset] = peer.stopped ? 1 : 0;
    words[FIELDS.localAs.offset] = peer.localAs;
    words[FIELDS.remoteAs.offset] = peer.remoteAs;
    words[FIELDS.upSince.offset] = peer.upSince;
    for (let i = 0; i < COUNTS.length; i++) {
      const name = COUNTS[i] as keyof MessageCounts;
      words[FIELDS.received.offset + i] = peer.statistic.receive[name];
      words[FIELDS.sent.offset + i] = peer.statistic.send[name];
    }
    for (let i = 0; i < FAMILIES.length; i++) {
      words[FIELDS.versionIn.offset + i] = peer.versionIn[i] ?? 0;
      words[FIELDS.versionOut.offset + i] = peer.versionOut[i] ?? 0;
    }
    Atomics.add(this.#lock, 0, 1);
  }
}

/** Families that yabgp counts under one name, and our own further groups. */
const GROUPS: readonly (readonly [keyof Version, readonly string[]])[] = [
  ["ipv4", ["ipv4"]],
  ["ipv6", ["ipv6"]],
  ["flowspec", ["flowspec"]],
  ["mpls_vpn", ["vpnv4", "vpnv6"]],
  ["sr_policy", ["ipv4_srte", "ipv6_srte"]],
  ...FAMILIES.filter(({ name }) => !["ipv4", "ipv6", "flowspec"].includes(name)).map(
    ({ name }) => [name, [name]] as const,
  ),
];

const GROUP_INDICES = GROUPS.map(
  ([group, names]) => [group, names.map((name) => FAMILIES.findIndex((family) => family.name === name))] as const,
);

/** Route changes by group from those by family index: yabgp's groups, then each further family by its own name. */
export function versionOf(changes: ArrayLike<number>): Version {
  const version: Record<string, number> = {};
  for (const [group, indices] of GROUP_INDICES) version[group] = indices.reduce((sum, i) => sum + (changes[i] ?? 0), 0);
  return version as Version;
}

/** Control's end of a block. Each `read...` gives null when the writer has stopped in the middle of a write. */
export class StateReader {
  texts: PeerTexts = {
    localAddress: "",
    capability: { local: {}, remote: {} },
    lastNotification: null,
    lastMalformed: null,
  };
  readonly #lock: Int32Array;
  readonly #words: Float64Array;
  readonly #copy = new Float64Array(WORDS);

  constructor(block: SharedArrayBuffer) {
    this.#lock = new Int32Array(block, 0, 1);
    this.#words = new Float64Array(block, LOCK_BYTES);
  }

  describe(texts: PeerTexts): void {
    this.texts = texts;
  }

  /** The first `words` words as they were at one moment. */
  #snapshot(from: number, words: number): Float64Array | null {
    const copy = this.#copy;
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const before = Atomics.load(this.#lock, 0);
      if ((before & 1) !== 0) continue;
      for (let i = from; i < from + words; i++) copy[i] = this.#words[i] as number;
      if (Atomics.load(this.#lock, 0) === before) return copy;
    }
    return null;
  }

  state(address: string): PeerState | null {
    const words = this.#snapshot(0, FIELDS.received.offset);
    if (!words) return null;
    const upSince = words[FIELDS.upSince.offset] as number;
    return {
      capability: this.texts.capability,
      fsm: STATE_NAMES[words[FIELDS.fsm.offset] as number] ?? "IDLE",
      local_addr: this.texts.localAddress,
      local_as: words[FIELDS.localAs.offset] as number,
      remote_addr: address,
      remote_as: words[FIELDS.remoteAs.offset] as number,
      uptime: upSince === 0 ? 0 : Math.max(0, monotonicSeconds() - upSince),
      last_notification: this.texts.lastNotification,
      last_malformed: this.texts.lastMalformed,
    };
  }

  statistic(): Statistic | null {
    const words = this.#snapshot(FIELDS.received.offset, 2 * COUNTS.length);
    if (!words) return null;
    const counts = (at: number): MessageCounts => ({
      Opens: words[at] as number,
      Updates: words[at + 1] as number,
      Notifications: words[at + 2] as number,
      Keepalives: words[at + 3] as number,
      RouteRefresh: words[at + 4] as number,
    });
    return { receive: counts(FIELDS.received.offset), send: counts(FIELDS.sent.offset) };
  }

  version(sent: boolean): Version | null {
    const { offset, words: length } = sent ? FIELDS.versionOut : FIELDS.versionIn;
    const words = this.#snapshot(offset, length);
    return words && versionOf(words.subarray(offset, offset + length));
  }
}
