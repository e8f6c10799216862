/** Small schemas that many messages share, each a function of the carrier's byte kind where it holds bytes. */
import { Array as List, Integer, Object as Shape, Optional, String, type TSchema } from 'typebox';
import type { ByteKind } from './bytes.ts';
import { ID_BYTES } from './ids.ts';
import { LIMITS } from './limits.ts';

/** An object whose unknown properties are refused. */
export const CLOSED = { additionalProperties: false } as const;

/** Milliseconds since 1970 UTC. */
export const Instant = Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
/** A counter that only grows. */
export const Counter = Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A prekey id: 24 bits, 0 excluded. */
export const PreKeyId = Integer({ minimum: 1, maximum: 0xff_ffff });
/** The number of a request on a socket, chosen by the client, echoed as `re`. */
export const RequestNumber = Integer({ minimum: 0, maximum: 0xffff_ffff });
/** Username: lower-case letters, digits, dot, hyphen, underscore; starts with a letter, no two marks in a row, ends on letter or digit. */
export const Username = String({
  minLength: LIMITS.usernameMin,
  maxLength: LIMITS.usernameMax,
  pattern: '^[a-z](?:[._-]?[a-z0-9])*$',
});
/** Web origin (RFC 6454) that a login is meant for. */
export const Origin = String({ minLength: 8, maxLength: 260, pattern: '^https?://[^/?#@\\s]+$' });

/** Bytes of a serialised X25519 public key with its type byte. */
export const EC_KEY_BYTES = 33;
/** Bytes of a serialised Kyber-1024 public key with its type byte. */
export const KYBER_KEY_BYTES = 1569;
/** Bytes of XEdDSA and Ed25519 signatures. */
export const SIGNATURE_BYTES = 64;
/** Bytes of SHA-256 hashes, delivery keys, nonces, raw Ed25519 public keys. */
export const HASH_BYTES = 32;

/** An id of 16 bytes. */
export function Id<Schema extends TSchema>(bytes: ByteKind<Schema>): Schema {
  return bytes(ID_BYTES);
}

/** A signed byte string and its signature. */
export function Signed<Schema extends TSchema>(bytes: ByteKind<Schema>, most: number) {
  return Shape({ bytes: bytes(1, most), signature: bytes(SIGNATURE_BYTES) }, CLOSED);
}

/** A one-time EC prekey. */
export function OneTimePreKey<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape({ id: PreKeyId, publicKey: bytes(EC_KEY_BYTES) }, CLOSED);
}
/** A signed EC prekey. */
export function SignedPreKey<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape({ id: PreKeyId, publicKey: bytes(EC_KEY_BYTES), signature: bytes(SIGNATURE_BYTES) }, CLOSED);
}
/** A Kyber prekey, one-time or last-resort. */
export function KyberPreKey<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    { id: PreKeyId, publicKey: bytes(KYBER_KEY_BYTES), signature: bytes(SIGNATURE_BYTES) },
    CLOSED,
  );
}

/** What a device uploads: its signed keys and statement, and batches of one-time keys. Absent parts stay as they are. */
export function PreKeyUpload<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      signed: Optional(SignedPreKey(bytes)),
      lastResort: Optional(KyberPreKey(bytes)),
      statement: Optional(Signed(bytes, LIMITS.statementMaxBytes)),
      oneTime: List(OneTimePreKey(bytes), { maxItems: LIMITS.prekeyBatch }),
      oneTimeKyber: List(KyberPreKey(bytes), { maxItems: LIMITS.prekeyBatch }),
    },
    CLOSED,
  );
}

/** The first upload of a device: nothing may be absent. */
export function FirstPreKeyUpload<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      signed: SignedPreKey(bytes),
      lastResort: KyberPreKey(bytes),
      statement: Signed(bytes, LIMITS.statementMaxBytes),
      oneTime: List(OneTimePreKey(bytes), { maxItems: LIMITS.prekeyBatch }),
      oneTimeKyber: List(KyberPreKey(bytes), { maxItems: LIMITS.prekeyBatch }),
    },
    CLOSED,
  );
}

/** One device's prekey bundle as handed out. Identity key and registration id are in the signed list, not here. */
export function Bundle<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      device: Id(bytes),
      signed: SignedPreKey(bytes),
      kyber: KyberPreKey(bytes),
      oneTime: Optional(OneTimePreKey(bytes)),
      statement: Signed(bytes, LIMITS.statementMaxBytes),
    },
    CLOSED,
  );
}

/** An account's public directory entry: account key, signed device list, departures of devices that the list still names. */
export function Directory<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      account: Id(bytes),
      accountKey: bytes(EC_KEY_BYTES),
      list: Signed(bytes, LIMITS.deviceListMaxBytes),
      departures: List(Signed(bytes, LIMITS.departureMaxBytes), { maxItems: LIMITS.devicesPerAccount }),
    },
    CLOSED,
  );
}

/** One device's part of a send: an envelope, or an explicit skip of an inactive or departed device. */
export function Addressed<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      device: Id(bytes),
      /** Absent: this device is skipped. */
      envelope: Optional(Shape({ id: Id(bytes), body: bytes(1, LIMITS.envelopeMaxBytes) }, CLOSED)),
    },
    CLOSED,
  );
}

/** The vault key wrapped for one way in: `passphrase`, later passkeys. */
export function Wrap<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape({ way: String({ pattern: '^[a-z]{1,16}$' }), sealed: bytes(1, LIMITS.wrapMaxBytes) }, CLOSED);
}

/** Credentials as the server keeps them: login key, vault, wraps, one version for all three. */
export function Credentials<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      version: Counter,
      loginKey: bytes(HASH_BYTES),
      vault: bytes(1, LIMITS.vaultMaxBytes),
      wraps: List(Wrap(bytes), { minItems: 1, maxItems: LIMITS.wrapsMax }),
    },
    CLOSED,
  );
}

/** A versioned ciphertext that its owner replaces whole. */
export function Versioned<Schema extends TSchema>(bytes: ByteKind<Schema>, most: number) {
  return Shape({ version: Counter, sealed: bytes(1, most) }, CLOSED);
}
