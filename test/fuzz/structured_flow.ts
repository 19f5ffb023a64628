// A flow in JSON from any bytes: each byte chooses what comes next. Text that is mutated hardly ever stays JSON; this always
// does, and gets as far as the tables.

import { ACTIONS, INSTRUCTIONS } from "../../src/openflow/actions.js";
import { MATCH_FIELDS } from "../../src/openflow/match_fields.js";

const FIELDS = [...MATCH_FIELDS.map(({ name }) => name), "oxm", "mask", "nothing"];
const VALUES: readonly unknown[] = [
  ...[
    0, 1, 2, 5, 6, 17, 58, 132, 255, 256, 4_095, 65_279, 65_280, 65_535, 70_000, 4_294_967_040, 4_294_967_295, -1, 1.5,
  ],
  ...["10.0.0.1", "10.0.0.0/8", "255.255.0.0", "0.255.0.255", "0.0.0.0", "2001:db8::1", "ffff::", "::/0", "fe80::/10"],
  ...["02:00:00:00:00:01", "ff:ff:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "0x800", "0x1fff", "abc"],
  ...[
    "ipv4",
    "arp",
    "ipv6",
    "mpls_u",
    "pbb",
    "lldp",
    "tcp",
    "udp",
    "icmp",
    "ipv6-icmp",
    "sctp",
    "nbr_sol",
    "echo_reply",
  ],
  ...["LOCAL", "CONTROLLER", "NONE", "ANY", "max", "none", "present", "80", "4294967297", "", "ü"],
  ...[null, true, [], {}, { auth: true }, { esp: false, hop: true }, "0x8000000400000001", "0x0001000800000000"],
];
const FLAGS = ["send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts", "emerg", "x", 1];

/** Reads choices from bytes; past their end all choices are 0. */
class Choices {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  below(bound: number): number {
    return (this.#bytes[this.#at++] ?? 0) % bound;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  list<T>(most: number, one: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, one);
  }
}

function matchEntry(choices: Choices): unknown {
  if (choices.below(16) === 15) return choices.of(VALUES);
  const entry: Record<string, unknown> = { [choices.of(FIELDS)]: choices.of(VALUES) };
  if (choices.below(3) === 0) entry["mask"] = choices.of(VALUES);
  return entry;
}

function action(choices: Choices): unknown {
  const row = choices.of(ACTIONS);
  const value = row.argument === "field" ? { [choices.of(FIELDS)]: choices.of(VALUES) } : choices.of(VALUES);
  const more = choices.below(8);
  return {
    [row.name]: value,
    ...(more === 1 ? { port: choices.of(VALUES) } : {}),
    ...(more === 2 ? { max_len: choices.of(VALUES) } : {}),
    ...(more === 3 ? { data: choices.of(["0x", "0x00", "0x0011223344556677", 5]) } : {}),
    ...(more === 4 ? { raw: choices.of(VALUES) } : {}),
  };
}

function instruction(choices: Choices): unknown {
  const row = choices.of(INSTRUCTIONS);
  const value = row.argument === "actions" ? choices.list(3, () => action(choices)) : choices.of(VALUES);
  return { [row.name]: value, ...(choices.below(4) === 0 ? { mask: choices.of(VALUES) } : {}) };
}

/** The flow that `bytes` from `at` on stand for. */
export function structuredFlow(bytes: Uint8Array, at = 0): Record<string, unknown> {
  const choices = new Choices(bytes, at);
  const flow: Record<string, unknown> = { match: choices.list(5, () => matchEntry(choices)) };
  const kind = choices.below(4);
  if (kind < 2) flow["actions"] = choices.list(4, () => action(choices));
  else if (kind === 2) flow["instructions"] = choices.list(3, () => instruction(choices));
  const heads = choices.below(64);
  if (heads & 1) flow["priority"] = choices.of(VALUES);
  if (heads & 2) flow["cookie"] = choices.of(VALUES);
  if (heads & 4) flow["flow_mod_flags"] = choices.list(3, () => choices.of(FLAGS));
  if (heads & 8) flow["table_id"] = choices.of(VALUES);
  if (heads & 16) flow["out_port"] = choices.of(VALUES);
  if (heads & 32) flow["cookie_mask"] = choices.of(VALUES);
  return flow;
}

/** Byte strings to start from: enough of them for each choice to be made. */
export function structuredSeeds(first: number): Uint8Array[] {
  return Array.from({ length: 24 }, (_, seed) =>
    Uint8Array.from({ length: 48 }, (_unused, i) => (i === 0 ? first : (i * 37 + seed * 101) & 0xff)),
  );
}
