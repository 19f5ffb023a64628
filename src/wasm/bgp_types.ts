// What goes in and out of the typed view of bgp.wasm.

/** A RIB's place in the module's memory: one direction of one peer. */
export type RibSlot = number & { readonly rib: unique symbol };
/** An interned attribute set. Valid while a table refers to it: read its bytes before the next call that decodes. */
export type SetHandle = number & { readonly set: unique symbol };

export interface SessionOptions {
  readonly fourOctetAs: boolean;
  readonly ibgp: boolean;
  /** Messages of up to 65535 bytes (RFC 8654). */
  readonly extendedMessages?: boolean;
  /** Family indices that both sides have announced. */
  readonly families: readonly number[];
}

export interface OpenMessage {
  readonly version: number;
  readonly as: number;
  readonly holdTime: number;
  /** The BGP identifier as a number. */
  readonly identifier: number;
  readonly capabilities: readonly { readonly code: number; readonly value: Uint8Array }[];
}

/** What must be sent before a connection is closed: code << 8 | subcode, and data. */
export interface NotificationContent {
  readonly notify: number;
  readonly data: Uint8Array;
}

export interface RibCounters {
  readonly updates: number;
  readonly withdrawUpdates: number;
  readonly announced: number;
  readonly withdrawn: number;
  readonly treatedAsWithdraw: number;
  readonly attributesDiscarded: number;
  readonly familiesIgnored: number;
}

export interface TableRow {
  readonly set: SetHandle;
  /** 4 or 16 bytes. */
  readonly prefix: Uint8Array;
  readonly length: number;
}
