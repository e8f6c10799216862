/**
 * PreKeySignalMessage: the envelope that starts a session, repeated until the peer's first reply. It has no MAC of its
 * own. The keys of the inner message depend on the keys that it names, so that these are proved when the inner message
 * opens; the registration id is not, and on a session that is known already neither are the ids and the Kyber ciphertext.
 *
 * ```
 * 0x44 | protobuf { 1 one-time prekey id (optional), 2 base key (33), 3 identity key (33), 4 inner SignalMessage,
 *                   5 registration id, 6 signed prekey id, 7 Kyber prekey id, 8 Kyber ciphertext (1569) }
 * ```
 */
import type { Bytes } from '../bytes.ts';
import { KYBER1024_CIPHERTEXT_BYTES, KYBER1024_TYPE, MESSAGE_VERSION, VERSION_BYTE } from '../consts.ts';
import { PublicKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import { parseFields, Writer } from './codec.ts';
import { requireVersion, SignalMessage } from './signal-message.ts';

const layout = {
  1: 'u32',
  2: 'bytes',
  3: 'bytes',
  4: 'bytes',
  5: 'u32',
  6: 'u32',
  7: 'u32',
  8: 'bytes',
} as const;

/** What a PreKeySignalMessage is built from. Keys 33 bytes, Kyber ciphertext 1569. */
export interface PreKeyMessageParts {
  readonly registrationId: number;
  readonly preKeyId: number | undefined;
  readonly signedPreKeyId: number;
  readonly kyberPreKeyId: number;
  readonly kyberCiphertext: Uint8Array;
  readonly baseKey: Uint8Array;
  readonly identityKey: Uint8Array;
  /** A serialised SignalMessage. */
  readonly message: Uint8Array;
}

const versionByte = Uint8Array.of(VERSION_BYTE);

/** A parsed PreKeySignalMessage. */
export class PreKeySignalMessage {
  readonly #wire: Bytes;
  readonly #preKeyId: number | undefined;
  readonly #registrationId: number;
  readonly #signedPreKeyId: number;
  readonly #kyberPreKeyId: number;
  readonly #kyberCiphertext: Uint8Array;
  readonly #baseKey: PublicKey;
  readonly #identityKey: PublicKey;
  readonly #message: SignalMessage;

  private constructor(wire: Bytes) {
    requireVersion(wire);
    const fields = parseFields(wire.subarray(1), layout);
    this.#wire = wire;
    this.#preKeyId = fields.optionalInteger(1);
    this.#baseKey = PublicKey.deserialize(fields.bytes(2));
    this.#identityKey = PublicKey.deserialize(fields.bytes(3));
    this.#message = SignalMessage.deserialize(fields.bytes(4));
    this.#registrationId = fields.integer(5);
    this.#signedPreKeyId = fields.integer(6);
    this.#kyberPreKeyId = fields.integer(7);
    this.#kyberCiphertext = fields.bytes(8);
    if (
      this.#kyberCiphertext.length !== KYBER1024_CIPHERTEXT_BYTES ||
      this.#kyberCiphertext[0] !== KYBER1024_TYPE
    ) {
      throw new CryptoError('malformed', 'not a Kyber-1024 ciphertext');
    }
  }

  /** Reads the whole byte string. Throws `malformed`, `bad-version` or `bad-key`. */
  static deserialize(bytes: Uint8Array): PreKeySignalMessage {
    return new PreKeySignalMessage(new Uint8Array(bytes));
  }

  /** Serialised message of the given parts. */
  static _encode(parts: PreKeyMessageParts): Bytes {
    const writer = new Writer(1750 + parts.message.length).raw(versionByte);
    if (parts.preKeyId !== undefined) writer.integer(1, parts.preKeyId);
    return writer
      .bytes(2, parts.baseKey)
      .bytes(3, parts.identityKey)
      .bytes(4, parts.message)
      .integer(5, parts.registrationId)
      .integer(6, parts.signedPreKeyId)
      .integer(7, parts.kyberPreKeyId)
      .bytes(8, parts.kyberCiphertext)
      .finish();
  }

  serialize(): Bytes {
    return this.#wire.slice();
  }

  /** `null`, as libsignal has it, when the sender used no one-time prekey. */
  preKeyId(): number | null {
    return this.#preKeyId ?? null;
  }

  registrationId(): number {
    return this.#registrationId;
  }

  signedPreKeyId(): number {
    return this.#signedPreKeyId;
  }

  version(): number {
    return MESSAGE_VERSION;
  }

  _kyberPreKeyId(): number {
    return this.#kyberPreKeyId;
  }

  /** With its type byte, a view. */
  _kyberCiphertext(): Uint8Array {
    return this.#kyberCiphertext;
  }

  _baseKey(): PublicKey {
    return this.#baseKey;
  }

  _identityKey(): PublicKey {
    return this.#identityKey;
  }

  _message(): SignalMessage {
    return this.#message;
  }
}
