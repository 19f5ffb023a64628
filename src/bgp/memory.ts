// What outlives the sessions of a peer: the last NOTIFICATION, and what an old speaker did not take.

import { CAP, NOTIFY } from "../wasm/bgp_numbers.js";
import type { MalformedUpdate, NotificationContent } from "../wasm/bgp_types.js";
import { capabilityCodes } from "./messages.js";
import { NOTHING_WITHHELD, type Withheld } from "./negotiate.js";
import { type NotificationView, notificationView } from "./notifications.js";

/** The last UPDATE of a peer that was not taken as it came (RFC 7606 §8). */
export interface MalformedView {
  /** Epoch seconds. */
  readonly time: number;
  readonly verdict: MalformedUpdate["verdict"];
  /** The code of the attribute that earned it; null when it was none. */
  readonly attribute: number | null;
  /** Bytes of the message, and its first 4096 as hex. */
  readonly length: number;
  readonly message: string;
  /** Such UPDATEs so far. */
  readonly count: number;
}

export class PeerMemory {
  /** The last NOTIFICATION, in whichever direction; null when there was none. */
  last: NotificationView | null = null;
  #malformed: { readonly update: MalformedUpdate; readonly time: number } | null = null;
  /** UPDATEs that were not taken as they came. */
  malformedCount = 0;
  /** Capabilities that our OPEN leaves out. */
  withheld: Withheld = NOTHING_WITHHELD;
  /** A dynamic neighbour's AS numbers; null: only the configured one. */
  readonly accepts: ((as: number) => boolean) | null;

  constructor(accepts: ((as: number) => boolean) | null = null) {
    this.accepts = accepts;
  }

  /** Notes UPDATEs that were not taken as they came. */
  malformed(update: MalformedUpdate): void {
    this.malformedCount += update.count;
    this.#malformed = { update, time: Math.floor(Date.now() / 1000) };
  }

  /** The last one of those, null when there was none. */
  get lastMalformed(): MalformedView | null {
    if (!this.#malformed) return null;
    const { update, time } = this.#malformed;
    const { verdict, attribute, length } = update;
    const message = Buffer.from(update.message).toString("hex");
    return {
      time,
      verdict,
      attribute: attribute === 0 ? null : attribute,
      length,
      message,
      count: this.malformedCount,
    };
  }

  /** Notes a NOTIFICATION that was sent. */
  sent(content: NotificationContent): NotificationView {
    this.last = notificationView(content, true, Date.now());
    return this.last;
  }

  /**
   * Notes a NOTIFICATION that came. `toOpen`: it answers our OPEN. RFC 5492 §3: a speaker that knows no capabilities
   * refuses them with 2/4, one that does not want some with 2/7 and their bytes; the next OPEN goes without them. The
   * families stay: without them it would be another session.
   */
  received(content: NotificationContent, toOpen: boolean): NotificationView {
    this.last = notificationView(content, false, Date.now());
    if (toOpen && content.notify === NOTIFY.parameter) this.withheld = "all";
    if (toOpen && content.notify === NOTIFY.capability && this.withheld !== "all") {
      const refused = capabilityCodes(content.data).filter((code) => code !== CAP.multiprotocol);
      const all = content.data.length === 0 ? OPTIONAL : refused;
      this.withheld = new Set([...this.withheld, ...all]);
    }
    return this.last;
  }

  /** The operator starts the peer anew: it may have learnt. */
  forget(): void {
    this.withheld = NOTHING_WITHHELD;
  }
}

/** What goes when a speaker does not say which capability it minds. */
const OPTIONAL: readonly number[] = [
  CAP.ciscoRefresh,
  CAP.routeRefresh,
  CAP.extendedNextHop,
  CAP.addPath,
  CAP.enhancedRefresh,
  CAP.extendedMessage,
  CAP.role,
  CAP.gracefulRestart,
  CAP.longLivedGr,
];
