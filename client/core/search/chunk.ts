/**
 * The words of up to 64 neighbouring lines of a conversation: the unit in which the index is sealed, written and looked through. What is
 * looked through is one string, a line for each message, so that the engine's own search does the work.
 */
import type { AccountId } from '@tacet/protocol/ids';

/** Orders that a chunk spans. */
export const CHUNK_ORDERS = 64;

/** A chunk as it is sealed. The three lists have one entry for each message with words, ascending by order. */
export interface StoredChunk {
  readonly account: AccountId;
  readonly orders: readonly number[];
  /** When each came, ms. */
  readonly times: readonly number[];
  /** The words of each, after a line break. */
  readonly words: string;
}

/** How far the index reaches. Key `search`. */
export interface SearchState {
  readonly version: number;
  /** Conversations that are in it whole. */
  readonly done: readonly AccountId[];
  readonly complete: boolean;
}

/** A message to be found. Without words it is not to be found any more. */
export interface Entry {
  readonly order: number;
  readonly at: number;
  readonly words: string;
}

/** A message that was found. */
export interface Find {
  readonly account: AccountId;
  readonly order: number;
  readonly at: number;
}

/** The chunk that an order is in. */
export function chunkOf(order: number): number {
  return Math.floor(order / CHUNK_ORDERS);
}

/** A chunk with entries added, changed or taken out; `undefined` when nothing is left, the same one when nothing changed. */
export function changeChunk(
  chunk: StoredChunk | undefined,
  account: AccountId,
  entries: readonly Entry[],
): StoredChunk | undefined {
  const byOrder = new Map<number, Entry>();
  const lines = chunk?.words.split('\n').slice(1) ?? [];
  chunk?.orders.forEach((order, i) =>
    byOrder.set(order, { order, at: chunk.times[i] ?? 0, words: lines[i] ?? '' }),
  );
  let isSame = true;
  for (const entry of entries) {
    const before = byOrder.get(entry.order);
    if ((before?.words ?? '') === entry.words) continue;
    isSame = false;
    if (entry.words === '') byOrder.delete(entry.order);
    else byOrder.set(entry.order, entry);
  }
  if (isSame) return chunk;
  if (byOrder.size === 0) return undefined;
  const all = [...byOrder.values()].toSorted((a, b) => a.order - b.order);
  return {
    account,
    orders: all.map(({ order }) => order),
    times: all.map(({ at }) => at),
    words: all.map(({ words }) => `\n${words}`).join(''),
  };
}

/** Time of a chunk's newest message. */
export function newestOf(chunk: StoredChunk): number {
  return chunk.times.reduce((newest, at) => Math.max(newest, at), 0);
}

/** The messages of a chunk that hold every term, in no order; those from before `since` need not be among them. */
export function findInChunk(chunk: StoredChunk, terms: readonly string[], since = 0): readonly Find[] {
  const [first, ...rest] = terms;
  const { words, orders, times, account } = chunk;
  if (first === undefined || !words.includes(first)) return [];
  const finds: Find[] = [];
  let index = orders.length - 1;
  let start = words.lastIndexOf('\n');
  let end = words.length;
  for (
    let at = words.lastIndexOf(first);
    at >= 0;
    at = start === 0 ? -1 : words.lastIndexOf(first, start - 1)
  ) {
    // Back to the line that `at` is in.
    while (start > at) {
      end = start;
      start = words.lastIndexOf('\n', start - 1);
      index -= 1;
    }
    const came = times[index] ?? 0;
    if (came >= since && (rest.length === 0 || isInAll(words.slice(start, end), rest)))
      finds.push({ account, order: orders[index] ?? 0, at: came });
  }
  return finds;
}

function isInAll(line: string, terms: readonly string[]): boolean {
  return terms.every((term) => line.includes(term));
}
