/** The seed of a test file’s properties. */
import fc from 'fast-check';
import type { Test } from 'tap';
import { pickSeed } from './schedule.ts';

/**
 * The properties of this file are tried with the same values in every run, and in a soak with new ones. The seed is told; `TACET_SEED`
 * sets it.
 */
export function seedProperties(t: Pick<Test, 'comment'>): void {
  const seed = pickSeed();
  fc.configureGlobal({ seed });
  t.comment(`TACET_SEED=${String(seed)}`);
}
