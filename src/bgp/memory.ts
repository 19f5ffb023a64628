// What outlives the sessions of a peer: the last NOTIFICATION, and what an old speaker did not take.

import { CAP, NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent } from "../wasm/bgp_types.js";
import { capabilityCodes } from "./messages.js";
import { NOTHING_WITHHELD, type Withheld } from "./negotiate.js";
import { type NotificationView, notificationView } from "./notifications.js";

export class PeerMemory {
  /** The last NOTIFICATION, in whichever direction; null when there was none. */
  last: NotificationView | null = null;
  /** Capabilities that our OPEN leaves out. */
  withheld: Withheld = NOTHING_WITHHELD;
  /** A dynamic neighbour's AS numbers; null: only the configured one. */
  readonly accepts: ((as: number) => boolean) | null;

  constructor(accepts: ((as: number) => boolean) | null = null) {
    this.accepts = accepts;
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
