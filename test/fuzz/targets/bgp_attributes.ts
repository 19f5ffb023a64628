// Any attribute code with any value: it decodes to something that JSON can say; what is made of fields comes back.

import { attributeRow } from "../../../src/bgp/attributes.js";
import type { FuzzTarget } from "../registry.js";

/** Codes whose JSON brings back every value; the others are checked by Wasm before they are shown. */
const LOSSLESS = new Set([22, 26, 29, 40]);

const seed = (code: number, hex: string) => Uint8Array.from([code, 0, ...Buffer.from(hex, "hex")]);

const target: FuzzTarget = {
  name: "bgp_attributes",
  seeds: [
    seed(2, "02020000fde90000fdea010100000001"),
    seed(7, "0000fde901010101"),
    seed(14, "001946047f2e00020003110000fdea0000006400000064200a000001"),
    seed(16, "0002fdea00000064030c0000000000080601010000002711"),
    seed(22, "00060003e80a000001"),
    seed(23, "000f000e0c060000000000640d06000003e81000"),
    seed(25, "000220010db80000000000000000000000010064"),
    seed(26, "01000b000000000000000a"),
    seed(29, "04000001100402000272310403000349000104040004010101010447000300000a044b0007300500000061a8"),
    seed(29, "045200 1e003900000000a00100000005e002000000000000000004e4000420101000".replace(" ", "")),
    seed(32, "0000fde90000000100000002"),
    seed(40, "0100070000000000012c03000e00000c35000010000f4240001388"),
    seed(40, "0500220001001e002005bb00011200000000000000000000000000003f0001000620101000103000"),
  ],
  run(bytes) {
    const code = bytes[0] ?? 0;
    const mode = bytes[1] ?? 0;
    const value = Buffer.from(bytes.subarray(2, 65_000));
    const context = { protocolId: mode >> 1, vxlan: (mode & 1) === 1 };
    const { codec } = attributeRow(code);
    const text = JSON.stringify(codec.decode(value, (mode & 1) === 1 ? 2 : 4, context));
    if (text === undefined) throw new Error("no JSON");
    if (LOSSLESS.has(code) && !codec.encode(JSON.parse(text), 4, context).equals(value))
      throw new Error("not the same");
  },
};

export default target;
