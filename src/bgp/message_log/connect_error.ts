// Why a connection could not be made, in the words that yabgp's records have: Twisted's for the kind of error, then the
// number and the C library's text.

import { getSystemErrorMap } from "node:util";

/** Errors that Twisted has words of its own for. */
const KINDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Connection was refused by other side",
  ENETUNREACH: "No route to host",
  ETIMEDOUT: "TCP connection timed out",
};
const OTHER = "An error occurred while connecting";
const TOO_LATE = "User timeout caused connection failure.";
/** Texts of the C library that Node words differently. */
const TEXTS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "Cannot assign requested address",
  EHOSTUNREACH: "No route to host",
};

/** The text of a record; null for an attempt that took too long. */
export function connectErrorText(error: NodeJS.ErrnoException | null): string {
  if (error === null) return TOO_LATE;
  const { code = "", errno, message } = error;
  const kind = KINDS[code] ?? OTHER;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (errno === undefined || known === undefined) return `${kind}: ${message}.`;
  return `${kind}: ${-errno}: ${TEXTS[code] ?? known.charAt(0).toUpperCase() + known.slice(1)}.`;
}
