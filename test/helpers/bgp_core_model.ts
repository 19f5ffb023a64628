// What the tables of bgp.wasm must hold, worked out the slow way: a list of routes, and for each question a pass over it.

import { attributesJson, encodeAttribute, encodeAttributes } from "../../src/bgp/attributes.js";
import { FAMILY } from "../../src/wasm/bgp_numbers.js";

/** What a route says; few values, so that routes meet and differ in one thing. */
export interface Variant {
  readonly origin: number;
  readonly path: readonly number[];
  readonly med: number;
  readonly localPref: number | null;
  readonly originator: string | null;
  readonly clusters: readonly string[];
  readonly hop: number;
  readonly communities: readonly string[];
  readonly aigp: number | null;
}

/** A prefix or its like: `wire` makes its NLRI, which says more than the key in some families. */
export interface Net {
  readonly family: number;
  readonly key: string;
  wire(label: number): Buffer;
}

const AFI_SAFI: Readonly<Record<number, readonly [number, number]>> = {
  [FAMILY.ipv4]: [1, 1],
  [FAMILY.ipv6]: [2, 1],
  [FAMILY.ipv4Labelled]: [1, 4],
  [FAMILY.vpnv4]: [1, 128],
  [FAMILY.ipv4Flowspec]: [1, 133],
  [FAMILY.evpn]: [25, 70],
};
export const CORE_FAMILIES: readonly number[] = Object.keys(AFI_SAFI).map(Number);

const RD = [0, 1, 0, 0, 0, 0, 0, 7];
const labelOf = (label: number) => [label >> 4, (label << 4) & 255, 1];

/** Thousands of nets, so that tables grow and walks over them take several turns. */
export const MANY_NETS: readonly Net[] = Array.from({ length: 3_000 }, (_, i) => [
  net(FAMILY.ipv4, i, () => [32, 10, 9, i >> 8, i & 255]),
  net(FAMILY.vpnv4, i, (label) => [120, ...labelOf(label), ...RD, 10, 9, i >> 8, i & 255]),
]).flat();

/** A few nets of each family. */
export const NETS: readonly Net[] = [0, 1, 2, 3].flatMap((i) => [
  net(FAMILY.ipv4, i, () => [24, 10, 0, i]),
  net(FAMILY.ipv6, i, () => [48, 0x20, 1, 0xd, 0xb8, 0, i]),
  net(FAMILY.ipv4Labelled, i, (label) => [48, ...labelOf(label), 10, 1, i]),
  net(FAMILY.vpnv4, i, (label) => [112, ...labelOf(label), ...RD, 10, 2, i]),
  net(FAMILY.ipv4Flowspec, i, () => [5, 1, 24, 10, 3, i]),
  net(FAMILY.evpn, i, (label) => [
    2,
    33,
    ...RD,
    ...new Array<number>(10).fill(label),
    0,
    0,
    0,
    0,
    48,
    2,
    0,
    0,
    0,
    0,
    i,
    0,
    ...labelOf(label),
  ]),
]);

function net(family: number, index: number, wire: (label: number) => readonly number[]): Net {
  return { family, key: `${family}/${index}`, wire: (label) => Buffer.from(wire(label)) };
}

const hopBytes = (family: number, hop: number): Buffer => {
  if (family === FAMILY.ipv4Flowspec) return Buffer.alloc(0);
  const four = Buffer.of(192, 0, 2, hop);
  if (family === FAMILY.vpnv4) return Buffer.concat([Buffer.alloc(8), four]);
  if (family === FAMILY.ipv6) return Buffer.concat([Buffer.of(0x20, 1, 0xd, 0xb8), Buffer.alloc(11), Buffer.of(hop)]);
  return four;
};

/** The attributes as a set holds them. */
export function setBytes(family: number, variant: Variant, ibgp: boolean): Buffer {
  const json: Record<string, unknown> = { 1: variant.origin, 2: [[2, variant.path]] };
  if (family === FAMILY.ipv4) json["3"] = `192.0.2.${variant.hop}`;
  json["4"] = variant.med;
  if (ibgp) json["5"] = variant.localPref ?? 100;
  if (variant.communities.length > 0) json["8"] = variant.communities;
  if (ibgp && variant.originator) json["9"] = variant.originator;
  if (ibgp && variant.clusters.length > 0) json["10"] = variant.clusters;
  if (variant.aigp !== null) json["26"] = { metric: variant.aigp };
  const rest = encodeAttributes(json, true);
  if (family === FAMILY.ipv4) return rest;
  const [afi, safi] = AFI_SAFI[family] as readonly [number, number];
  const hop = hopBytes(family, variant.hop);
  return Buffer.concat([encodeAttribute(0x80, 14, Buffer.of(afi >> 8, afi & 255, safi, hop.length, ...hop)), rest]);
}

const u16 = (value: number) => Buffer.of(value >> 8, value & 255);
const u32 = (value: number) => Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);

function message(withdrawn: Buffer, attributes: Buffer, nlri: Buffer): Buffer {
  const body = Buffer.concat([u16(withdrawn.length), withdrawn, u16(attributes.length), attributes, nlri]);
  return Buffer.concat([Buffer.alloc(16, 255), u16(19 + body.length), Buffer.of(2), body]);
}

