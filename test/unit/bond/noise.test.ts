import t from "tap";
import { NoiseHandshake } from "../../../src/bond/dataplane/noise.js";
import { sodium } from "../../../src/system/sodium.js";

const hex = (text: string) => Buffer.from(text, "hex");
const toHex = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString("hex");

// The vector of Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b that the cacophony project publishes (vectors/cacophony.txt).
const VECTOR = {
  prologue: "4a6f686e2047616c74",
  psk: "54686973206973206d7920417573747269616e20706572737065637469766521",
  initiator: "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
  responder: "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
  first: {
    payload: "4c756477696720766f6e204d69736573",
    message:
      "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944ed63df2f5a12aee1185ee9c50305f2ecf12421dcb53c047a63b784cf7c54a105",
  },
  second: {
    payload: "4d757272617920526f746862617264",
    message:
      "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088430e0fe7d5c0c9b92f7478716c8852f1b4f389edb75e3ebe546fafafd5b6f0f7",
  },
  transport: [
    { payload: "462e20412e20486179656b", message: "0fe04b26dcfbb69f8a6a94c61f1a26ef88769218d32f5d17c068a6" },
    { payload: "4361726c204d656e676572", message: "2239e0c540c01f09eb1f4cc5258fd5acfefff18a5a3773f21b7bfe" },
  ],
};

const make = (initiator: boolean, psk = VECTOR.psk) =>
  new NoiseHandshake(
    sodium,
    initiator,
    hex(psk),
    hex(VECTOR.prologue),
    hex(initiator ? VECTOR.initiator : VECTOR.responder),
  );

t.test("the published vector", async (t) => {
  const initiator = make(true);
  const responder = make(false);
  const first = initiator.writeInit(hex(VECTOR.first.payload));
  t.equal(toHex(first), VECTOR.first.message);
  t.equal(toHex(responder.readInit(first)), VECTOR.first.payload);
  const second = responder.writeResponse(first, hex(VECTOR.second.payload)) as Uint8Array;
  t.equal(toHex(second), VECTOR.second.message);
  t.equal(toHex(initiator.readResponse(second)), VECTOR.second.payload);
  const ends = [initiator.split(), responder.split()];
  t.same(ends[0]?.send, ends[1]?.receive);
  t.same(ends[0]?.receive, ends[1]?.send);
  const [toResponder, toInitiator] = VECTOR.transport;
  const sealed = (key: Uint8Array, payload: string) =>
    toHex(sodium.seal(key, Buffer.alloc(12), new Uint8Array(), hex(payload)));
  t.equal(sealed(ends[0]?.send as Uint8Array, toResponder?.payload as string), toResponder?.message);
  t.equal(sealed(ends[1]?.send as Uint8Array, toInitiator?.payload as string), toInitiator?.message);
});

t.test("what is not authentic is refused", async (t) => {
  const first = make(true).writeInit(hex("00"));
  t.equal(make(false, "00".repeat(32)).readInit(first), null, "another key");
  for (const at of [0, 31, 32, first.length - 1]) {
    const forged = Uint8Array.from(first);
    forged[at] = (forged[at] as number) ^ 1;
    t.equal(make(false).readInit(forged), null, `byte ${at} changed`);
  }
  t.equal(make(false).readInit(first.subarray(0, 40)), null, "cut short");
  const zero = Buffer.concat([Buffer.alloc(32), Buffer.alloc(16)]);
  t.equal(make(true).readResponse(zero), null, "a public key that gives the zero secret");
});
