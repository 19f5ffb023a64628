// Controller roles (spec §6.3.4, §7.3.9): their numbers, ROLE_REQUEST and ROLE_REPLY, and how generations compare.

/** OFPCR_ROLE_*; NOCHANGE only asks. */
export const ROLE = { NOCHANGE: 0, EQUAL: 1, MASTER: 2, SLAVE: 3 } as const;

/** Roles that may be claimed, by the names that operators use. */
export const ROLES = { equal: ROLE.EQUAL, master: ROLE.MASTER, slave: ROLE.SLAVE } as const;
export type RoleName = keyof typeof ROLES;
export const ROLE_NAMES = Object.keys(ROLES) as RoleName[];

/** What a switch says that has seen no generation. */
export const NO_GENERATION = 0xffff_ffff_ffff_ffffn;

/** What a switch says of a controller's role. */
export interface RoleState {
  readonly role: RoleName;
  /** The newest generation_id that the switch has seen, or NO_GENERATION. */
  readonly generation: bigint;
}

/** The body of a ROLE_REQUEST. */
export function roleRequest(role: number, generation: bigint): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32BE(role);
  body.writeBigUInt64BE(generation, 8);
  return body;
}

/** A ROLE_REPLY (header included, length checked); null when its role is none. */
export function readRole(frame: Uint8Array): RoleState | null {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const number = bytes.readUInt32BE(8);
  const role = ROLE_NAMES.find((name) => ROLES[name] === number);
  return role === undefined ? null : { role, generation: bytes.readBigUInt64BE(16) };
}

/** Whether generation `a` is newer than `b`: their distance, as a signed number of 64 bits, is above 0 (spec §6.3.4). */
export function isNewer(a: bigint, b: bigint): boolean {
  return BigInt.asIntN(64, a - b) > 0n;
}

/** The generation after `a`. */
export function after(a: bigint): bigint {
  return BigInt.asUintN(64, a + 1n);
}
