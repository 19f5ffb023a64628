// Numbers that assembly/openflow and src/wasm/openflow.ts share. Integers only: this file compiles under asc and tsc alike.

export const LAYOUT_VERSION = 1;
