// The body of OPTIONS: what a URL is, and its fields for those who may write.

import { PARSERS } from "./body.js";
import type { Field } from "./fields.js";
import { RENDERERS } from "./negotiate.js";
import type { Resource } from "./resource.js";

function describe(field: Field): Record<string, unknown> {
  const { choices, ...limits } = field.facts;
  return {
    type: field.type,
    required: field.required,
    read_only: field.readOnly,
    label: field.label,
    ...limits,
    ...(choices === undefined ? {} : { choices }),
  };
}

/** The fields of a resource by name, in their order. */
export function describeFields(resource: Resource): Record<string, unknown> {
  return Object.fromEntries(resource.fields.map((field) => [field.name, describe(field)]));
}

/** `actions` is left out when it is null. */
export function describeView(name: string, description: string, actions: Record<string, unknown> | null): object {
  return {
    name,
    description,
    renders: RENDERERS.map((one) => one.type),
    parses: Object.keys(PARSERS),
    ...(actions === null ? {} : { actions }),
  };
}
