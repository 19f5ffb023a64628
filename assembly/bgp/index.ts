import { LAYOUT_VERSION } from "./layout";

export function layoutVersion(): u32 {
  return LAYOUT_VERSION;
}
