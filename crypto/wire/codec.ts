/**
 * The subset of protobuf (proto2 semantics) that the Signal messages need, strict where the peer's form is known:
 * minimal varints, no field twice, no group, no truncated field, declared wire types only.
 *
 * Unknown fields of a permitted wire type are skipped, since the MAC or signature of the message covers them and a
 * newer peer may send them. Zero values are written: the peer refuses a missing counter.
 */
import { CryptoError } from '../errors.ts';
import type { Bytes } from '../bytes.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Largest field number that is skipped; protobuf's own limit. */
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

function requireWhole(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new CryptoError('misuse', 'not a whole number from 0');
}

/** Builds one message. Fields are written in the order of the calls. */
export class Writer {
  #buffer: Bytes;
  #length = 0;

  /** `sizeHint` in bytes; the buffer grows when it does not suffice. */
  constructor(sizeHint = 64) {
    this.#buffer = new Uint8Array(sizeHint);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer.fill(0);
    this.#buffer = grown;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length] = (rest % 128) | 0x80;
      this.#length += 1;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length] = rest;
    this.#length += 1;
  }

  /** A non-negative safe integer as a varint. Throws `misuse` on any other number. */
  integer(field: number, value: number): this {
    requireWhole(value);
    this.#reserve(18);
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  /** A non-negative safe integer as eight little-endian bytes. Throws `misuse` on any other number. */
  fixed64(field: number, value: number): this {
    requireWhole(value);
    this.#reserve(18);
    this.#varint(field * 8 + FIXED64);
    let rest = value;
    for (let i = 0; i < 8; i += 1) {
      this.#buffer[this.#length] = rest % 256;
      this.#length += 1;
      rest = Math.floor(rest / 256);
    }
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#reserve(18 + value.length);
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Bytes outside any field: a version byte in front, a MAC behind. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** The message as a fresh copy of exact length. */
  finish(): Bytes {
    return this.#buffer.slice(0, this.#length);
  }
}

/** How a declared field is encoded: 32-bit integer, safe integer, eight fixed bytes, byte string. */
export type FieldKind = 'u32' | 'u53' | 'fixed64' | 'bytes';

/** Field number → kind of every field that a message declares. */
export type Layout = Readonly<Record<number, FieldKind>>;

const wireTypes: Readonly<Record<FieldKind, number>> = {
  u32: VARINT,
  u53: VARINT,
  fixed64: FIXED64,
  bytes: LENGTH_DELIMITED,
};

function malformed(what: string): CryptoError {
  return new CryptoError('malformed', `invalid protobuf: ${what}`);
}

/** The declared fields of one parsed message. Byte strings are views into the input. */
export class Fields {
  readonly #integers: ReadonlyMap<number, number>;
  readonly #strings: ReadonlyMap<number, Uint8Array>;

  constructor(integers: ReadonlyMap<number, number>, strings: ReadonlyMap<number, Uint8Array>) {
    this.#integers = integers;
    this.#strings = strings;
  }

  /** Throws `malformed` when the field is missing. */
  integer(field: number): number {
    const value = this.#integers.get(field);
    if (value === undefined) throw malformed(`field ${field} is missing`);
    return value;
  }

  optionalInteger(field: number): number | undefined {
    return this.#integers.get(field);
  }

  /** A view. Throws `malformed` when the field is missing or, if `length` is given, of another length. */
  bytes(field: number, length?: number): Uint8Array {
    const value = this.#strings.get(field);
    if (value === undefined) throw malformed(`field ${field} is missing`);
    if (length !== undefined && value.length !== length) throw malformed(`field ${field} has a wrong length`);
    return value;
  }

  optionalBytes(field: number): Uint8Array | undefined {
    return this.#strings.get(field);
  }
}

/**
 * Parses a whole byte string as one message. Throws `malformed` on anything irregular, on a declared field twice or
 * of another wire type, on integers above the kind's range, and on anything left over.
 */
export function parseFields(input: Uint8Array, layout: Layout): Fields {
  const integers = new Map<number, number>();
  const strings = new Map<number, Uint8Array>();
  let offset = 0;

  function varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count += 1) {
      const byte = input[offset];
      if (byte === undefined) throw malformed('truncated');
      offset += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && count > 0) throw malformed('overlong integer');
        if (count === 9 && byte > 1) throw malformed('integer above 64 bits');
        return value;
      }
      scale *= 128;
    }
    throw malformed('overlong integer');
  }

  function take(length: number): Uint8Array {
    if (length > input.length - offset) throw malformed('truncated');
    const view = input.subarray(offset, offset + length);
    offset += length;
    return view;
  }

  while (offset < input.length) {
    const tag = varint();
    const wireType = tag % 8;
    const field = Math.floor(tag / 8);
    if (field === 0 || field > MAX_FIELD_NUMBER) throw malformed('field number');
    const kind = layout[field];
    if (kind !== undefined) {
      if (wireTypes[kind] !== wireType) throw malformed(`field ${field} has a wrong type`);
      if (integers.has(field) || strings.has(field)) throw malformed(`field ${field} twice`);
    }
    switch (wireType) {
      case VARINT: {
        const value = varint();
        if (kind === undefined) break;
        if (value > (kind === 'u32' ? 0xffff_ffff : Number.MAX_SAFE_INTEGER)) {
          throw malformed(`field ${field} is too large`);
        }
        integers.set(field, value);
        break;
      }
      case FIXED64: {
        const view = take(8);
        if (kind === undefined) break;
        let value = 0;
        for (let i = 7; i >= 0; i -= 1) value = value * 256 + (view[i] ?? 0);
        if (value > Number.MAX_SAFE_INTEGER) throw malformed(`field ${field} is too large`);
        integers.set(field, value);
        break;
      }
      case LENGTH_DELIMITED: {
        const view = take(varint());
        if (kind !== undefined) strings.set(field, view);
        break;
      }
      case FIXED32:
        take(4);
        break;
      default:
        throw malformed('wire type');
    }
  }
  return new Fields(integers, strings);
}
