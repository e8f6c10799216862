/** What an encryption returns: a message of one of four types, ready to be put into an envelope. */
import type { Bytes } from './bytes.ts';

/** Type numbers outside sealed sender (inside it they differ, see `sealed-sender`). */
export const CiphertextMessageType = { Whisper: 2, PreKey: 3, SenderKey: 7, Plaintext: 8 } as const;
export type CiphertextMessageType = (typeof CiphertextMessageType)[keyof typeof CiphertextMessageType];

export interface CiphertextMessageConvertible {
  asCiphertextMessage: () => CiphertextMessage;
}

export class CiphertextMessage {
  readonly #type: CiphertextMessageType;
  readonly #serialized: Bytes;

  private constructor(type: CiphertextMessageType, serialized: Bytes) {
    this.#type = type;
    this.#serialized = serialized;
  }

  static from(message: CiphertextMessageConvertible): CiphertextMessage {
    return message.asCiphertextMessage();
  }

  /** Takes over the bytes. */
  static _new(type: CiphertextMessageType, serialized: Bytes): CiphertextMessage {
    return new CiphertextMessage(type, serialized);
  }

  serialize(): Bytes {
    return this.#serialized.slice();
  }

  type(): CiphertextMessageType {
    return this.#type;
  }
}
