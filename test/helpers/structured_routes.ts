// BGP-LS routes with their LINK_STATE, one of each kind, for tests with what other programs make of them.

export interface LinkStateRoute {
  readonly what: string;
  /** What stands in GoBGP's name of the route. */
  readonly shownAs: string;
  readonly nlri: Record<string, unknown>;
  readonly attribute: unknown[];
}

const node = (id: string) => ({
  as_num: 65_001,
  bgpls_id: "0.0.0.0",
  igp_router_id: { pseudonode: false, iso_node_id: id },
});
const local = { type: "local_node", value: node("0000.0000.0001") };
const isis = { protocol_id: 2, instances_id: 0 };

export const LINK_STATE_ROUTES: readonly LinkStateRoute[] = [
  {
    what: "a node",
    shownAs: "NODE {",
    nlri: { type: "node", ...isis, descriptors: [local] },
    attribute: [
      { type: "node_flags", value: { O: 0, T: 0, E: 0, B: 1, R: 0, V: 0 } },
      { type: "node_name", value: "r1" },
      { type: "isis_area_id", value: "490001" },
      { type: "local_router_id", value: "1.1.1.1" },
      { type: "local_router_id_ipv6", value: "2001:db8::1" },
      { type: "sr_capabilities", value: { flag: { I: 1, V: 0 }, value: [{ range_size: 8000, label: 16_000 }] } },
      { type: "sr_algorithm", value: [0, 1] },
      { type: "srlb", value: [{ range_size: 1000, label: 15_000 }] },
    ],
  },
  {
    what: "a link",
    shownAs: "LINK {",
    nlri: {
      type: "link",
      ...isis,
      descriptors: [
        local,
        { type: "remote_node", value: node("0000.0000.0002") },
        { type: "link_identifiers", value: { local_identifier: 1, remote_identifier: 2 } },
        { type: "link_local_ipv4", value: "10.0.0.1" },
        { type: "link_remote_ipv4", value: "10.0.0.2" },
      ],
    },
    attribute: [
      { type: "local_router_id", value: "1.1.1.1" },
      { type: "remote_router_id", value: "2.2.2.2" },
      { type: "admin_group", value: 5 },
      { type: "max_bandwidth", value: 125_000_000 },
      { type: "max_rsv_bandwidth", value: 62_500_000 },
      { type: "unrsv_bandwidth", value: [125_000_000, 1, 2, 3, 4, 5, 6, 7] },
      { type: "te_metric", value: 10 },
      { type: "igp_metric", value: 10 },
      { type: "shared_risk_link_group", value: [1, 2] },
      { type: "link_name", value: "to-r2" },
      {
        type: "adj_sid",
        value: { flags: { F: 0, B: 0, V: 1, L: 1, S: 0, P: 0 }, weight: 5, value: 25_000 },
      },
    ],
  },
  {
    what: "an IPv4 prefix",
    shownAs: "PREFIXv4 {",
    nlri: { type: "ipv4_topo_prefix", ...isis, descriptors: [local, { type: "prefix", value: "10.1.2.0/23" }] },
    attribute: [
      { type: "igp_flags", value: { D: 1, N: 0, L: 0, P: 0 } },
      { type: "prefix_metric", value: 20 },
      {
        type: "prefix_sid",
        value: { flags: { R: 0, N: 1, P: 0, E: 0, V: 0, L: 0 }, algorithm: 0, sid: 100 },
      },
    ],
  },
  {
    what: "an IPv6 prefix",
    shownAs: "PREFIXv6 {",
    nlri: { type: "ipv6_topo_prefix", ...isis, descriptors: [local, { type: "prefix", value: "2001:db8:1::/48" }] },
    attribute: [{ type: "prefix_metric", value: 20 }],
  },
];
