/**
 * The engine of a hostile person’s client: core with honest sessions, keys and numbering, whose contents are exchanged before they are
 * encrypted, and whose ciphertexts are exchanged before they are sealed. What comes of it is valid to whoever receives it.
 */
import type { Engine, EngineCiphertext, EnginePreKeyMessage } from '@tacet/client/core/engine';
import { hashLink } from '@tacet/client/core/messages/chain';
import { ownEngine } from '@tacet/client/core/own-engine';
import type { SessionRecord } from '@tacet/crypto';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import {
  ContentFrame,
  encodeForDevice,
  parseForDevice,
  type ForDevice,
  type Link,
} from '@tacet/protocol/content/frame';

type Bytes = Uint8Array<ArrayBuffer>;

/** What is encrypted in place of a content: another one, or bytes that need not be one. */
export type Lie = ContentFrame | Bytes;

/** A ciphertext with its type number: 2 an ordinary message, 3 a first one, 7 a group’s, 8 plaintext. */
export interface Ciphertext {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A ciphertext that cannot be read. */
export function flipped({ type, bytes }: Ciphertext): Ciphertext {
  return { type, bytes: bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1) };
}

/** A message that was read. */
export interface Heard extends Ciphertext {
  readonly kind: string;
  /** Whether it was sent again. */
  readonly isRepair: boolean;
  /** The other side’s sending ratchet key, 33 bytes. */
  readonly ratchetKey: Bytes;
}

/** An engine that lies where it is told to, and its ear. */
export interface LyingEngine {
  readonly engine: Engine;
  /** Gives what is said instead of a text; asked once for each device that it goes to. */
  lie: ((honest: ContentFrame, around: ForDevice) => Lie) | undefined;
  /** Gives what is said instead of a word about a call. */
  lieOfCall: ((honest: ContentFrame) => ContentFrame) | undefined;
  /** Gives what is sealed instead of the ciphertext of a text. `session`: as it was before. */
  exchange: ((honest: Ciphertext, session: SessionRecord, plaintext: Bytes) => Ciphertext) | undefined;
  /** Newest last. */
  readonly heard: readonly Heard[];
}

/** An engine that is honest until it is told otherwise. */
export function makeLyingEngine(): LyingEngine {
  /** Hashes of what was said, by chain and number: who lies about a content goes on from what he has said. */
  const hashes = new Map<string, Bytes>();
  /** What was said in place of a content under its number, by chain and number: sent again it is the same. */
  const lies = new Map<string, Uint8Array>();
  const heard: Heard[] = [];
  const liar: LyingEngine = {
    engine: {
      ...ownEngine,
      PreKeySignalMessage: { deserialize },
      signalEncrypt,
      signalDecrypt,
      signalDecryptPreKey,
    },
    lie: undefined,
    lieOfCall: undefined,
    exchange: undefined,
    heard,
  };

  function linked(frame: ContentFrame): ContentFrame {
    if (frame.link === undefined) return frame;
    const previous = hashes.get(place(frame, frame.link, frame.link.number - 1)) ?? frame.link.previous;
    return { ...frame, link: { ...frame.link, previous } };
  }

  function again(frame: ContentFrame): Uint8Array {
    const said = frame.link && lies.get(place(frame, frame.link, frame.link.number));
    return said ?? encodeCbor(linked(frame));
  }

  /** What is said in place of a content. */
  function instead(around: ForDevice, frame: ContentFrame): Bytes {
    const honest = linked(frame);
    const said =
      frame.kind === 'text'
        ? (liar.lie?.(honest, around) ?? honest)
        : frame.kind === 'call'
          ? (liar.lieOfCall?.(honest) ?? honest)
          : honest;
    if (said instanceof Uint8Array) return said;
    const bytes = encodeCbor(said);
    if (honest.link !== undefined && said.link !== undefined) {
      const at = place(honest, honest.link, honest.link.number);
      hashes.set(at, hashLink(said.link.salt, bytes));
      if (said.link.number === honest.link.number) lies.set(at, bytes);
    }
    return encodeForDevice({ ...around, frame: bytes });
  }

  async function signalEncrypt(
    ...[message, address, me, sessions, identities, now]: Parameters<Engine['signalEncrypt']>
  ): Promise<EngineCiphertext> {
    const around = asForDevice(message);
    if (around === undefined) {
      return ownEngine.signalEncrypt(message, address, me, sessions, identities, now);
    }
    const frame = parseCbor(ContentFrame, around.frame);
    const plaintext =
      around.repairs === undefined
        ? instead(around, frame)
        : encodeForDevice({ ...around, frame: again(frame) });
    const { exchange } = liar;
    const before = (await sessions.getSession(address)) as SessionRecord;
    const honest = await ownEngine.signalEncrypt(plaintext, address, me, sessions, identities, now);
    if (exchange === undefined || frame.kind !== 'text') return honest;
    const { type, bytes } = exchange({ type: honest.type(), bytes: honest.serialize() }, before, plaintext);
    return { type: () => type, serialize: () => bytes };
  }

  /** Core looks into what it is about to seal; of a lie it finds nothing to say. */
  function deserialize(bytes: Bytes): EnginePreKeyMessage {
    try {
      return ownEngine.PreKeySignalMessage.deserialize(bytes);
    } catch (error) {
      if (liar.exchange === undefined) throw error;
      return { serialize: () => bytes, preKeyId: () => 1 };
    }
  }

  function hear(read: Uint8Array, type: number, plaintext: Bytes): Bytes {
    const bytes = Uint8Array.from(read);
    const around = asForDevice(plaintext);
    if (around === undefined) return plaintext;
    const { frame, repairs } = around;
    const { kind } = parseCbor(ContentFrame, frame);
    const ratchetKey = ownEngine.DecryptionErrorMessage.forOriginal(bytes, type, 0, 1)
      .ratchetKey()
      ?.serialize();
    if (ratchetKey === undefined) throw new Error('a message without a ratchet key');
    heard.push({ type, bytes, kind, isRepair: repairs !== undefined, ratchetKey });
    return plaintext;
  }

  async function signalDecrypt(...args: Parameters<Engine['signalDecrypt']>): Promise<Bytes> {
    return hear(args[0].serialize(), 2, await ownEngine.signalDecrypt(...args));
  }

  async function signalDecryptPreKey(...args: Parameters<Engine['signalDecryptPreKey']>): Promise<Bytes> {
    return hear(args[0].serialize(), 3, await ownEngine.signalDecryptPreKey(...args));
  }

  return liar;
}

function place({ to }: ContentFrame, { epoch }: Link, number: number): string {
  return [to.account, epoch].map((bytes) => Buffer.from(bytes).toString('hex')).join() + number;
}

/** What is encrypted for a device; `undefined` for what the two sides of a call say in a session of their own. */
function asForDevice(plaintext: Uint8Array): ForDevice | undefined {
  try {
    return parseForDevice(plaintext);
  } catch {
    return undefined;
  }
}
