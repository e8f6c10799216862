/**
 * Safety numbers: a number of 60 digits that two people compare, and its scannable form (facts: libsignal's numeric fingerprint).
 * Each side's half is a hash over key and identifier, made slow by iteration so that nobody makes keys with similar numbers.
 */
import { equalBytes, type Bytes } from './bytes.ts';
import { CryptoError } from './errors.ts';
import type { PublicKey } from './ec.ts';
import { sha512, sha512Chain } from './sodium.ts';
import { parseFields, Writer } from './wire/codec.ts';

/** libsignal's bounds: one round is refused, a million takes half a second. */
const MIN_ITERATIONS = 2;
const MAX_ITERATIONS = 1_000_000;
/** Version of the hash itself, its first two bytes; the caller's version goes into the scannable form only. */
const HASH_VERSION = new Uint8Array(2);
/** What the scannable form holds of each half. */
const SCANNABLE_HASH_BYTES = 32;
const GROUPS = 6;
const GROUP_BYTES = 5;

/** h0 = SHA-512(version 2 | key 33 | identifier | key 33), then h = SHA-512(h | key), `iterations` hashes in all. */
function halfHash(iterations: number, identifier: Uint8Array, key: PublicKey): Bytes {
  const wire = key.serialize();
  return sha512Chain(sha512(HASH_VERSION, wire, identifier, wire), wire, iterations - 1);
}

/** 30 digits: six groups of five bytes, big-endian, modulo 100,000. */
function digitsOf(hash: Uint8Array): string {
  let digits = '';
  for (let group = 0; group < GROUPS; group += 1) {
    let value = 0;
    for (let i = 0; i < GROUP_BYTES; i += 1) value = value * 256 + (hash[group * GROUP_BYTES + i] ?? 0);
    digits += String(value % 100_000).padStart(5, '0');
  }
  return digits;
}

interface ScannableFields {
  readonly version: number;
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
}

function parseHalf(input: Uint8Array): Uint8Array {
  return parseFields(input, { 1: 'bytes' }).bytes(1, SCANNABLE_HASH_BYTES);
}

/** Protobuf: 1 version, 2 own half, 3 the other's half, each { 1: first 32 bytes of the hash }. */
function parseScannable(input: Uint8Array): ScannableFields {
  const fields = parseFields(input, { 1: 'u32', 2: 'bytes', 3: 'bytes' });
  return {
    version: fields.integer(1),
    local: parseHalf(fields.bytes(2)),
    remote: parseHalf(fields.bytes(3)),
  };
}

/** What a QR code carries. */
export class ScannableFingerprint {
  readonly #bytes: Bytes;

  private constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** Takes scanned bytes as they are; `compare` reads them. */
  static _fromBuffer(bytes: Uint8Array): ScannableFingerprint {
    return new ScannableFingerprint(new Uint8Array(bytes));
  }

  /**
   * Whether the other side shows the same two keys, seen from there. Throws `malformed` for bytes that are no scannable fingerprint,
   * `bad-version` when the versions differ.
   */
  compare(other: ScannableFingerprint): boolean {
    const ours = parseScannable(this.#bytes);
    const theirs = parseScannable(other.#bytes);
    if (ours.version !== theirs.version)
      throw new CryptoError('bad-version', 'fingerprints of different versions');
    const localMatches = equalBytes(ours.local, theirs.remote);
    const remoteMatches = equalBytes(ours.remote, theirs.local);
    return localMatches && remoteMatches;
  }

  toBuffer(): Bytes {
    return this.#bytes.slice();
  }
}

/** What people read to each other: 60 digits without blanks, the same on both sides. */
export class DisplayableFingerprint {
  readonly #digits: string;

  private constructor(digits: string) {
    this.#digits = digits;
  }

  static _fromString(digits: string): DisplayableFingerprint {
    return new DisplayableFingerprint(digits);
  }

  toString(): string {
    return this.#digits;
  }
}

/** The safety number of two identities. */
export class Fingerprint {
  readonly #version: number;
  readonly #local: Bytes;
  readonly #remote: Bytes;

  private constructor(version: number, local: Bytes, remote: Bytes) {
    this.#version = version;
    this.#local = local;
    this.#remote = remote;
  }

  /**
   * Computes both halves (5,200 iterations is the usual count, some 8 ms). Identifiers are any bytes, on both sides the same for the
   * same person. Throws `misuse` outside 2 to 1,000,000 iterations or for a version that is no unsigned 32-bit integer.
   */
  static new(
    iterations: number,
    version: number,
    localIdentifier: Uint8Array,
    localKey: PublicKey,
    remoteIdentifier: Uint8Array,
    remoteKey: PublicKey,
  ): Fingerprint {
    if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
      throw new CryptoError('misuse', 'invalid fingerprint iterations');
    }
    if (!Number.isInteger(version) || version < 0 || version > 0xffff_ffff) {
      throw new CryptoError('misuse', 'invalid fingerprint version');
    }
    return new Fingerprint(
      version,
      halfHash(iterations, localIdentifier, localKey),
      halfHash(iterations, remoteIdentifier, remoteKey),
    );
  }

  /** The two halves of 30 digits, the smaller first. */
  displayableFingerprint(): DisplayableFingerprint {
    const halves = [digitsOf(this.#local), digitsOf(this.#remote)].sort();
    return DisplayableFingerprint._fromString(halves.join(''));
  }

  scannableFingerprint(): ScannableFingerprint {
    const half = (hash: Uint8Array): Bytes =>
      new Writer(34).bytes(1, hash.subarray(0, SCANNABLE_HASH_BYTES)).finish();
    const message = new Writer(80)
      .integer(1, this.#version)
      .bytes(2, half(this.#local))
      .bytes(3, half(this.#remote))
      .finish();
    return ScannableFingerprint._fromBuffer(message);
  }
}
