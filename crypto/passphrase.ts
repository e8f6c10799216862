/**
 * The door `@tacet/crypto/passphrase`: the one secret of an account. Generated: six words from a list of 7,776, each chosen uniformly,
 * 77 bits. Chosen by a person: accepted from 66 bits by a cautious estimate. Word list and estimator are loaded when first used.
 */
import { normalisePassphrase } from './vault/keys.ts';
import { randomBits } from './random.ts';

/** Words of a generated passphrase: 6 x log2(7,776) = 77.5 bits. */
export const PASSPHRASE_WORDS = 6;

/** Least estimate, in bits, for a person's own choice. */
export const MIN_PASSPHRASE_BITS = 66;

/** A passphrase longer than this is estimated by its beginning; bounds the estimator's work. UTF-16 units. */
const ESTIMATED_CHARS = 128;

/** A whole number, uniform in `0 <= x < count`; count up to 8,192. Draws 13 bits until they fit: no remainder, no bias. */
function uniformBelow(count: number): number {
  for (;;) {
    const drawn = randomBits(13);
    if (drawn < count) return drawn;
  }
}

/** A fresh passphrase: six words, single spaces between. Await `ready()` first only to replace the randomness. */
export async function generatePassphrase(): Promise<string> {
  const { WORDS } = await import('./words.ts');
  const words: string[] = [];
  for (let i = 0; i < PASSPHRASE_WORDS; i += 1) words.push(WORDS[uniformBelow(WORDS.length)] ?? '');
  return words.join(' ');
}

/**
 * Estimated strength of a passphrase in bits, rounded down; 0 for an empty one. `personal` are words that an attacker knows of this
 * person (username, server name). Meant to err low: it is the lowest of several estimates, and letters that look like language count
 * as language. Not for generated passphrases, whose strength is known.
 */
export async function estimateBits(passphrase: string, personal: readonly string[] = []): Promise<number> {
  const text = normalisePassphrase(passphrase).slice(0, ESTIMATED_CHARS);
  if (text === '') return 0;
  const { estimate } = await import('./passphrase-strength.ts');
  return estimate(text, personal);
}
