/**
 * An ear at the encryption of clients: which message key each envelope was made with, and whether a key was used for two different
 * ciphertexts that left. What was encrypted and never left may use its key again for something else: nobody has seen it.
 */
import { createHash } from 'node:crypto';
import { Check } from 'typebox/schema';
import { isDuplicate, MESSAGE_TYPE, type Engine, type EngineSealedContent } from '@tacet/client/core/engine';
import { ownEngine } from '@tacet/client/core/own-engine';
import type { HttpRequest } from '@tacet/client/core/ports';
import { PreKeySignalMessage, SignalMessage } from '@tacet/crypto';
import { introduce } from '@tacet/protocol/rest/people';
import type { ClientFrame, HostileWire } from './hostile-wire.ts';

/** What an envelope was made with. */
interface Made {
  /** Sending ratchet key and counter: together they name a message key. */
  readonly key: string;
  readonly ciphertext: string;
}

/** An envelope on its way to the server. */
interface Envelope {
  readonly id: Uint8Array;
  readonly body: Uint8Array;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

function madeOf(content: EngineSealedContent): Made {
  const bytes = content.contents();
  const message =
    content.msgType() === MESSAGE_TYPE.preKey
      ? PreKeySignalMessage.deserialize(bytes)._message()
      : SignalMessage.deserialize(bytes);
  const { ratchetKey, counter, ciphertext } = message._parts();
  return {
    key: `${Buffer.from(ratchetKey).toString('base64url')} ${counter}`,
    ciphertext: hashOf(ciphertext),
  };
}

function envelopesIn(frame: ClientFrame): readonly Envelope[] {
  if (frame.kind !== 'send' && frame.kind !== 'send-own') return [];
  return frame.to.flatMap(({ envelope }) => envelope ?? []);
}

function introducedIn({ path, body }: HttpRequest): readonly Envelope[] {
  if (path !== introduce.path) return [];
  const asked: unknown = JSON.parse(body ?? '');
  if (!Check(introduce.body, asked)) throw new Error('no introduction');
  return asked.to.flatMap(({ envelope }) =>
    envelope === undefined
      ? []
      : { id: Buffer.from(envelope.id, 'base64url'), body: Buffer.from(envelope.body, 'base64url') },
  );
}

/** Hears what its engine encrypts for any client and cannot read, and what leaves over the wires given to it. */
export class KeyTap {
  readonly #made = new Map<string, Made>();
  readonly #left = new Map<string, string>();
  readonly #bodies = new Map<string, string>();
  readonly #faults: string[] = [];
  readonly #begun = new Set<string>();
  readonly #reduced = new Set<string>();
  #unreadable = 0;
  /** The own engine, heard. */
  readonly engine: Engine;

  constructor() {
    const counted = async <Value>(reading: Promise<Value>): Promise<Value> => {
      try {
        return await reading;
      } catch (error) {
        if (!isDuplicate(error)) this.#unreadable += 1;
        throw error;
      }
    };
    this.engine = {
      ...ownEngine,
      signalDecrypt: (...args) => counted(ownEngine.signalDecrypt(...args)),
      signalDecryptPreKey: (...args) => counted(ownEngine.signalDecryptPreKey(...args)),
      sealedSenderEncrypt: async (...args) => {
        const sealed = await ownEngine.sealedSenderEncrypt(...args);
        this.#made.set(hashOf(sealed), madeOf(args[0]));
        if (args[0].msgType() === MESSAGE_TYPE.preKey) this.#begin(args[0].contents());
        return sealed;
      },
    };
  }

  /** Envelopes that left, each counted once. */
  get left(): number {
    return this.#bodies.size;
  }
  /** Encryptions of which nothing ever left. */
  get unused(): number {
    return this.#made.size - this.#left.size;
  }

  /** Sessions that were begun. */
  get begun(): number {
    return this.#begun.size;
  }

  /** Of those, how many without a one-time prekey. */
  get reduced(): number {
    return this.#reduced.size;
  }

  /** How often something came that no session could read. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Takes what the wire has kept of what left. Gives every fault so far: a key used twice, an envelope id with two bodies. */
  check({ said, asked }: HostileWire): readonly string[] {
    const envelopes = [...said.splice(0).flatMap(envelopesIn), ...asked.splice(0).flatMap(introducedIn)];
    for (const { id, body } of envelopes) this.#leave(id, body);
    return this.#faults;
  }

  #begin(first: Uint8Array): void {
    const message = PreKeySignalMessage.deserialize(first);
    const session = Buffer.from(message._baseKey()._wire).toString('base64url');
    this.#begun.add(session);
    if (message.preKeyId() === null) this.#reduced.add(session);
  }

  #leave(id: Uint8Array, body: Uint8Array): void {
    const hash = hashOf(body);
    const made = this.#made.get(hash);
    if (made === undefined) {
      this.#faults.push('an envelope that nobody was heard to make');
      return;
    }
    const envelope = Buffer.from(id).toString('hex');
    const before = this.#bodies.get(envelope);
    if (before !== undefined && before !== hash) this.#faults.push('one envelope with two bodies');
    this.#bodies.set(envelope, hash);
    const used = this.#left.get(made.key);
    if (used !== undefined && used !== made.ciphertext) this.#faults.push(`a key used twice: ${made.key}`);
    this.#left.set(made.key, made.ciphertext);
  }
}