/** An UPDATE of one NLRI: `attributes` as setBytes() makes them, null to withdraw it. `path` null: no path identifier. */
export function oneUpdate(family: number, attributes: Buffer | null, wire: Buffer, path: number | null): Buffer {
  const none = Buffer.alloc(0);
  const nlri = path === null ? wire : Buffer.concat([u32(path), wire]);
  if (family === FAMILY.ipv4) return attributes ? message(none, attributes, nlri) : message(nlri, none, none);
  const [afi, safi] = AFI_SAFI[family] as readonly [number, number];
  if (!attributes) {
    const value = Buffer.concat([u16(afi), Buffer.of(safi), nlri]);
    return message(none, encodeAttribute(0x80, 15, value), none);
  }
  const short = 3 + (attributes[2] as number);
  const reach = encodeAttribute(0x80, 14, Buffer.concat([attributes.subarray(3, short), Buffer.of(0), nlri]));
  return message(none, Buffer.concat([reach, attributes.subarray(short)]), none);
}

export interface ModelSource {
  readonly ibgp: boolean;
  readonly client: boolean;
  readonly routerId: number;
  readonly address: number;
  readonly generation: Map<number, number>;
  readonly longLived: Set<number>;
}

export interface ModelRoute {
  readonly source: ModelSource;
  readonly net: Net;
  readonly path: number;
  readonly wire: Buffer;
  readonly set: Buffer;
  generation: number;
  /** After the import policy; null when it has rejected the route, or a rule of the protocol refuses it. */
  post: Buffer | null;
}

type Facts = {
  origin: number;
  hops: number;
  neighbor: number;
  med: number;
  pref: number;
  /** Infinity: none. */
  aigp: number;
  id: number;
  clusters: number;
};

const LLGR_STALE = "65535:6";
const dotted = (text: string) => text.split(".").reduce((value, part) => value * 256 + Number(part), 0);

function hasStale(post: Buffer): boolean {
  const communities = attributesJson(post)["8"] as readonly string[] | undefined;
  return communities?.some((text) => text === LLGR_STALE || text === "LLGR_STALE") ?? false;
}

function factsOf(route: ModelRoute): Facts {
  const json = attributesJson(route.post as Buffer);
  const path = (json["2"] as [number, number[]][] | undefined) ?? [];
  const hops = path.reduce((sum, [type, list]) => sum + (type === 2 ? list.length : type === 1 ? 1 : 0), 0);
  const first = path[0];
  return {
    origin: json["1"] as number,
    hops,
    neighbor: first && first[0] === 2 ? (first[1][0] ?? 0) : 0,
    med: (json["4"] as number | undefined) ?? 0,
    pref: (json["5"] as number | undefined) ?? 100,
    aigp: (json["26"] as { metric: number } | undefined)?.metric ?? Number.POSITIVE_INFINITY,
    id: json["9"] ? dotted(json["9"] as string) : route.source.routerId,
    clusters: ((json["10"] as unknown[] | undefined) ?? []).length,
  };
}

export class Model {
  readonly #routes = new Map<string, ModelRoute[]>();
  /** Costs of next hops by their last octet; Infinity: not reachable. */
  readonly costs = new Map<number, number>();

  static isStale(route: ModelRoute): boolean {
    return route.generation !== (route.source.generation.get(route.net.family) ?? 0);
  }

  cost(route: ModelRoute): number {
    const json = attributesJson(route.set);
    if (route.net.family === FAMILY.ipv4Flowspec) return 0;
    const hop =
      route.net.family === FAMILY.ipv4
        ? Number((json["3"] as string).split(".")[3])
        : (route.set[2 + (route.set[2] as number)] as number);
    return this.costs.get(hop) ?? 0;
  }

  eligible(route: ModelRoute): boolean {
    return route.post !== null && this.cost(route) !== Number.POSITIVE_INFINITY;
  }

  all(): ModelRoute[] {
    return [...this.#routes.values()].flat();
  }

  of(key: string): ModelRoute[] {
    return this.#routes.get(key) ?? [];
  }

  /** RFC 4271 §9.1.2.2, one step after another, each leaving fewer. */
  best(key: string): ModelRoute | null {
    let left = this.of(key).filter((route) => this.eligible(route));
    const facts = new Map(left.map((route) => [route, factsOf(route)]));
    const keep = (rank: (route: ModelRoute, facts: Facts) => number) => {
      const ranks = left.map((route) => rank(route, facts.get(route) as Facts));
      const least = Math.min(...ranks);
      left = left.filter((_, i) => ranks[i] === least);
    };
    const isLong = (route: ModelRoute) =>
      hasStale(route.post as Buffer) || (route.source.longLived.has(route.net.family) && Model.isStale(route));
    keep((route) => (isLong(route) ? 1 : 0));
    keep((_, { pref }) => -pref);
    keep((route, { aigp }) => aigp + this.cost(route));
    keep((_, { hops }) => hops);
    keep((_, { origin }) => origin);
    const rivals = left.map((route) => facts.get(route) as Facts);
    left = left.filter((route) => {
      const { neighbor, med } = facts.get(route) as Facts;
      return neighbor === 0 || !rivals.some((other) => other.neighbor === neighbor && other.med < med);
    });
    keep((route) => (route.source.ibgp ? 1 : 0));
    keep((route) => this.cost(route));
    keep((_, { id }) => id);
    keep((_, { clusters }) => clusters);
    keep((route) => route.source.address);
    keep((route) => route.path);
    return left[0] ?? null;
  }

  drop(is: (route: ModelRoute) => boolean): void {
    for (const key of this.#routes.keys()) this.#dropOf(key, is);
  }

  #dropOf(key: string, is: (route: ModelRoute) => boolean): void {
    this.#routes.set(
      key,
      this.of(key).filter((route) => !is(route)),
    );
  }

  remove(source: ModelSource, net: Net, path: number): void {
    this.#dropOf(net.key, (old) => old.source === source && old.path === path);
  }

  put(route: ModelRoute): void {
    this.remove(route.source, route.net, route.path);
    this.of(route.net.key).push(route);
  }
}
