// The part of sodium-native's interface that is used here; the package brings no types.
declare module "sodium-native" {
  type AeadSeal = (c: Buffer, m: Buffer, ad: Buffer, nsec: null, npub: Buffer, k: Buffer) => number;
  type AeadOpen = (m: Buffer, nsec: null, c: Buffer, ad: Buffer, npub: Buffer, k: Buffer) => number;
  const native: {
    crypto_generichash_batch(out: Buffer, parts: Buffer[]): void;
    crypto_scalarmult(out: Buffer, secret: Buffer, publicKey: Buffer): void;
    crypto_scalarmult_base(out: Buffer, secret: Buffer): void;
    crypto_aead_chacha20poly1305_ietf_encrypt: AeadSeal;
    crypto_aead_chacha20poly1305_ietf_decrypt: AeadOpen;
  };
  export default native;
}
