/**
 * Seeded schedules for a conversation: who writes when, what the network loses, repeats and delays. The same seed gives
 * the same schedule; every failure names it. Keys stay random, since the native engine cannot be seeded.
 */
import type { Party, Wire } from './signal-party.ts';

/** A reproducible generator (mulberry32). */
export class Seeded {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** From 0 up to, and without, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 up to, and without, the bound. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** Long counts for the soak, short ones otherwise. */
export const soak = process.env['TACET_SOAK'] === '1' ? 10 : 1;

/** The seed of `TACET_SEED` to repeat a failure, else a fresh one in a soak, and otherwise the usual one. */
export function pickSeed(usual = 1): number {
  const given = process.env['TACET_SEED'];
  if (given !== undefined) return Number(given);
  return soak > 1 ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) : usual;
}

export interface Weather {
  /** Messages in all. */
  readonly messages: number;
  /** Longest run of messages by one side. */
  readonly longestBurst: number;
  readonly loss: number;
  readonly duplicates: number;
  /**
   * A message is delivered before one that was written this many messages later; 1 keeps order. Beyond 5 turns the
   * protocol itself loses messages.
   */
  readonly window: number;
}

export interface Outcome {
  readonly delivered: number;
  readonly lost: number;
  readonly duplicates: number;
  /** Highest post-quantum epoch that a message named. */
  readonly epoch: number;
}

interface UnderWay {
  /** Number of the message in the whole conversation. */
  readonly position: number;
  readonly wire: Wire;
  readonly plaintext: Uint8Array;
  readonly from: Party;
  readonly to: Party;
}

/** The epoch in a serialised message of an established session. */
export function epochOf(library: Party['library'], wire: Wire): number {
  if (wire.type !== library.CiphertextMessageType.Whisper) return 1;
  const field = library.SignalMessage.deserialize(wire.bytes).pqRatchet();
  let epoch = 0;
  for (const [position, byte] of field.subarray(1).entries()) {
    epoch += (byte & 0x7f) * 2 ** (7 * position);
    if (byte < 0x80) break;
  }
  return epoch;
}

async function expectDuplicate(item: UnderWay): Promise<void> {
  const before = item.to.snapshot();
  try {
    await item.to.decrypt(item.from, item.wire);
  } catch (error) {
    const { ErrorCode, LibSignalErrorBase } = item.to.library;
    if (!LibSignalErrorBase.is(error, ErrorCode.DuplicatedMessage)) throw error;
    if (item.to.snapshot() !== before) throw new Error('a duplicate changed state');
    return;
  }
  throw new Error('a duplicate was opened');
}

/**
 * Runs a conversation through the weather. Every message that is delivered must open to what was written, every
 * duplicate must be refused as one and change nothing. Throws with the seed otherwise.
 */
export async function runSchedule(
  first: Party,
  second: Party,
  seeded: Seeded,
  weather: Weather,
): Promise<Outcome> {
  const queues = new Map<Party, UnderWay[]>([
    [first, []],
    [second, []],
  ]);
  let [delivered, lost, duplicates, epoch, step] = [0, 0, 0, 0, 0];

  async function deliver(to: Party, keep: number): Promise<void> {
    const queue = queues.get(to) ?? [];
    while (queue.length > keep) {
      const oldest = queue[0];
      const newest = queue.at(-1);
      if (oldest === undefined || newest === undefined) return;
      const isDue = newest.position - oldest.position >= weather.window - 1;
      const [item] = queue.splice(isDue ? 0 : seeded.below(queue.length), 1);
      if (item === undefined) return;
      const opened = await to.decrypt(item.from, item.wire);
      if (Buffer.compare(opened, item.plaintext) !== 0) throw new Error('a message opened to something else');
      delivered += 1;
      if (seeded.chance(weather.duplicates)) {
        await expectDuplicate(item);
        duplicates += 1;
      }
    }
  }

  try {
    let from = first;
    while (step < weather.messages) {
      const burst = 1 + seeded.below(weather.longestBurst);
      const to = from === first ? second : first;
      for (let i = 0; i < burst; i += 1) {
        const plaintext = seeded.bytes(seeded.below(300));
        const wire = await from.encrypt(to, plaintext);
        epoch = Math.max(epoch, epochOf(from.library, wire));
        step += 1;
        if (seeded.chance(weather.loss)) lost += 1;
        else queues.get(to)?.push({ position: step, wire, plaintext, from, to });
        await deliver(to, weather.window - 1);
      }
      from = to;
    }
    await deliver(first, 0);
    await deliver(second, 0);
  } catch (cause) {
    throw new Error(`schedule fails at message ${step}; repeat with TACET_SEED=${seeded.seed}`, { cause });
  }
  return { delivered, lost, duplicates, epoch };
}
