// NOTIFICATIONs as people read them: the names of errors, and the text that a Cease may carry (RFC 9003).

import { LIMITS } from "../base/limits.js";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent } from "../wasm/bgp_types.js";
import { errorTexts } from "./notification_texts.js";

export interface NotificationView {
  readonly code: number;
  readonly subcode: number;
  /** Null for a number that is in no RFC known here. */
  readonly error: string | null;
  readonly sub_error: string | null;
  /** The shutdown communication, "" none. Of a hard reset: that of the reason inside. */
  readonly text: string;
  /** What came behind the subcode, in hex digits. */
  readonly data: string;
  readonly direction: "sent" | "received";
  /** Epoch seconds. */
  readonly time: number;
}

/** A NOTIFICATION's code as text: "6/2". */
export const notifyText = (code: number) => `${code >> 8}/${code & 255}`;

const carriesText = (code: number) => code === NOTIFY.shutdown || code === NOTIFY.reset;

/** RFC 9003 §2: a text for 6/2 or 6/4, at most 255 bytes of UTF-8, cut between characters. */
export function shutdownData(text: string): Uint8Array {
  let bytes = Buffer.from(text, "utf8");
  if (bytes.length > LIMITS.bgpShutdownTextBytes) {
    let end: number = LIMITS.bgpShutdownTextBytes;
    while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
    bytes = bytes.subarray(0, end);
  }
  return bytes.length === 0 ? new Uint8Array() : Uint8Array.from([bytes.length, ...bytes]);
}

/** The text in the data of 6/2 or 6/4. Null when it is malformed or no UTF-8, which must not be interpreted. */
function shutdownText(data: Uint8Array): string | null {
  const length = data[0] ?? 0;
  if (length === 0 || 1 + length > data.length) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(1, 1 + length));
  } catch {
    return null;
  }
}

/** Every character that could move a reader's cursor or colour a terminal, as an escape. */
const printable = (text: string) =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);

/** What a NOTIFICATION says, for the peer's state and the log. */
export function notificationView(content: NotificationContent, sent: boolean, epochMs: number): NotificationView {
  const { notify, data } = content;
  // RFC 8538 §3.1: a hard reset holds the reason as code, subcode and data.
  const hard = notify === NOTIFY.hardReset && data.length >= 2;
  const inner = hard ? ((data[0] as number) << 8) | (data[1] as number) : notify;
  const text = carriesText(inner) ? (shutdownText(hard ? data.subarray(2) : data) ?? "") : "";
  return {
    code: notify >> 8,
    subcode: notify & 255,
    ...errorTexts(notify >> 8, notify & 255),
    text: printable(text),
    data: Buffer.from(data).toString("hex"),
    direction: sent ? "sent" : "received",
    time: Math.floor(epochMs / 1000),
  };
}

/** One line for the log: `6/2 Cease, Administrative shutdown: "back at nine"`. */
export function notificationLine(view: NotificationView): string {
  const names = [view.error, view.sub_error].filter((name) => name !== null).join(", ");
  const text = view.text === "" ? "" : `: "${view.text}"`;
  return `${notifyText((view.code << 8) | view.subcode)}${names === "" ? "" : ` ${names}`}${text}`;
}

/** Reasons after which the session is meant to stay down, so that keeping its routes would be wrong. */
const FINAL: ReadonlySet<number> = new Set<number>([NOTIFY.shutdown, NOTIFY.deconfigured, NOTIFY.prefixes]);

/**
 * What is really sent where both ends keep routes over a NOTIFICATION (RFC 8538 §3): a reason that is final goes as
 * Hard Reset with the reason inside.
 */
export function forGracefulPeer(content: NotificationContent): NotificationContent {
  if (!FINAL.has(content.notify)) return content;
  const data = Uint8Array.from([content.notify >> 8, content.notify & 255, ...content.data]);
  return { notify: NOTIFY.hardReset, data };
}
