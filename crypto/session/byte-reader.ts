/** Reads stored state front to back as views; every step past the end, and anything left over, is `bad-state`. */
import { readBe32, readBe64 } from '../bytes.ts';
import { CryptoError } from '../errors.ts';

export class ByteReader {
  readonly #input: Uint8Array;
  #offset = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  /** The next `length` bytes, a view. */
  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#input.length) throw new CryptoError('bad-state', 'stored state is truncated');
    const view = this.#input.subarray(this.#offset, end);
    this.#offset = end;
    return view;
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  u32(): number {
    return readBe32(this.take(4));
  }

  u64(): number {
    return readBe64(this.take(8));
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#offset !== this.#input.length) throw new CryptoError('bad-state', 'stored state has a tail');
  }
}
