/**
 * X25519 key pairs and XEdDSA signatures in libsignal's flavour (xeddsa specification; it differs from the public
 * text in one point: the sign of the Edwards key travels in the top bit of the signature, instead of being forced to 0).
 *
 * A public key on the wire is the type byte 0x05 and the 32-byte u-coordinate.
 */
import { concat, equalBytes, toHex, utf8, wipe } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { EC_KEY_TYPE, EC_PUBLIC_KEY_BYTES } from './consts.ts';
import { CryptoError } from './errors.ts';
import { randomBytes } from './random.ts';
import {
  ed25519Verify,
  isPrimeOrderPoint,
  scalarMultiplyAdd,
  scalarMultiplyBase,
  scalarReduce,
  sha512,
  x25519,
  x25519Base,
} from './sodium.ts';
import { decodeIdentityKeyPair, encodeIdentityKeyPair } from './wire/key-pair.ts';

/** The field prime 2^255 - 19. */
const P = 2n ** 255n - 19n;

/** Prefix of the nonce hash: never the beginning of a clamped key (xeddsa section 2.5, hash_1). */
const NONCE_PREFIX = new Uint8Array(32).fill(0xff);
NONCE_PREFIX[0] = 0xfe;

/** What a signature over another identity of the same account begins with (libsignal's own convention). */
const ALTERNATE_IDENTITY_PREFIX = concat(new Uint8Array(32).fill(0xff), utf8('Signal_PNI_Signature'));

function fieldOf(littleEndian: Uint8Array): bigint {
  let value = 0n;
  for (let i = 31; i >= 0; i -= 1) value = (value << 8n) | BigInt(littleEndian[i] ?? 0);
  return value;
}

function bytesOf(field: bigint): Bytes {
  const bytes = new Uint8Array(32);
  let rest = field;
  for (let i = 0; i < 32; i += 1) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Inverse modulo p by the extended Euclidean algorithm. For public values only: its time depends on the value. */
function invert(value: bigint): bigint {
  let [a, b, x, y] = [value, P, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % P) + P) % P;
}

/**
 * The Edwards y-coordinate (32 bytes, sign bit 0) of a Montgomery u-coordinate: y = (u - 1) / (u + 1).
 * For u = -1, which has no image, it gives bytes that no signature check accepts.
 */
function edwardsForm(u: Uint8Array): Bytes {
  const value = (fieldOf(u) & ((1n << 255n) - 1n)) % P;
  const denominator = value + 1n;
  if (denominator === P) return new Uint8Array(32);
  return bytesOf((((value - 1n + P) % P) * invert(denominator)) % P);
}

/** Signers whose Edwards form is remembered: a few conversations' worth; each costs as much as a third of a check. */
const MAX_REMEMBERED_FORMS = 256;

const rememberedForms = new Map<string, Bytes>();

/** `edwardsForm`, remembered for the keys that were asked for last. Public values only. */
function rememberedEdwardsForm(u: Uint8Array): Bytes {
  const name = toHex(u);
  const known = rememberedForms.get(name);
  const form = known ?? edwardsForm(u);
  if (known !== undefined) rememberedForms.delete(name);
  rememberedForms.set(name, form);
  const oldest = rememberedForms.keys().next();
  if (rememberedForms.size > MAX_REMEMBERED_FORMS && oldest.done !== true)
    rememberedForms.delete(oldest.value);
  return form;
}

/** An X25519 public key, which also verifies XEdDSA signatures. */
export class PublicKey {
  /** The serialised form, 33 bytes. Shared within the room: never changed, never handed out. */
  readonly _wire: Bytes;
  #edwards: Bytes | undefined;

  private constructor(wire: Bytes) {
    this._wire = wire;
  }

  /** Reads exactly 33 bytes with type 0x05. Throws `bad-key` otherwise. */
  static deserialize(bytes: Uint8Array): PublicKey {
    PublicKey._check(bytes);
    return new PublicKey(new Uint8Array(bytes));
  }

  /** Throws `bad-key` unless the bytes have the form of a serialised public key. */
  static _check(bytes: Uint8Array): void {
    if (bytes.length !== EC_PUBLIC_KEY_BYTES || bytes[0] !== EC_KEY_TYPE) {
      throw new CryptoError('bad-key', 'not an X25519 public key');
    }
  }

  /** Of the bare 32-byte u-coordinate. */
  static _fromRaw(raw: Uint8Array): PublicKey {
    const wire = new Uint8Array(EC_PUBLIC_KEY_BYTES);
    wire[0] = EC_KEY_TYPE;
    wire.set(raw, 1);
    return new PublicKey(wire);
  }

  serialize(): Bytes {
    return this._wire.slice();
  }

  /** The 32-byte u-coordinate without the type byte. */
  getPublicKeyBytes(): Bytes {
    return this._wire.slice(1);
  }

  equals(other: PublicKey): boolean {
    return equalBytes(this._wire, other._wire);
  }

