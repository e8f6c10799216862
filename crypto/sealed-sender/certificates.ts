/**
 * Certificates of sealed sender, in libsignal's form: a server certificate names a signing key under a trust root, a sender certificate
 * names address, identity key and expiry under that signing key. Both are XEdDSA signatures over their own protobuf bytes.
 *
 * [Note: Self-issued certificates] Tacet's server signs nothing. A sender is its own trust root: server key and trust root are its
 * identity key, and the free E.164 field carries the account's UUID. The signatures therefore prove nothing beyond the key itself; who
 * holds that key is told by the account's signed device list, which the client checks before it believes a certificate.
 * Native libsignal 0.103 issues, reads and validates such certificates, and its decrypt-to-content call asks for no trust root.
 */
import { Aci, formatUuid, parseUuid } from '../address.ts';
import { parseUtf8, utf8, type Bytes } from '../bytes.ts';
import { MAX_DEVICE_ID, MIN_DEVICE_ID } from '../consts.ts';
import { PublicKey, type IdentityKeyPair, type PrivateKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import { parseFields, Writer } from '../wire/codec.ts';

const SIGNATURE_BYTES = 64;
/** The one key id that libsignal has revoked; refused here too, so that both engines judge alike. */
const REVOKED_SERVER_KEY_ID = 0xdeadc357;
/** Device id of every Tacet address: the device is told by its UUID. */
const OWN_DEVICE_ID = 1;
/** Key id in self-issued server certificates. */
const SELF_ISSUED_KEY_ID = 1;

function certificateError(what: string): CryptoError {
  return new CryptoError('bad-certificate', what);
}

/** A signing key under a trust root: protobuf { 1: { 1 key id, 2 key 33 B }, 2: signature 64 B }. */
export class ServerCertificate {
  readonly #bytes: Bytes;
  readonly #certificate: Uint8Array;
  readonly #signature: Uint8Array;
  readonly #keyId: number;
  readonly #key: PublicKey;

  private constructor(bytes: Bytes) {
    const outer = parseFields(bytes, { 1: 'bytes', 2: 'bytes' });
    const certificate = outer.bytes(1);
    const inner = parseFields(certificate, { 1: 'u32', 2: 'bytes' });
    this.#bytes = bytes;
    this.#certificate = certificate;
    this.#signature = outer.bytes(2, SIGNATURE_BYTES);
    this.#keyId = inner.integer(1);
    this.#key = PublicKey.deserialize(inner.bytes(2));
  }

  /** Issues one. `keyId` is an unsigned 32-bit integer. */
  static new(keyId: number, serverKey: PublicKey, trustRoot: PrivateKey): ServerCertificate {
    if (!Number.isInteger(keyId) || keyId < 0 || keyId > 0xffff_ffff)
      throw new CryptoError('misuse', 'key id out of range');
    const certificate = new Writer(48).integer(1, keyId).bytes(2, serverKey.serialize()).finish();
    return new ServerCertificate(
      new Writer(112).bytes(1, certificate).bytes(2, trustRoot.sign(certificate)).finish(),
    );
  }

  /** Throws `malformed` or `bad-key`. Signatures are checked by `SenderCertificate.validate`, not here. */
  static deserialize(bytes: Uint8Array): ServerCertificate {
    return new ServerCertificate(new Uint8Array(bytes));
  }

  serialize(): Bytes {
    return this.#bytes.slice();
  }
  /** The signed bytes. */
  certificateData(): Bytes {
    return new Uint8Array(this.#certificate);
  }
  signature(): Bytes {
    return new Uint8Array(this.#signature);
  }
  keyId(): number {
    return this.#keyId;
  }
  key(): PublicKey {
    return this.#key;
  }

  /** Whether one of the trust roots signed this certificate. All are tried, so that the time does not tell which. */
  _isSignedByOneOf(trustRoots: readonly PublicKey[]): boolean {
    let found = false;
    for (const root of trustRoots) found = root.verify(this.#certificate, this.#signature) || found;
    return found && this.#keyId !== REVOKED_SERVER_KEY_ID;
  }
}

const senderLayout = {
  1: 'bytes',
  2: 'u32',
  3: 'fixed64',
  4: 'bytes',
  5: 'bytes',
  6: 'bytes',
  7: 'bytes',
  8: 'u32',
} as const;

/**
 * Who sends: protobuf { 1: certificate, 2: signature 64 B }, the certificate { 1 E.164 (optional text), 2 device id, 3 expiry (fixed64,
 * ms), 4 identity key 33 B, 5 server certificate, 6 UUID text or 7 UUID bytes }. Field 8 (a server certificate known by its id) belongs
 * to Signal's own servers and is refused.
 */
export class SenderCertificate {
  readonly #bytes: Bytes;
  readonly #certificate: Uint8Array;
  readonly #signature: Uint8Array;
  readonly #senderUuid: string;
  readonly #senderE164: string | undefined;
  readonly #deviceId: number;
  readonly #expiration: number;
  readonly #key: PublicKey;
  readonly #serverCertificate: ServerCertificate;

  private constructor(bytes: Bytes) {
    const outer = parseFields(bytes, { 1: 'bytes', 2: 'bytes' });
    const certificate = outer.bytes(1);
    const inner = parseFields(certificate, senderLayout);
    const uuid = inner.optionalBytes(6);
    const uuidBinary = inner.optionalBytes(7);
    if ((uuid === undefined) === (uuidBinary === undefined) || inner.optionalInteger(8) !== undefined) {
      throw new CryptoError('malformed', 'not a sender certificate');
    }
    const e164 = inner.optionalBytes(1);
    const deviceId = inner.integer(2);
    if (deviceId < MIN_DEVICE_ID || deviceId > MAX_DEVICE_ID) {
      throw new CryptoError('malformed', 'device id out of range');
    }
    this.#bytes = bytes;
    this.#certificate = certificate;
    this.#signature = outer.bytes(2, SIGNATURE_BYTES);
    this.#senderUuid = uuid === undefined ? formatUuid(inner.bytes(7, 16)) : parseUtf8(uuid);
    this.#senderE164 = e164 === undefined ? undefined : parseUtf8(e164);
    this.#deviceId = deviceId;
    this.#expiration = inner.integer(3);
    this.#key = PublicKey.deserialize(inner.bytes(4));
    this.#serverCertificate = ServerCertificate.deserialize(inner.bytes(5));
  }

  /** Issues one; `expiration` in milliseconds since 1970 UTC. Throws `misuse` for a device id or expiry out of range. */
  static new(
    senderUuid: string | Aci,
    senderE164: string | null,
    senderDeviceId: number,
    senderKey: PublicKey,
    expiration: number,
    signerCert: ServerCertificate,
    signerKey: PrivateKey,
  ): SenderCertificate {
    if (
      !Number.isInteger(senderDeviceId) ||
      senderDeviceId < MIN_DEVICE_ID ||
      senderDeviceId > MAX_DEVICE_ID
    ) {
      throw new CryptoError('misuse', 'device id out of range');
    }
    if (!Number.isSafeInteger(expiration) || expiration < 0)
      throw new CryptoError('misuse', 'expiry out of range');
    const writer = new Writer(256);
    if (senderE164 !== null) writer.bytes(1, utf8(senderE164));
    const certificate = writer
      .integer(2, senderDeviceId)
      .fixed64(3, expiration)
      .bytes(4, senderKey.serialize())
      .bytes(5, signerCert.serialize())
      .bytes(6, utf8(typeof senderUuid === 'string' ? senderUuid : senderUuid.getServiceIdString()))
      .finish();
    return new SenderCertificate(
      new Writer(320).bytes(1, certificate).bytes(2, signerKey.sign(certificate)).finish(),
    );
  }

  /** Throws `malformed` or `bad-key`. Signatures and expiry are checked by `validate`, not here. */
  static deserialize(bytes: Uint8Array): SenderCertificate {
    return new SenderCertificate(new Uint8Array(bytes));
  }

  serialize(): Bytes {
    return this.#bytes.slice();
  }
  /** The signed bytes. */
  certificate(): Bytes {
    return new Uint8Array(this.#certificate);
  }
  signature(): Bytes {
    return new Uint8Array(this.#signature);
  }
  /** Milliseconds since 1970 UTC. */
  expiration(): number {
    return this.#expiration;
  }
  key(): PublicKey {
    return this.#key;
  }
  senderUuid(): string {
    return this.#senderUuid;
  }
  /** `null`, as libsignal has it, when the sender's name is no UUID. */
  senderAci(): Aci | null {
    const uuid = parseUuid(this.#senderUuid);
    return uuid === undefined ? null : Aci.fromUuidBytes(uuid);
  }
  senderE164(): string | null {
    return this.#senderE164 ?? null;
  }
  senderDeviceId(): number {
    return this.#deviceId;
  }
  serverCertificate(): ServerCertificate {
    return this.#serverCertificate;
  }

  /** Whether the chain ends in the trust root and `time` (ms) is not past the expiry. */
  validate(trustRoot: PublicKey, time: number): boolean {
    return this.validateWithTrustRoots([trustRoot], time);
  }

  /** The same with several roots, one of which must have signed the server certificate. */
  validateWithTrustRoots(trustRoots: readonly PublicKey[], time: number): boolean {
    const rooted = this.#serverCertificate._isSignedByOneOf(trustRoots);
    const signed = this.#serverCertificate.key().verify(this.#certificate, this.#signature);
    return rooted && signed && time <= this.#expiration;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Who a self-issued certificate says it is. Believed only if the account's signed device list pairs device and key. */
export interface SelfIssuedSender {
  /** UUID text, lower case. */
  readonly accountId: string;
  /** UUID text, lower case; the name of the Signal address, whose device id is 1. */
  readonly deviceUuid: string;
  readonly identityKey: PublicKey;
  /** Milliseconds since 1970 UTC. */
  readonly expiresAt: number;
}

/** Issues the certificate of [Note: Self-issued certificates]: 298 bytes. Throws `misuse` for ids that are no lower-case UUID text. */
export function issueSelfSignedCertificate(sender: {
  readonly accountId: string;
  readonly deviceUuid: string;
  readonly identityKeyPair: IdentityKeyPair;
  readonly expiresAt: number;
}): SenderCertificate {
  const { accountId, deviceUuid, identityKeyPair, expiresAt } = sender;
  if (!UUID.test(accountId) || !UUID.test(deviceUuid))
    throw new CryptoError('misuse', 'ids must be UUID text');
  const { publicKey, privateKey } = identityKeyPair;
  const server = ServerCertificate.new(SELF_ISSUED_KEY_ID, publicKey, privateKey);
  return SenderCertificate.new(
    deviceUuid,
    accountId,
    OWN_DEVICE_ID,
    publicKey,
    expiresAt,
    server,
    privateKey,
  );
}

/**
 * Reads a self-issued certificate that came out of a seal. `at` in milliseconds since 1970 UTC. Throws `bad-certificate` unless it is
 * complete, ends in its own identity key and has not expired.
 */
export function parseSelfSignedCertificate(certificate: SenderCertificate, at: number): SelfIssuedSender {
  const accountId = certificate.senderE164();
  const deviceUuid = certificate.senderUuid();
  const identityKey = certificate.key();
  if (accountId === null || !UUID.test(accountId) || !UUID.test(deviceUuid))
    throw certificateError('ids are no UUID text');
  if (certificate.senderDeviceId() !== OWN_DEVICE_ID) throw certificateError('unexpected device id');
  if (!certificate.serverCertificate().key().equals(identityKey))
    throw certificateError('not issued by its own key');
  if (!certificate.validate(identityKey, at)) throw certificateError('expired or not signed by its own key');
  return { accountId, deviceUuid, identityKey, expiresAt: certificate.expiration() };
}
