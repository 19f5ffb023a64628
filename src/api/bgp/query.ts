// Parameters of the query: each is checked, an unknown one is told with those that are known.

import { AppError } from "../../base/errors.js";
import { FAMILIES } from "../../bgp/families.js";

/** 400 with the parameter, its value and what is allowed. */
export function badQuery(name: string, value: string, allowed: string): never {
  throw new AppError("BODY_INVALID", { path: name, reason: `${value} is not valid; allowed: ${allowed}` });
}

/** Errors: BODY_INVALID for parameters that are not in `known`, and for one given twice. */
export function knownOnly(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      throw new AppError("BODY_INVALID", {
        path: name,
        reason: `there is no such parameter; known: ${known.join(", ")}`,
      });
    }
    if (query.getAll(name).length > 1) throw new AppError("BODY_INVALID", { path: name, reason: "it is given twice" });
  }
}

export function wholeNumber(
  query: URLSearchParams,
  name: string,
  least: number,
  most: number,
  fallback: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : badQuery(name, text, `a whole number from ${least} to ${most}`);
}

export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || text === "0" || text === "false") return false;
  return text === "1" || text === "true" ? true : badQuery(name, text, "0, 1, true, false");
}

export function oneOf<const T extends string>(
  query: URLSearchParams,
  name: string,
  values: readonly T[],
  fallback: T,
): T {
  const text = query.get(name);
  if (text === null) return fallback;
  return values.find((value) => value === text) ?? badQuery(name, text, values.join(", "));
}

const FAMILY_NAMES = FAMILIES.map((family) => family.name);

/** The name of a family, null when it is not there. */
export function familyOf(query: URLSearchParams, name: string): string | null {
  const text = query.get(name);
  return text === null || FAMILY_NAMES.includes(text) ? text : badQuery(name, text, FAMILY_NAMES.join(", "));
}
