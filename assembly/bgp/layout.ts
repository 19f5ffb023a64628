// Numbers that assembly/bgp and src/wasm/bgp.ts share. Integers only: this file compiles under asc and tsc alike.

export const LAYOUT_VERSION = 1;