  /** Whether a 64-byte XEdDSA signature by this key's owner holds for the message. */
  verify(message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== 64) return false;
    this.#edwards ??= rememberedEdwardsForm(this._wire.subarray(1));
    const point = this.#edwards.slice();
    const plain = new Uint8Array(signature);
    const last = plain[63] ?? 0;
    point[31] = (point[31] ?? 0) | (last & 0x80);
    plain[63] = last & 0x7f;
    return ed25519Verify(point, message, plain);
  }

  /** Whether this identity vouches for another one of the same account, by `signAlternateIdentity`. */
  verifyAlternateIdentity(other: PublicKey, signature: Uint8Array): boolean {
    return this.verify(concat(ALTERNATE_IDENTITY_PREFIX, other._wire), signature);
  }

  /**
   * Whether the key is the canonical form of a point in the prime-order subgroup, as the base key of a first
   * message must be: otherwise one handshake could be told under several base keys.
   */
  _isPrimeOrder(): boolean {
    const u = this._wire.subarray(1);
    if (fieldOf(u) >= P) return false;
    this.#edwards ??= edwardsForm(u);
    return isPrimeOrderPoint(this.#edwards);
  }
}

/** An X25519 private key, clamped when it is loaded. */
export class PrivateKey {
  /** `undefined` once the key was erased: zeros in its place would be a key, and one that everybody knows. */
  #secret: Bytes | undefined;
  #publicKey: PublicKey | undefined;
  #signing: { readonly scalar: Bytes; readonly point: Bytes } | undefined;

  private constructor(secret: Bytes) {
    this.#secret = secret;
  }

  static generate(): PrivateKey {
    const secret = randomBytes(32);
    const key = PrivateKey.deserialize(secret);
    wipe(secret);
    return key;
  }

  /** Of 32 bytes, which are clamped (RFC 7748). Throws `bad-key` on another length. */
  static deserialize(bytes: Uint8Array): PrivateKey {
    if (bytes.length !== 32) throw new CryptoError('bad-key', 'not a private key');
    const secret = new Uint8Array(bytes);
    secret[0] = (secret[0] ?? 0) & 0xf8;
    secret[31] = ((secret[31] ?? 0) & 0x7f) | 0x40;
    return new PrivateKey(secret);
  }

  serialize(): Bytes {
    return this.#kept().slice();
  }

  /** Overwrites the key in memory; every use of it afterwards throws `misuse`. Not a call of libsignal. */
  erase(): void {
    if (this.#secret !== undefined) wipe(this.#secret);
    if (this.#signing !== undefined) wipe(this.#signing.scalar);
    this.#secret = undefined;
    this.#signing = undefined;
  }

  getPublicKey(): PublicKey {
    this.#publicKey ??= PublicKey._fromRaw(x25519Base(this.#kept()));
    return this.#publicKey;
  }

  /** X25519 with another's public key, 32 bytes. Throws `bad-key` when the result is all zero. */
  agree(other: PublicKey): Bytes {
    return x25519(this.#kept(), other._wire.subarray(1));
  }

  /** XEdDSA signature over the message, 64 bytes. Randomised. */
  sign(message: Uint8Array): Bytes {
    const secret = this.#kept();
    const { scalar, point } = (this.#signing ??= deriveSigning(secret));
    const noise = randomBytes(64);
    const wideNonce = sha512(NONCE_PREFIX, secret, message, noise);
    const nonce = scalarReduce(wideNonce);
    const commitment = scalarMultiplyBase(nonce);
    const challenge = scalarReduce(sha512(commitment, point, message));
    const response = scalarMultiplyAdd(challenge, scalar, nonce);
    wipe(noise, wideNonce, nonce);
    const signature = concat(commitment, response);
    signature[63] = (signature[63] ?? 0) | ((point[31] ?? 0) & 0x80);
    return signature;
  }

  #kept(): Bytes {
    if (this.#secret === undefined) throw new CryptoError('misuse', 'the private key was erased');
    return this.#secret;
  }
}

/** The scalar modulo the group order and its Edwards point, 32 bytes each. */
function deriveSigning(secret: Uint8Array): { readonly scalar: Bytes; readonly point: Bytes } {
  const wide = new Uint8Array(64);
  wide.set(secret);
  const scalar = scalarReduce(wide);
  wipe(wide);
  return { scalar, point: scalarMultiplyBase(scalar) };
}

/** The long-term key pair of a device or account. */
export class IdentityKeyPair {
  readonly publicKey: PublicKey;
  readonly privateKey: PrivateKey;

  constructor(publicKey: PublicKey, privateKey: PrivateKey) {
    this.publicKey = publicKey;
    this.privateKey = privateKey;
  }

  static generate(): IdentityKeyPair {
    const privateKey = PrivateKey.generate();
    return new IdentityKeyPair(privateKey.getPublicKey(), privateKey);
  }

  /** Reads libsignal's form: a protobuf of the public (1) and private key (2). */
  static deserialize(bytes: Uint8Array): IdentityKeyPair {
    const fields = decodeIdentityKeyPair(bytes);
    return new IdentityKeyPair(
      PublicKey.deserialize(fields.publicKey),
      PrivateKey.deserialize(fields.privateKey),
    );
  }

  serialize(): Bytes {
    return encodeIdentityKeyPair(this.publicKey._wire, this.privateKey.serialize());
  }

  /** Signs another identity of the same account, for `PublicKey.verifyAlternateIdentity`. */
  signAlternateIdentity(other: PublicKey): Bytes {
    return this.privateKey.sign(concat(ALTERNATE_IDENTITY_PREFIX, other._wire));
  }
}
