// login/ and logout/: a token for a user's password, as the Djoser package does it.

import { AppError } from "../../base/errors.js";
import type { Reply, Request, Route } from "../../http/table.js";
import { asDictionary, parseBody } from "./body.js";
import { PREFIX } from "./links.js";
import { MESSAGES, Refusal } from "./messages.js";
import { negotiate, render, settle } from "./negotiate.js";

/** What the accounts room does for the surface. */
export interface LoginService {
  /** Null, or UNAUTHENTICATED, for wrong credentials. Errors: LOGIN_LIMITED, OVERLOADED. */
  login(user: string, password: string, address: string): Promise<{ readonly token: string } | null>;
  /** True when there was such a token; it is gone after that. */
  logout(token: string): Promise<boolean>;
}

/** The names that a user is known by, in the order in which a body is searched for them. */
const NAMES = ["email", "username"] as const;

function textOf(given: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = given[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

async function login(service: LoginService, request: Request): Promise<Reply> {
  const { format } = negotiate(request, false);
  const given = asDictionary(parseBody(request));
  const errors: Record<string, readonly string[]> = {};
  const name = NAMES.find((one) => Object.hasOwn(given, one)) ?? "email";
  for (const field of ["password", name]) {
    const value = textOf(given, field);
    if (!Object.hasOwn(given, field)) errors[field] = [MESSAGES.required];
    else if (given[field] === null) errors[field] = [MESSAGES.null];
    else if (value === null) errors[field] = [MESSAGES.notAString];
    else if (value.trim() === "") errors[field] = [MESSAGES.blank];
  }
  if (Object.keys(errors).length > 0) throw new Refusal(400, errors);
  const made = await service
    .login(textOf(given, name) as string, textOf(given, "password") as string, request.address)
    .catch((error: unknown) => {
      if (error instanceof AppError && error.code === "UNAUTHENTICATED") return null;
      throw error;
    });
  if (!made) throw new Refusal(400, { non_field_errors: [MESSAGES.loginFailed] });
  return render(format, 200, { auth_token: made.token }, request);
}

async function logout(service: LoginService, request: Request): Promise<Reply> {
  const found = /^token\s+(\S+)$/i.exec(request.header("authorization").trim());
  if (found) await service.logout(found[1] as string);
  return { status: 204, headers: {} };
}

/** Both rows. */
export function sessionRoutes(service: LoginService): readonly Route[] {
  return [
    {
      method: "POST",
      path: `${PREFIX}/login/`,
      open: true,
      handle: (request) => settle(() => login(service, request)),
    },
    { method: "POST", path: `${PREFIX}/logout/`, handle: (request) => logout(service, request) },
  ];
}
