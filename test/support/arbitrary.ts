/**
 * Values for fast-check from the protocol's own schemas: what a schema allows, and the same with something in it that it does not allow.
 * So whatever is added to the wire is tried too, without a word about it here.
 */
import fc from 'fast-check';
import { encodeB64u } from '@tacet/protocol/bytes';

/** What is used of a schema. */
interface Schema {
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly 'x-bytes'?: number | readonly [number, number];
}

/** Room above the least length of what may be long: sizes are tried elsewhere. */
const LONGER = 40;
const MORE_ITEMS = 3;

/** Any value that a schema of the protocol allows. */
export function arbitraryOf(schema: object): fc.Arbitrary<unknown> {
  return build(schema as Schema);
}

function build(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(build));
  if (schema['x-bytes'] !== undefined) {
    const bytes = bytesOf(schema['x-bytes']);
    return schema.type === 'string' ? bytes.map(encodeB64u) : bytes;
  }
  switch (schema.type ?? '') {
    case 'object':
      return objectOf(schema);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = Infinity } = schema;
      return fc.array(build(items), {
        minLength: minItems,
        maxLength: Math.min(maxItems, minItems + MORE_ITEMS),
      });
    }
    case 'integer': {
      const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema;
      return fc.integer({ min: Math.max(minimum, -0x8000_0000), max: Math.min(maximum, 0x7fff_ffff) });
    }
    case 'boolean':
      return fc.boolean();
    case 'string':
      return textOf(schema);
    default:
      throw new TypeError(`no values are made for ${JSON.stringify(schema)}`);
  }
}

function bytesOf(size: number | readonly [number, number]): fc.Arbitrary<Uint8Array> {
  const [least, most] = typeof size === 'number' ? [size, size] : size;
  return fc.uint8Array({ minLength: least, maxLength: Math.min(most, least + LONGER) });
}

function textOf({ minLength = 0, maxLength = Infinity, pattern }: Schema): fc.Arbitrary<string> {
  const most = Math.min(maxLength, minLength + LONGER);
  if (pattern === undefined) return fc.string({ minLength, maxLength: most });
  const fits = ({ length }: string): boolean => length >= minLength && length <= maxLength;
  return fc.stringMatching(new RegExp(pattern), { maxLength: most }).filter(fits);
}

function objectOf({ properties = {}, required = [], patternProperties }: Schema): fc.Arbitrary<unknown> {
  const [named] = Object.entries(patternProperties ?? {});
  if (named !== undefined) {
    const [pattern, value] = named;
    const key = fc.stringMatching(new RegExp(pattern));
    return fc.dictionary(key, build(value), { maxKeys: MORE_ITEMS, noNullPrototype: true });
  }
  const fields = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, build(value)]));
  return fc.record(fields, { requiredKeys: [...required], noNullPrototype: true });
}

/** What no schema of ours expects where it stands. `text`: as JSON carries it, else as CBOR may. */
function strange(carrier: 'text' | 'bytes'): fc.Arbitrary<unknown> {
  const values: readonly unknown[] = [
    null,
    -1,
    1.5,
    2 ** 53 - 1,
    '',
    'x'.repeat(10_000),
    '\u0000\ud800',
    'constructor',
    true,
    [],
    {},
    JSON.parse('{"toString":1,"valueOf":1,"then":1}'),
    Array.from({ length: 300 }, (_, i) => i),
    [[[[[[[[[[[[]]]]]]]]]]]],
  ];
  const bytes = [new Uint8Array(0), new Uint8Array(1), new Uint8Array(4_096).fill(0xff)];
  return fc.constantFrom(...values, ...(carrier === 'bytes' ? bytes : []));
}

/** An allowed value of a schema with one or two of its parts exchanged for something strange, left out, or added. */
export function spoiled(schema: object, carrier: 'text' | 'bytes'): fc.Arbitrary<unknown> {
  return fc.tuple(arbitraryOf(schema), spoilings(carrier)).map(([value, spoilIt]) => spoilIt(value));
}

/** Ways of spoiling a value as `spoiled` does. */
export function spoilings(carrier: 'text' | 'bytes'): fc.Arbitrary<(value: unknown) => unknown> {
  const change = fc.tuple(fc.constantFrom('exchange', 'remove', 'add'), fc.nat(1_000), strange(carrier));
  return fc
    .array(change, { minLength: 1, maxLength: 2 })
    .map(
      (changes) => (value: unknown) =>
        changes.reduce((before, [how, at, odd]) => spoil(before, how, at, odd), value),
    );
}

function spoil(value: unknown, how: string, at: number, odd: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return odd;
  const entries = Object.entries(value);
  const chosen = entries[at % Math.max(1, entries.length)];
  const isList = Array.isArray(value);
  const give = (next: readonly (readonly [string, unknown])[]): unknown =>
    isList ? next.map(([, part]) => part) : Object.fromEntries(next);
  if (how === 'add' || chosen === undefined) return give([...entries, [`x${at}`, odd]]);
  const [key, part] = chosen;
  if (how === 'remove') return give(entries.filter(([other]) => other !== key));
  // Every second time deeper down, where there is a deeper down.
  const goesDeeper = at % 2 === 0 && typeof part === 'object' && part !== null;
  const next = goesDeeper ? spoil(part, how, at >> 1, odd) : odd;
  return give(entries.map(([other, old]) => [other, other === key ? next : old]));
}

/** Honest bytes with a few of them changed, cut or inserted. */
export function mangled(honest: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return manglings().map((mangle) => mangle(honest));
}

/** Ways of mangling bytes as `mangled` does. */
export function manglings(): fc.Arbitrary<(honest: Uint8Array) => Uint8Array<ArrayBuffer>> {
  const change = fc.tuple(
    fc.constantFrom('set', 'cut', 'insert'),
    fc.nat(1_000_000),
    fc.uint8Array({ maxLength: 4 }),
  );
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => (honest) => {
    let bytes: Uint8Array<ArrayBuffer> = Uint8Array.from(honest);
    for (const [how, anywhere, some] of changes) {
      const at = anywhere % (honest.length + 1);
      const skip = how === 'insert' ? 0 : Math.max(1, some.length);
      const put = how === 'cut' ? [] : some;
      bytes = Uint8Array.of(...bytes.subarray(0, at), ...put, ...bytes.subarray(at + skip));
    }
    return bytes;
  });
}
