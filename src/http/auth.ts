// From a request's headers to a caller. Which accounts there are, and whether a password is right, the accounts room
// knows; here is only the syntax of the schemes (RFC 7617 Basic; `Authorization: Token`; `X-Auth-Token`).

import type { Exchange } from "./exchange.js";
import type { AuthScheme, Caller } from "./table.js";

/** What the front end asks of the accounts room. A null is a refusal; LOGIN_LIMITED and OVERLOADED are thrown. */
export interface Authenticator {
  /** `from` is asked for its address only when the credentials were not verified a short while ago. */
  password(user: string, password: string, from: { readonly address: string }): Caller | null | Promise<Caller | null>;
  token(token: string, scheme: "token" | "x-auth-token"): Caller | null;
}

/** `given`: credentials of one of the surface's schemes were sent, right or wrong; `scheme`: which. */
export interface Outcome {
  readonly caller: Caller | null;
  readonly given: AuthScheme | null;
  /** The scheme was named, without credentials after it. */
  readonly bare?: true;
}

/** A header longer than this is more than the name of a scheme. */
const BARE = 16;

const NONE: Outcome = { caller: null, given: null };

function basic(header: string): { user: string; password: string } | null {
  const text = Buffer.from(header.slice(6).trim(), "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Tries the surface's schemes in their order; the first whose credentials were sent decides. */
export function authenticate(
  schemes: readonly AuthScheme[],
  request: Pick<Exchange, "header" | "address">,
  accounts: Authenticator,
): Outcome | Promise<Outcome> {
  const authorization = request.header("authorization");
  for (const scheme of schemes) {
    const named = authorization.length <= BARE && (scheme === "basic" || scheme === "token");
    if (named && authorization.trim().toLowerCase() === scheme) {
      return { caller: null, given: scheme, bare: true };
    }
    if (scheme === "basic" && /^basic /i.test(authorization)) {
      const given = basic(authorization);
      if (!given) return { caller: null, given: scheme };
      const caller = accounts.password(given.user, given.password, request);
      if (caller instanceof Promise) return caller.then((known) => ({ caller: known, given: scheme }));
      return { caller, given: scheme };
    }
    if (scheme === "token" && /^token /i.test(authorization)) {
      return { caller: accounts.token(authorization.slice(6).trim(), "token"), given: scheme };
    }
    const token = scheme === "x-auth-token" ? request.header("x-auth-token") : "";
    if (token !== "") return { caller: accounts.token(token.trim(), "x-auth-token"), given: "x-auth-token" };
  }
  return NONE;
}
