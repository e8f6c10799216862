/**
 * Seeds of messages that were skipped on one receiver chain, as one byte string: it is carried through most messages
 * unread, so that it costs a copy and no parsing.
 *
 * ```
 * entry = index (4 bytes, big-endian) | seed (32 bytes); entries in order of arrival, oldest first
 * ```
 */
import { readBe32 } from '../bytes.ts';
import { MAX_SKIPPED_KEYS } from '../consts.ts';
import { brandMessageSeed } from './chains.ts';
import type { MessageSeed } from './chains.ts';

const SEED_BYTES = 32;
const ENTRY_BYTES = 4 + SEED_BYTES;

/** Any number of entries, at most `MAX_SKIPPED_KEYS`. */
export type SkippedSeeds = Uint8Array;

export const NO_SKIPPED_SEEDS: SkippedSeeds = new Uint8Array(0);

/** Whether stored bytes have the form of skipped seeds. */
export function isSkippedSeeds(bytes: Uint8Array): boolean {
  return bytes.length % ENTRY_BYTES === 0 && bytes.length <= MAX_SKIPPED_KEYS * ENTRY_BYTES;
}

/** The seeds with a run of consecutive ones behind them; the oldest beyond the bound are dropped. */
export function addSkipped(
  seeds: SkippedSeeds,
  firstIndex: number,
  added: readonly MessageSeed[],
): SkippedSeeds {
  const kept = added.slice(-MAX_SKIPPED_KEYS);
  const room = MAX_SKIPPED_KEYS - kept.length;
  const surplus = Math.max(0, seeds.length - room * ENTRY_BYTES);
  const result = new Uint8Array(seeds.length - surplus + kept.length * ENTRY_BYTES);
  result.set(seeds.subarray(surplus));
  let offset = seeds.length - surplus;
  let index = firstIndex + added.length - kept.length;
  for (const seed of kept) {
    result[offset] = index >>> 24;
    result[offset + 1] = index >>> 16;
    result[offset + 2] = index >>> 8;
    result[offset + 3] = index;
    result.set(seed, offset + 4);
    offset += ENTRY_BYTES;
    index += 1;
  }
  return result;
}

/** Takes the seed of one message out; `undefined` when it is not there. */
export function takeSkipped(
  seeds: SkippedSeeds,
  index: number,
): { readonly seed: MessageSeed; readonly rest: SkippedSeeds } | undefined {
  for (let offset = 0; offset < seeds.length; offset += ENTRY_BYTES) {
    if (readBe32(seeds, offset) !== index) continue;
    const rest = new Uint8Array(seeds.length - ENTRY_BYTES);
    rest.set(seeds.subarray(0, offset));
    rest.set(seeds.subarray(offset + ENTRY_BYTES), offset);
    return { seed: brandMessageSeed(seeds.slice(offset + 4, offset + ENTRY_BYTES)), rest };
  }
  return undefined;
}
