/**
 * The streams of one connection, as the media worker and the other side know them: senders, each an instance of its own whose key is told
 * before anything of it is released [Note: Withheld until sealed], and receivers with the keys that the other side told.
 */
import type { Purpose, StreamKey } from '@tacet/protocol/content/call-said';
import { MEDIA_PURPOSES } from '@tacet/protocol/content/call-said';
import { idBytes, type CallId } from '@tacet/protocol/ids';
import { copyBytes } from '../bytes.ts';
import type { StreamNumbers } from './call-window.ts';
import type { FromMedia, ToMedia } from './media-messages.ts';

/** Keys that are kept of each purpose: a sender has one, and one more for each time that it began anew within this connection. */
const KEYS_MOST = 8;
/** Sender instances of one call: four for each way and place that it takes. */
const INSTANCES_MOST = 4_096;
/** Receivers of one connection: each purpose anew now and then. */
const RECEIVERS_MOST = 32;

/** Gives numbers that are used once: of connections and streams in a window's life, of sender instances in a call. */
export class CallNumbers {
  readonly #random: (length: number) => Uint8Array;
  readonly #instances = new Set<number>();
  #last: number;

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
    // What a window still says of an earlier call's connection is of no connection of this one.
    this.#last = random(4).reduce((number, byte) => number * 256 + byte, 0);
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** A sender instance, 0 to 65,535, that no sender of this call had. */
  instance(): number {
    if (this.#instances.size >= INSTANCES_MOST)
      throw new RangeError('no call makes so many sender instances');
    for (;;) {
      const [high = 0, low = 0] = this.#random(2);
      const instance = (high << 8) | low;
      if (this.#instances.has(instance)) continue;
      this.#instances.add(instance);
      return instance;
    }
  }
}

interface Sender {
  readonly purpose: Purpose;
  readonly stream: number;
  key: StreamKey | undefined;
  isAttached: boolean;
  /** The other side was told the key. */
  isTold: boolean;
  isReleased: boolean;
}

export interface StreamsNeeds {
  readonly call: CallId;
  readonly numbers: CallNumbers;
  tellMedia(message: ToMedia): void;
  /** There is a key that the other side was not told. */
  keyed(): void;
  release(purpose: Purpose): void;
}

export class CallStreams {
  readonly numbers: StreamNumbers;
  readonly #needs: StreamsNeeds;
  readonly #senders: readonly Sender[];
  readonly #receivers = new Map<number, Purpose>();
  readonly #keys = new Map<Purpose, StreamKey[]>();

  /** Opens the senders; with `receives` a receiver for each purpose too. */
  constructor(needs: StreamsNeeds, { receives }: { readonly receives: boolean }) {
    const { numbers } = needs;
    this.#needs = needs;
    const pair = (): { readonly send: number; readonly receive: number } => ({
      send: numbers.next(),
      receive: numbers.next(),
    });
    this.numbers = { audio: pair(), camera: pair(), screen: pair(), 'screen-audio': pair() };
    const call = idBytes(needs.call);
    this.#senders = MEDIA_PURPOSES.map((purpose) => {
      const stream = this.numbers[purpose].send;
      needs.tellMedia({
        kind: 'open-sender',
        stream,
        call,
        purpose,
        instance: numbers.instance(),
        layers: 1,
      });
      return { purpose, stream, key: undefined, isAttached: false, isTold: false, isReleased: false };
    });
    if (receives) for (const purpose of MEDIA_PURPOSES) this.#receive(purpose, this.numbers[purpose].receive);
  }

  /** A number for one more stream that is received as this purpose; `undefined`: there were too many. */
  receive(purpose: Purpose): number | undefined {
    if (this.#receivers.size >= RECEIVERS_MOST) return undefined;
    const first = this.numbers[purpose].receive;
    const stream = this.#receivers.has(first) ? this.#needs.numbers.next() : first;
    this.#receive(purpose, stream);
    return stream;
  }

  #receive(purpose: Purpose, stream: number): void {
    this.#receivers.set(stream, purpose);
    this.#needs.tellMedia({ kind: 'open-receiver', stream, call: idBytes(this.#needs.call), purpose });
    for (const key of this.#keys.get(purpose) ?? []) this.#give(stream, key);
  }

  /** What a stream of this connection is for. */
  purposeOf(stream: number): Purpose | undefined {
    return this.#senders.find((sender) => sender.stream === stream)?.purpose ?? this.#receivers.get(stream);
  }

  /** What the media worker says of a stream. */
  heard(message: FromMedia): void {
    if (message.kind !== 'sender-key' && message.kind !== 'attached') return;
    const sender = this.#senders.find(({ stream }) => stream === message.stream);
    if (sender === undefined) return;
    if (message.kind === 'attached') {
      sender.isAttached = true;
      this.#mayRelease(sender);
      return;
    }
    const { instance, step, baseKey } = message;
    sender.key = { purpose: sender.purpose, instance, step, baseKey };
    sender.isTold = false;
    this.#needs.keyed();
  }

  /** The keys that are to be told: all of them to somebody who knows none. */
  untold(isAnew: boolean): readonly StreamKey[] {
    return this.#senders.flatMap(({ key, isTold }) =>
      key === undefined || (isTold && !isAnew) || isBlank(key) ? [] : [key],
    );
  }

  /** The other side was told this key. */
  told(key: StreamKey): void {
    const sender = this.#senders.find((each) => each.key === key);
    if (sender === undefined) return;
    sender.isTold = true;
    this.#mayRelease(sender);
  }

  /** A key of the other side's. Of more than a sender has the oldest goes. */
  learn(key: StreamKey): void {
    const keys = this.#keys.get(key.purpose) ?? [];
    const isKnown = keys.some(({ instance, step }) => instance === key.instance && step === key.step);
    if (isKnown || isBlank(key)) return;
    const kept = keys.length < KEYS_MOST ? keys : keys.slice(1);
    this.#keys.set(key.purpose, [...kept, key]);
    const dropped = keys.find((each) => !kept.includes(each));
    for (const [stream, purpose] of this.#receivers) {
      if (purpose !== key.purpose) continue;
      if (dropped !== undefined && kept.every(({ instance }) => instance !== dropped.instance))
        this.#needs.tellMedia({ kind: 'drop-instance', stream, instance: dropped.instance });
      this.#give(stream, key);
    }
  }

  /** Ends all streams, and forgets their keys. */
  close(): void {
    for (const { stream } of this.#senders) this.#needs.tellMedia({ kind: 'close', stream });
    for (const stream of this.#receivers.keys()) this.#needs.tellMedia({ kind: 'close', stream });
    for (const sender of this.#senders) {
      sender.key?.baseKey.fill(0);
      sender.key = undefined;
    }
    for (const { baseKey } of [...this.#keys.values()].flat()) baseKey.fill(0);
    this.#keys.clear();
  }

  #give(stream: number, { instance, step, baseKey }: StreamKey): void {
    this.#needs.tellMedia({ kind: 'add-key', stream, instance, step, baseKey: copyBytes(baseKey) });
  }

  #mayRelease(sender: Sender): void {
    if (!sender.isAttached || !sender.isTold || sender.isReleased) return;
    sender.isReleased = true;
    this.#needs.release(sender.purpose);
  }
}

/** What a key is once its stream is closed: nobody seals or opens with it. */
function isBlank({ baseKey }: StreamKey): boolean {
  return baseKey.every((byte) => byte === 0);
}
