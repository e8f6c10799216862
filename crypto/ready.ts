/** The one thing to await before any other call of the room. */
import { setClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { setRandomSource } from './random.ts';
import type { RandomSource } from './random.ts';
import { loadSodium } from './sodium.ts';

/**
 * Loads the WebAssembly part and sets clock and randomness (the system's where not given).
 * May be called again; a later call replaces clock and randomness.
 */
export async function ready(
  options: { readonly random?: RandomSource; readonly now?: Clock } = {},
): Promise<void> {
  setRandomSource(options.random);
  setClock(options.now);
  await loadSodium();
}
