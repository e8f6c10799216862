/**
 * What a sealed message holds: an ordinary encrypted message, its type, and the sender's certificate. The box around it proves the
 * identity key that the certificate must name.
 */
import type { Bytes } from '../bytes.ts';
import { CiphertextMessageType } from '../ciphertext-message.ts';
import { CryptoError } from '../errors.ts';
import { parseFields, Writer } from '../wire/codec.ts';
import { SenderCertificate } from './certificates.ts';

/** What the recipient may do when the inner message does not open. */
export const ContentHint = { Default: 0, Resendable: 1, Implicit: 2 } as const;
export type ContentHint = (typeof ContentHint)[keyof typeof ContentHint];

/** Type numbers inside the seal differ from those outside for a PreKey message. */
const innerTypes = {
  [CiphertextMessageType.PreKey]: 1,
  [CiphertextMessageType.Whisper]: 2,
  [CiphertextMessageType.SenderKey]: 7,
  [CiphertextMessageType.Plaintext]: 8,
} as const;

function outerTypeOf(inner: number): CiphertextMessageType {
  switch (inner) {
    case 1:
      return CiphertextMessageType.PreKey;
    case 2:
      return CiphertextMessageType.Whisper;
    case 7:
      return CiphertextMessageType.SenderKey;
    case 8:
      return CiphertextMessageType.Plaintext;
    default:
      throw new CryptoError('malformed', 'unknown message type in a sealed message');
  }
}

/** What can be sealed: `CiphertextMessage`. */
export interface SealableMessage {
  type: () => CiphertextMessageType;
  serialize: () => Uint8Array;
}

interface ContentParts {
  readonly wire: Bytes;
  readonly type: CiphertextMessageType;
  readonly certificate: SenderCertificate;
  readonly contents: Bytes;
  readonly hint: number;
  readonly groupId: Bytes | undefined;
}

/** Protobuf { 1 type, 2 sender certificate, 3 message, 4 content hint if not 0, 5 group id if not empty }. */
export class UnidentifiedSenderMessageContent {
  readonly #parts: ContentParts;

  private constructor(parts: ContentParts) {
    this.#parts = parts;
  }

  static new(
    message: SealableMessage,
    sender: SenderCertificate,
    contentHint: number,
    groupId: Uint8Array | null,
  ): UnidentifiedSenderMessageContent {
    if (!Number.isInteger(contentHint) || contentHint < 0 || contentHint > 0xffff_ffff) {
      throw new CryptoError('misuse', 'content hint out of range');
    }
    const type = message.type();
    const contents = new Uint8Array(message.serialize());
    const writer = new Writer(contents.length + 384)
      .integer(1, innerTypes[type])
      .bytes(2, sender.serialize())
      .bytes(3, contents);
    if (contentHint !== ContentHint.Default) writer.integer(4, contentHint);
    if (groupId !== null && groupId.length > 0) writer.bytes(5, groupId);
    return new UnidentifiedSenderMessageContent({
      wire: writer.finish(),
      type,
      certificate: sender,
      contents,
      hint: contentHint,
      groupId: groupId === null ? undefined : new Uint8Array(groupId),
    });
  }

  /** Throws `malformed` or `bad-key`. */
  static deserialize(bytes: Uint8Array): UnidentifiedSenderMessageContent {
    const wire = new Uint8Array(bytes);
    const fields = parseFields(wire, { 1: 'u32', 2: 'bytes', 3: 'bytes', 4: 'u32', 5: 'bytes' });
    const groupId = fields.optionalBytes(5);
    return new UnidentifiedSenderMessageContent({
      wire,
      type: outerTypeOf(fields.integer(1)),
      certificate: SenderCertificate.deserialize(fields.bytes(2)),
      contents: new Uint8Array(fields.bytes(3)),
      hint: fields.optionalInteger(4) ?? ContentHint.Default,
      groupId: groupId === undefined ? undefined : new Uint8Array(groupId),
    });
  }

  serialize(): Bytes {
    return this.#parts.wire.slice();
  }
  /** The encrypted message inside. */
  contents(): Bytes {
    return this.#parts.contents.slice();
  }
  /** Its type, in the numbers used outside the seal. */
  msgType(): CiphertextMessageType {
    return this.#parts.type;
  }
  senderCertificate(): SenderCertificate {
    return this.#parts.certificate;
  }
  contentHint(): number {
    return this.#parts.hint;
  }
  /** `null`, as libsignal has it, when there is none. */
  groupId(): Bytes | null {
    return this.#parts.groupId?.slice() ?? null;
  }
}
