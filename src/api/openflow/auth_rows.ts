// Log-in and log-out of the /sdn/v2.0 surface, in HP's (Keystone's) form.

import { AppError } from "../../base/errors.js";
import { empty, json, type Route } from "../../http/table.js";
import { isObject, parseBody } from "./view.js";

export interface NewLogin {
  /** 32 hex digits. */
  readonly token: string;
  /** Epoch ms. */
  readonly expiresMs: number;
  readonly user: string;
}

/** What the surface needs of the accounts room. */
export interface Logins {
  /** Null for wrong credentials. Errors: LOGIN_LIMITED. */
  login(user: string, password: string, address: string): Promise<NewLogin | null>;
  /** False when there was no such token. */
  logout(token: string): Promise<boolean>;
}

/** `2013-08-30 19-49-19 +0000` */
function expirationDate(ms: number): string {
  const [day, time] = new Date(ms).toISOString().split("T") as [string, string];
  return `${day} ${time.slice(0, 8).replaceAll(":", "-")} +0000`;
}

export function loginRoutes(base: string, logins: Logins): Route[] {
  return [
    {
      method: "POST",
      path: `${base}/auth`,
      open: true,
      handle: async (request) => {
        const login = parseBody(request.body)["login"];
        if (!isObject(login)) throw new AppError("OPENFLOW_JSON", { reason: 'no "login" at the root' });
        const { user, password, domain } = login;
        if (typeof user !== "string" || typeof password !== "string") {
          throw new AppError("OPENFLOW_JSON", { reason: "login needs user and password as text" });
        }
        const made = await logins.login(user, password, request.address);
        if (!made) throw new AppError("UNAUTHENTICATED");
        const { token, expiresMs, user: name } = made;
        return json(200, {
          record: {
            domainId: "",
            domainName: typeof domain === "string" ? domain : "sdn",
            expiration: expiresMs,
            expirationDate: expirationDate(expiresMs),
            token,
            userId: "",
            userName: name,
          },
        });
      },
    },
    {
      method: "DELETE",
      path: `${base}/auth`,
      handle: async (request) => {
        if (!(await logins.logout(request.header("x-auth-token")))) throw new AppError("UNAUTHENTICATED");
        return empty(204);
      },
    },
  ];
}
