/**
 * CBOR (RFC 8949) for socket frames, signed structures and encrypted contents: the only importer of cborg.
 * Strict both ways: definite lengths, no duplicate keys, no undefined, no NaN, no tags, no big integers, no trailing bytes.
 * Whatever the decoder throws, a RangeError from deep nesting included, is `malformed-frame`.
 */
import { decode, encode } from 'cborg';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import { WireError } from './errors.ts';

const STRICT = {
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: false,
  allowNaN: false,
  allowInfinity: false,
} as const;

/**
 * How deep lists and maps may stand within each other. What is decoded may be kept and encoded again, which ends the stack earlier than
 * decoding does; nothing of ours is half as deep.
 */
const DEPTH_MOST = 32;

/** Encodes a plain value; map keys are sorted, so equal values give equal bytes. */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value);
}

/** Decodes one CBOR item that fills `bytes` exactly. Throws `WireError` `malformed-frame`. */
export function decodeCbor(bytes: Uint8Array): unknown {
  let value: unknown;
  let isForbidden: boolean;
  try {
    value = decode(bytes, STRICT);
    isForbidden = hasForbiddenKey(value, DEPTH_MOST);
  } catch (cause) {
    throw new WireError('malformed-frame', 'not strict CBOR', { cause });
  }
  if (isForbidden) throw new WireError('malformed-frame', 'forbidden key');
  return value;
}

/** Decodes and checks against a schema. Throws `WireError` `malformed-frame`. */
export function parseCbor<Schema extends TSchema>(schema: Schema, bytes: Uint8Array): Static<Schema> {
  const value = decodeCbor(bytes);
  if (!Check(schema, value)) throw new WireError('malformed-frame', 'does not match its schema');
  return value as Static<Schema>;
}

/** Looks through an item. Throws where things stand within each other deeper than `left`. */
function hasForbiddenKey(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (left === 0) throw new RangeError('nested too deep');
  if (Array.isArray(value)) return value.some((entry) => hasForbiddenKey(entry, left - 1));
  for (const key of Object.getOwnPropertyNames(value)) {
    if (key === '__proto__' || hasForbiddenKey((value as Record<string, unknown>)[key], left - 1))
      return true;
  }
  return Object.getPrototypeOf(value) !== Object.prototype;
}
