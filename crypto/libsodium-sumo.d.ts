/**
 * Types of the raw libsodium module (the WebAssembly exports without the wrapper layer), as far as
 * `sodium.ts` uses them. Pointers are byte offsets into `HEAPU8`; 64-bit lengths are split in low and high half.
 */
declare module 'libsodium-sumo' {
  type Pointer = number;
  /** Zero means success. */
  type Status = number;

  interface RawSodium {
    /** The module's memory. Replaced when the memory grows, so it is read anew for every call. */
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    _malloc(sizeBytes: number): Pointer;
    _free(pointer: Pointer): void;
    _sodium_init(): Status;

    _crypto_scalarmult(out: Pointer, scalar: Pointer, point: Pointer): Status;
    _crypto_scalarmult_base(out: Pointer, scalar: Pointer): Status;

    _crypto_sign_ed25519_seed_keypair(publicKey: Pointer, secretKey: Pointer, seed: Pointer): Status;
    _crypto_sign_ed25519_detached(
      signature: Pointer,
      signatureLength: Pointer,
      message: Pointer,
      lengthLow: number,
      lengthHigh: number,
      secretKey: Pointer,
    ): Status;
    _crypto_sign_ed25519_verify_detached(
      signature: Pointer,
      message: Pointer,
      lengthLow: number,
      lengthHigh: number,
      publicKey: Pointer,
    ): Status;

    _crypto_core_ed25519_is_valid_point(point: Pointer): number;
    _crypto_core_ed25519_scalar_reduce(out: Pointer, wide: Pointer): void;
    _crypto_core_ed25519_scalar_mul(out: Pointer, left: Pointer, right: Pointer): void;
    _crypto_core_ed25519_scalar_add(out: Pointer, left: Pointer, right: Pointer): void;
    _crypto_scalarmult_ed25519_base_noclamp(out: Pointer, scalar: Pointer): Status;

    _crypto_hash_sha256(out: Pointer, input: Pointer, lengthLow: number, lengthHigh: number): Status;
    _crypto_hash_sha512(out: Pointer, input: Pointer, lengthLow: number, lengthHigh: number): Status;
    _crypto_hash_sha3256(out: Pointer, input: Pointer, lengthLow: number, lengthHigh: number): Status;
    _crypto_hash_sha3512(out: Pointer, input: Pointer, lengthLow: number, lengthHigh: number): Status;

    _crypto_auth_hmacsha256_statebytes(): number;
    _crypto_auth_hmacsha256_init(state: Pointer, key: Pointer, keyLength: number): Status;
    _crypto_auth_hmacsha256_update(
      state: Pointer,
      input: Pointer,
      lengthLow: number,
      lengthHigh: number,
    ): Status;
    _crypto_auth_hmacsha256_final(state: Pointer, out: Pointer): Status;

    _crypto_kdf_hkdf_sha256_extract(
      prk: Pointer,
      salt: Pointer,
      saltLength: number,
      input: Pointer,
      inputLength: number,
    ): Status;
    _crypto_kdf_hkdf_sha256_expand(
      out: Pointer,
      outLength: number,
      info: Pointer,
      infoLength: number,
      prk: Pointer,
    ): Status;

    _crypto_xof_shake128_statebytes(): number;
    _crypto_xof_shake128_init(state: Pointer): Status;
    _crypto_xof_shake128_update(
      state: Pointer,
      input: Pointer,
      lengthLow: number,
      lengthHigh: number,
    ): Status;
    _crypto_xof_shake128_squeeze(state: Pointer, out: Pointer, outLength: number): Status;
    _crypto_xof_shake256_statebytes(): number;
    _crypto_xof_shake256_init(state: Pointer): Status;
    _crypto_xof_shake256_update(
      state: Pointer,
      input: Pointer,
      lengthLow: number,
      lengthHigh: number,
    ): Status;
    _crypto_xof_shake256_squeeze(state: Pointer, out: Pointer, outLength: number): Status;

    _crypto_pwhash(
      out: Pointer,
      outLengthLow: number,
      outLengthHigh: number,
      password: Pointer,
      passwordLengthLow: number,
      passwordLengthHigh: number,
      salt: Pointer,
      passesLow: number,
      passesHigh: number,
      memoryBytes: number,
      algorithm: number,
    ): Status;

    _crypto_aead_xchacha20poly1305_ietf_encrypt(
      out: Pointer,
      outLength: Pointer,
      message: Pointer,
      lengthLow: number,
      lengthHigh: number,
      data: Pointer,
      dataLengthLow: number,
      dataLengthHigh: number,
      secretNonce: Pointer,
      nonce: Pointer,
      key: Pointer,
    ): Status;
    _crypto_aead_xchacha20poly1305_ietf_decrypt(
      out: Pointer,
      outLength: Pointer,
      secretNonce: Pointer,
      sealed: Pointer,
      lengthLow: number,
      lengthHigh: number,
      data: Pointer,
      dataLengthLow: number,
      dataLengthHigh: number,
      nonce: Pointer,
      key: Pointer,
    ): Status;
  }

  export default function load(options: { readonly getRandomValue: () => number }): Promise<RawSodium>;
}
