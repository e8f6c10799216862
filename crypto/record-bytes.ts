/**
 * Writing and reading the bytes of stored sessions and ratchets: big-endian integers, strings of a known length or behind
 * their length. Both happen at every message, so the writer works in one block that is taken once and cleared after each
 * use, and the reader hands out views.
 */
import { readBe32, readBe64 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** Enough for a record with its 2,000 skipped keys in one epoch; grows when there are more. */
const FIRST_BLOCK_BYTES = 81_920;

let block = new Uint8Array(0);

/** Fills the shared block; one at a time, from its creation to `finish`. */
export class RecordWriter {
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    block[this.#length] = value;
    this.#length += 1;
  }

  /** Four bytes. */
  word(value: number): void {
    this.#reserve(4);
    const at = this.#length;
    block[at] = value >>> 24;
    block[at + 1] = value >>> 16;
    block[at + 2] = value >>> 8;
    block[at + 3] = value;
    this.#length = at + 4;
  }

  /** Eight bytes, for a safe integer. */
  long(value: number): void {
    this.word(Math.floor(value / 0x1_0000_0000));
    this.word(value >>> 0);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    block.set(value, this.#length);
    this.#length += value.length;
  }

  /** Behind its length in four bytes. */
  string(value: Uint8Array): void {
    this.word(value.length);
    this.bytes(value);
  }

  /** A copy of what was written. */
  finish(): Bytes {
    const record = block.slice(0, this.#length);
    block.fill(0, 0, this.#length);
    return record;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= block.length) return;
    const larger = new Uint8Array(Math.max(FIRST_BLOCK_BYTES, needed, 2 * block.length));
    larger.set(block);
    block.fill(0);
    block = larger;
  }
}

/** Reads front to back; throws `bad-state` past the end and for an impossible integer. Byte strings are views of the input. */
export class RecordReader {
  readonly #input: Uint8Array;
  #at = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  byte(): number {
    return this.#input[this.#advance(1)] ?? 0;
  }

  /** Four bytes. */
  word(): number {
    return readBe32(this.#input, this.#advance(4));
  }

  /** Eight bytes; a safe integer. */
  long(): number {
    const at = this.#advance(8);
    if (readBe32(this.#input, at) > 0x1f_ffff) throw damaged();
    return readBe64(this.#input, at);
  }

  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#input.subarray(at, at + length);
  }

  /** Behind its length in four bytes. */
  string(): Uint8Array {
    return this.bytes(this.word());
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#input.length) throw damaged();
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#input.length) throw damaged();
    this.#at = at + length;
    return at;
  }
}

/** What stored state that cannot be read throws. */
export function damaged(): CryptoError {
  return new CryptoError('bad-state', 'stored state is damaged');
}
