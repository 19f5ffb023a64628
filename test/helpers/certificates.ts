// Certificates made with openssl: an authority, and what it has signed. They are gone after the test.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Teardown } from "./cleanup.js";
import { must } from "./processes.js";
import { tmpDir } from "./tmp.js";

/** A certificate and its private key: paths of PEM files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export class Authority {
  /** Path of its certificate. */
  readonly cert: string;
  readonly #dir: string;
  #serial = 0;

  private constructor(dir: string) {
    this.#dir = dir;
    this.cert = join(dir, "ca.pem");
  }

  static async make(t: Teardown, name: string): Promise<Authority> {
    const authority = new Authority(tmpDir(t, "ca"));
    const dir = authority.#dir;
    await must("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", `/CN=${name}`, "-keyout", join(dir, "ca.key"), "-out", authority.cert],
    ]);
    return authority;
  }

  /** A certificate for 127.0.0.1. */
  async sign(name: string): Promise<Pair> {
    const file = (ending: string): string => join(this.#dir, `${name}${ending}`);
    const pair = { cert: file(".pem"), key: file(".key") };
    await must("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1", "-set_serial", String(++this.#serial)],
      ...["-CA", this.cert, "-CAkey", join(this.#dir, "ca.key"), "-keyout", pair.key, "-out", pair.cert],
    ]);
    return pair;
  }
}

/** A pair as node:tls takes it. */
export function pem({ cert, key }: Pair): { cert: string; key: string } {
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}
