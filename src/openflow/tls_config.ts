// `[openflow.tls]`: certificates for connections of switches, read once at the start.

import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { boolean, type Listen, listen, text, type Values } from "../base/config.js";
import { AppError, reasonOf } from "../base/errors.js";

export const TLS_FIELDS = {
  listen: listen(true, { fallback: null }),
  /** PEM files: our chain, its private key, and who signs the switches' certificates. */
  cert: text(),
  key: text(),
  ca: text(),
  require_client_cert: boolean({ fallback: false }),
};

export type TlsTable = Partial<Values<typeof TLS_FIELDS>>;

export interface TlsConfig {
  readonly listen: Listen;
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  /** Null: switches are not asked for a certificate. */
  readonly ca: string | null;
  readonly requireClientCert: boolean;
}

function fault(key: string, value: unknown, allowed: string): never {
  throw new AppError("CONFIG", { path: `openflow.tls.${key}`, value: JSON.stringify(value ?? ""), allowed });
}

function pem(key: "cert" | "key" | "ca", path: string | undefined): string {
  if (path === undefined || path === "") return fault(key, path, "the path of a PEM file");
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return fault(key, path, `the path of a PEM file (${reasonOf(error)})`);
  }
}

/** Reads the files that the table names; null without `listen`. Errors: CONFIG. */
export function loadTls(table: TlsTable = {}): TlsConfig | null {
  const { listen: where, require_client_cert: requireClientCert = false } = table;
  if (!where) return null;
  if (requireClientCert && !table.ca) fault("require_client_cert", true, "false, unless ca is given");
  const cert = pem("cert", table.cert);
  const key = pem("key", table.key);
  const ca = table.ca ? pem("ca", table.ca) : null;
  const check = (name: "cert" | "key" | "ca", options: Parameters<typeof createSecureContext>[0]): void => {
    try {
      createSecureContext(options);
    } catch (error) {
      fault(name, table[name], `a PEM file that fits (${reasonOf(error)})`);
    }
  };
  check("cert", { cert });
  check("key", { cert, key });
  if (ca !== null) {
    if (!ca.includes("-----BEGIN CERTIFICATE-----")) fault("ca", table.ca, "a PEM file with certificates");
    check("ca", { ca });
  }
  return { listen: where, cert, key, ca, requireClientCert };
}
