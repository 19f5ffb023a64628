// Routes of the whole speaker: policies, origin validation, routes in the kernel, feeds.

import type { BgpHandle } from "../../bgp/agent.js";
import { fibJson } from "../../bgp/fib/view.js";
import type { PolicyView } from "../../bgp/handle.js";
import { rpkiJson, validationJson, validationQuery } from "../../bgp/rtr/view.js";
import { json, type Request, type Route } from "../../http/table.js";
import { knownOnly } from "./query.js";
import { objectBody } from "./view.js";

const DONE = { status: true };
const named = ({ params }: Request) => params["name"] ?? "";

/** A policy: its rules as they were given, each with how often it has matched. */
function policyView({ hits, rules = [], failed, ...rest }: PolicyView): Record<string, unknown> {
  const rule = (given: unknown, i: number) => ({ ...(given as object), hits: hits?.[i] ?? 0 });
  return { ...rest, rules: rules.map(rule), failed };
}

/** The same without its rules, which may be many. */
function policySummary({ hits, rules = [], failed, ...rest }: PolicyView): Record<string, unknown> {
  return { ...rest, rules: rules.length, hits: (hits ?? []).reduce((sum, count) => sum + count, 0), failed };
}

function policyRoutes(bgp: BgpHandle): Route[] {
  return [
    {
      method: "GET",
      path: "/v1/policies",
      handle: async () => json(200, { policies: (await bgp.policies()).map(policySummary) }),
    },
    {
      method: "GET",
      path: "/v1/policy/:name",
      handle: async (request) => json(200, { policy: policyView(await bgp.policy(named(request))) }),
    },
    {
      method: "PUT",
      path: "/v1/policy/:name",
      async handle(request) {
        const { policy, created } = await bgp.setPolicy(named(request), objectBody(request));
        return json(created ? 201 : 200, { status: true, policy: policyView(policy) });
      },
    },
    {
      method: "DELETE",
      path: "/v1/policy/:name",
      async handle(request) {
        await bgp.removePolicy(named(request));
        return json(200, DONE);
      },
    },
  ];
}

export function roomRoutes(bgp: BgpHandle): Route[] {
  return [
    ...policyRoutes(bgp),
    { method: "GET", path: "/v1/rpki", handle: async () => json(200, rpkiJson((await bgp.figures()).rpki)) },
    {
      method: "GET",
      path: "/v1/rpki/validate",
      async handle({ query }) {
        knownOnly(query, ["prefix", "asn"]);
        const [prefix, asn] = [query.get("prefix"), query.get("asn")];
        const asked = validationQuery({ ...(prefix ? { prefix } : {}), ...(asn ? { asn } : {}) });
        const [validation, { rpki }] = await Promise.all([bgp.validate(asked), bgp.figures()]);
        return json(200, validationJson(validation, rpki));
      },
    },
    { method: "GET", path: "/v1/fib", handle: async () => json(200, fibJson((await bgp.figures()).fib)) },
    { method: "GET", path: "/v1/feeds", handle: async () => json(200, { ...(await bgp.figures()).feeds }) },
    {
      method: "POST",
      path: "/v1/mrt/snapshot",
      handle: async () => json(200, { status: true, ...(await bgp.snapshot()) }),
    },
  ];
}
