/**
 * SignalMessage, the ciphertext of an established session.
 *
 * ```
 * 0x44 | protobuf { 1 ratchet key (33), 2 counter, 3 previous counter, 4 ciphertext, 5 pq_ratchet, 6 addresses (36) }
 *      | first 8 bytes of HMAC-SHA-256(MAC key, sender identity (33) | receiver identity (33) | 0x44 | protobuf)
 * ```
 */
import { concat, equalBytes } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { MAC_BYTES, MAX_BODY_BYTES, MESSAGE_VERSION, VERSION_BYTE } from '../consts.ts';
import { PublicKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import { hmac } from '../kdf.ts';
import { parseFields, Writer } from './codec.ts';

const layout = { 1: 'bytes', 2: 'u32', 3: 'u32', 4: 'bytes', 5: 'bytes', 6: 'bytes' } as const;

const ADDRESSES_BYTES = 36;
const AES_BLOCK_BYTES = 16;

/** Throws unless the first byte is the one version that is spoken. */
export function requireVersion(bytes: Uint8Array): void {
  const version = bytes[0];
  if (version === undefined) throw new CryptoError('malformed', 'message is empty');
  if (version !== VERSION_BYTE) {
    throw new CryptoError('bad-version', `message version ${version >>> 4} is not spoken here`);
  }
}

/** What a SignalMessage is built from. */
export interface SignalMessageParts {
  readonly macKey: Uint8Array;
  /** 33 bytes. */
  readonly ratchetKey: Uint8Array;
  readonly counter: number;
  readonly previousCounter: number;
  readonly ciphertext: Uint8Array;
  readonly pqRatchet: Uint8Array;
  /** 36 bytes, see `ProtocolAddress._wireForm`. */
  readonly addresses: Uint8Array | undefined;
  /** 33 bytes each, type byte included. */
  readonly senderIdentity: Uint8Array;
  readonly receiverIdentity: Uint8Array;
}

function macOf(macKey: Uint8Array, sender: Uint8Array, receiver: Uint8Array, body: Uint8Array): Bytes {
  return hmac(macKey, sender, receiver, body).slice(0, MAC_BYTES);
}

const versionByte = Uint8Array.of(VERSION_BYTE);

/** A parsed or built SignalMessage. Parsing proves its form only; `_verifyMac` and decryption prove the rest. */
export class SignalMessage {
  readonly #wire: Bytes;
  readonly #ratchetKey: Uint8Array;
  readonly #counter: number;
  readonly #ciphertext: Uint8Array;
  readonly #pqRatchet: Uint8Array;
  readonly #addresses: Uint8Array | undefined;

  private constructor(wire: Bytes) {
    requireVersion(wire);
    if (wire.length < 1 + MAC_BYTES) throw new CryptoError('malformed', 'message is too short');
    const fields = parseFields(wire.subarray(1, -MAC_BYTES), layout);
    this.#wire = wire;
    this.#ratchetKey = fields.bytes(1);
    PublicKey._check(this.#ratchetKey);
    this.#counter = fields.integer(2);
    fields.integer(3);
    this.#ciphertext = fields.bytes(4);
    const size = this.#ciphertext.length;
    if (size === 0 || size % AES_BLOCK_BYTES !== 0 || size > MAX_BODY_BYTES) {
      throw new CryptoError('malformed', 'ciphertext has an impossible length');
    }
    this.#pqRatchet = fields.bytes(5);
    if (this.#pqRatchet.length === 0) throw new CryptoError('malformed', 'post-quantum part is empty');
    this.#addresses = fields.optionalBytes(6);
    if (this.#addresses !== undefined && this.#addresses.length !== ADDRESSES_BYTES) {
      throw new CryptoError('malformed', 'addresses have a wrong length');
    }
  }

  /** Reads the whole byte string. Throws `malformed`, `bad-version` or `bad-key`. */
  static deserialize(bytes: Uint8Array): SignalMessage {
    return new SignalMessage(new Uint8Array(bytes));
  }

  /** Serialised message of the given parts, its MAC included. */
  static _encode(parts: SignalMessageParts): Bytes {
    const writer = new Writer(160 + parts.ciphertext.length);
    writer
      .raw(versionByte)
      .bytes(1, parts.ratchetKey)
      .integer(2, parts.counter)
      .integer(3, parts.previousCounter)
      .bytes(4, parts.ciphertext)
      .bytes(5, parts.pqRatchet);
    if (parts.addresses !== undefined) writer.bytes(6, parts.addresses);
    const body = writer.finish();
    return concat(body, macOf(parts.macKey, parts.senderIdentity, parts.receiverIdentity, body));
  }

  serialize(): Bytes {
    return this.#wire.slice();
  }

  /** The CBC ciphertext. */
  body(): Bytes {
    return this.#ciphertext.slice();
  }

  /** The post-quantum ratchet's own message. */
  pqRatchet(): Bytes {
    return this.#pqRatchet.slice();
  }

  counter(): number {
    return this.#counter;
  }

  messageVersion(): number {
    return MESSAGE_VERSION;
  }

  /** Views, for the ratchet. */
  _parts(): {
    readonly ratchetKey: Uint8Array;
    readonly counter: number;
    readonly ciphertext: Uint8Array;
    readonly pqRatchet: Uint8Array;
  } {
    return {
      ratchetKey: this.#ratchetKey,
      counter: this.#counter,
      ciphertext: this.#ciphertext,
      pqRatchet: this.#pqRatchet,
    };
  }

  /**
   * Whether the address field, if there is one, names exactly this sender and this recipient
   * (`ProtocolAddress._wireForm`, `undefined` for a name that is no service id).
   */
  _addressesMatch(sender: Uint8Array | undefined, recipient: Uint8Array | undefined): boolean {
    if (this.#addresses === undefined) return true;
    if (sender === undefined || recipient === undefined) return false;
    return equalBytes(this.#addresses, concat(sender, recipient));
  }

  /** Whether the MAC is right; identities 33 bytes each. Constant time. */
  _verifyMac(macKey: Uint8Array, senderIdentity: Uint8Array, receiverIdentity: Uint8Array): boolean {
    const mac = macOf(macKey, senderIdentity, receiverIdentity, this.#wire.subarray(0, -MAC_BYTES));
    return equalBytes(mac, this.#wire.subarray(-MAC_BYTES));
  }
}
