// The flows that all parts of the OpenFlow bench use.

/** The flow that published controller benches use: in_port, eth_dst, eth_type, ipv4_dst; one output. */
export function flow(i: number): object {
  const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
  const match = [{ in_port: 1 }, { eth_dst: "00:00:00:00:00:01" }, { eth_type: "ipv4" }, { ipv4_dst: address }];
  return { priority: 100, match, instructions: [{ apply_actions: [{ output: 2 }] }] };
}
