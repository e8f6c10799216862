/** A number that two people compare, by eye or aloud. */

/** Digits: one in a million is guessed, and nobody guesses twice. */
const DIGITS = 6;

/** The first six bytes of a MAC as a big-endian integer modulo a million, with its leading zeros. */
export function shortNumber(mac: Uint8Array): string {
  const value = mac.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0);
  return String(value % 10 ** DIGITS).padStart(DIGITS, '0');
}
