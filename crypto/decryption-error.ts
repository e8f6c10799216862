/**
 * libsignal's "please resend": which message could not be read, and the unencrypted content that carries it. Tacet refuses plaintext
 * contents from others and asks inside the encryption; both are here so that programs written for libsignal run.
 */
import { concat, type Bytes } from './bytes.ts';
import {
  CiphertextMessage,
  CiphertextMessageType,
  type CiphertextMessageConvertible,
} from './ciphertext-message.ts';
import { PublicKey } from './ec.ts';
import { CryptoError } from './errors.ts';
import { parseFields, Writer } from './wire/codec.ts';
import { PreKeySignalMessage } from './wire/prekey-message.ts';
import { SignalMessage } from './wire/signal-message.ts';

/** First byte of a plaintext content, and the byte that ends every content body (padding without length). */
const PLAINTEXT_VERSION = 0xc0;
const BODY_END = 0x80;
/** Field of a content that holds a decryption error. */
const CONTENT_FIELD = 8;

function ratchetKeyOf(bytes: Uint8Array, type: CiphertextMessageType): PublicKey | undefined {
  switch (type) {
    case CiphertextMessageType.Whisper:
      return PublicKey.deserialize(SignalMessage.deserialize(bytes)._parts().ratchetKey);
    case CiphertextMessageType.PreKey:
      return PublicKey.deserialize(PreKeySignalMessage.deserialize(bytes)._message()._parts().ratchetKey);
    case CiphertextMessageType.SenderKey:
      return undefined;
    case CiphertextMessageType.Plaintext:
      throw new CryptoError('misuse', 'a plaintext content is not encrypted');
  }
  throw new CryptoError('misuse', 'unknown message type');
}

/** Names a message that could not be read: protobuf { 1 ratchet key 33 B (optional), 2 timestamp, 3 device id }. */
export class DecryptionErrorMessage {
  readonly #wire: Bytes;
  readonly #ratchetKey: PublicKey | undefined;
  readonly #timestamp: number;
  readonly #deviceId: number;

  private constructor(wire: Bytes) {
    const fields = parseFields(wire, { 1: 'bytes', 2: 'u53', 3: 'u32' });
    const key = fields.optionalBytes(1);
    this.#wire = wire;
    this.#ratchetKey = key === undefined ? undefined : PublicKey.deserialize(key);
    this.#timestamp = fields.integer(2);
    this.#deviceId = fields.optionalInteger(3) ?? 0;
  }

  /**
   * About the unreadable `bytes` of a type, sent at `timestamp` (ms) by a device. Throws `misuse` for a plaintext content, an unknown
   * type or numbers out of range, and what parsing the message throws.
   */
  static forOriginal(
    bytes: Uint8Array,
    type: CiphertextMessageType,
    timestamp: number,
    originalSenderDeviceId: number,
  ): DecryptionErrorMessage {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0)
      throw new CryptoError('misuse', 'timestamp out of range');
    if (
      !Number.isInteger(originalSenderDeviceId) ||
      originalSenderDeviceId < 0 ||
      originalSenderDeviceId > 0xffff_ffff
    ) {
      throw new CryptoError('misuse', 'device id out of range');
    }
    const key = ratchetKeyOf(bytes, type);
    const writer = new Writer(56);
    if (key !== undefined) writer.bytes(1, key.serialize());
    return new DecryptionErrorMessage(
      writer.integer(2, timestamp).integer(3, originalSenderDeviceId).finish(),
    );
  }

  /** Throws `malformed` or `bad-key`. */
  static deserialize(bytes: Uint8Array): DecryptionErrorMessage {
    return new DecryptionErrorMessage(new Uint8Array(bytes));
  }

  /** Out of the body of a plaintext content. Throws `malformed`, or `misuse` when the content holds something else. */
  static extractFromSerializedBody(bytes: Uint8Array): DecryptionErrorMessage {
    if (bytes.at(-1) !== BODY_END) throw new CryptoError('malformed', 'the content body lacks its end');
    const content = parseFields(bytes.subarray(0, -1), { [CONTENT_FIELD]: 'bytes' });
    const message = content.optionalBytes(CONTENT_FIELD);
    if (message === undefined) throw new CryptoError('misuse', 'the content holds no decryption error');
    return DecryptionErrorMessage.deserialize(message);
  }

  serialize(): Bytes {
    return this.#wire.slice();
  }
  /** Milliseconds since 1970 UTC. */
  timestamp(): number {
    return this.#timestamp;
  }
  /** 0 when the sender named none. */
  deviceId(): number {
    return this.#deviceId;
  }
  ratchetKey(): PublicKey | undefined {
    return this.#ratchetKey;
  }
}

/** An unencrypted content: 0xC0 | content protobuf | 0x80. Only decryption errors are sent like this. */
export class PlaintextContent implements CiphertextMessageConvertible {
  readonly #wire: Bytes;

  private constructor(wire: Bytes) {
    this.#wire = wire;
  }

  static from(message: DecryptionErrorMessage): PlaintextContent {
    const content = new Writer(64).bytes(CONTENT_FIELD, message.serialize()).finish();
    return new PlaintextContent(concat(Uint8Array.of(PLAINTEXT_VERSION), content, Uint8Array.of(BODY_END)));
  }

  /** Checks the first byte only, as libsignal does: the body is anyone's. Throws `malformed` or `bad-version`. */
  static deserialize(bytes: Uint8Array): PlaintextContent {
    if (bytes.length === 0) throw new CryptoError('malformed', 'empty plaintext content');
    if (bytes[0] !== PLAINTEXT_VERSION) throw new CryptoError('bad-version', 'not a plaintext content');
    return new PlaintextContent(new Uint8Array(bytes));
  }

  serialize(): Bytes {
    return this.#wire.slice();
  }
  /** The content with its end byte. */
  body(): Bytes {
    return this.#wire.slice(1);
  }
  asCiphertextMessage(): CiphertextMessage {
    return CiphertextMessage._new(CiphertextMessageType.Plaintext, this.serialize());
  }
}
