/** Randomness fit for keys, from the browser's own generator. */
import type { RandomBytes } from '../core/ports.ts';

/** What one call of `getRandomValues` gives at most (Web Cryptography API section 10.1.1). */
const QUOTA_BYTES = 65_536;

/** Fresh random bytes of any length. */
export const browserRandom: RandomBytes = (length) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += QUOTA_BYTES)
    crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + QUOTA_BYTES)));
  return bytes;
};
