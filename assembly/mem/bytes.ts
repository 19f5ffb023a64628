// Big-endian loads and stores: what the wire uses, on a little-endian machine.
// Contract: the caller has already checked that the bytes are inside its message; nothing here checks.

export function loadU16(p: usize): u32 {
  return bswap<u16>(load<u16>(p));
}

export function loadU24(p: usize): u32 {
  return ((<u32>load<u8>(p)) << 16) | loadU16(p + 1);
}

export function loadU32(p: usize): u32 {
  return bswap<u32>(load<u32>(p));
}

export function loadU64(p: usize): u64 {
  return bswap<u64>(load<u64>(p));
}

export function storeU16(p: usize, value: u32): void {
  store<u16>(p, bswap<u16>(<u16>value));
}

export function storeU24(p: usize, value: u32): void {
  store<u8>(p, value >>> 16);
  storeU16(p + 1, value);
}

export function storeU32(p: usize, value: u32): void {
  store<u32>(p, bswap<u32>(value));
}

export function storeU64(p: usize, value: u64): void {
  store<u64>(p, bswap<u64>(value));
}
