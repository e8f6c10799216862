/** Wrong forms of a byte string for tests: every beginning of it, every single bit flipped, bytes behind it. */

/** All proper beginnings, the empty one included. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let length = 0; length < bytes.length; length += 1) yield bytes.slice(0, length);
}

/** A copy with one bit flipped; bits count from the lowest of the first byte. */
export function withBitFlipped(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** All copies with one bit of every byte flipped, a different bit from byte to byte. */
export function* bitFlips(bytes: Uint8Array): Generator<{ at: number; bytes: Uint8Array<ArrayBuffer> }> {
  for (let at = 0; at < bytes.length; at += 1) yield { at, bytes: withBitFlipped(bytes, at * 8 + (at % 8)) };
}

/** A copy with bytes behind it. */
export function extended(bytes: Uint8Array, ...more: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...bytes, ...more);
}

/** Bytes of hex. */
export function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Hex of bytes. */
export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** A reproducible source of bytes for `ready({ random })` (a linear generator; predictable, for tests only). */
export function seededRandom(seed: number): (length: number) => Uint8Array<ArrayBuffer> {
  let state = seed >>> 0;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
