// Numbers that assembly/bond and src/wasm/bond.ts share. Integers only: this file compiles under asc and tsc alike.

export const LAYOUT_VERSION = 1;
