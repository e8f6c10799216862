/** Between the two carriers: base64url text in JSON, bytes everywhere else. Ajv's `x-bytes` keyword measures the decoded bytes. */
import type { Static, TSchema } from 'typebox';
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';

/** A value as JSON carries it. */
export type Carried<Value> = Value extends Uint8Array
  ? string
  : Value extends readonly (infer Item)[]
    ? Carried<Item>[]
    : Value extends object
      ? { -readonly [Key in keyof Value]: Carried<Value[Key]> }
      : Value;

/** Bytes become base64url text, at any depth. */
export function toJson<Value>(value: Value): Carried<Value> {
  return textForm(value) as Carried<Value>;
}

function textForm(value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeB64u(value);
  if (Array.isArray(value)) return value.map(textForm);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, textForm(item)]));
}

/** The value of a checked JSON body, with bytes where `schema` (the shape made for CBOR) has them. */
export function parseCarried<Schema extends TSchema>(schema: Schema, json: unknown): Static<Schema> {
  return byteForm(schema, json) as Static<Schema>;
}

interface Described {
  readonly 'x-bytes'?: unknown;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
}

function byteForm(schema: Described, json: unknown): unknown {
  if (schema['x-bytes'] !== undefined && typeof json === 'string') return decodeB64u(json);
  if (Array.isArray(json)) {
    const { items } = schema;
    return items === undefined ? json : json.map((item) => byteForm(items, item));
  }
  if (typeof json !== 'object' || json === null || schema.properties === undefined) return json;
  const { properties } = schema;
  return Object.fromEntries(
    Object.entries(json).map(([key, item]) => {
      const property = properties[key];
      return [key, property === undefined ? item : byteForm(property, item)];
    }),
  );
}

/** The bytes of a text that a schema has measured. */
export function bytesOf(textB64u: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeB64u(textB64u);
  if (bytes === undefined) throw new TypeError('not base64url');
  return bytes;
}

/** What is needed of an Ajv instance here. */
interface KeywordHost {
  addKeyword(definition: string | { keyword: string }): unknown;
}

/** Teaches Ajv `x-bytes`: canonical base64url of exactly so many bytes, or of a range. */
export function addBytesKeyword<Host extends KeywordHost>(ajv: Host): Host {
  const definition = {
    keyword: 'x-bytes',
    type: 'string',
    schemaType: ['number', 'array'],
    errors: false,
    compile: (size: number | readonly [number, number]) => {
      const [least, most] = typeof size === 'number' ? [size, size] : size;
      return (text: string) => {
        const bytes = decodeB64u(text);
        return bytes !== undefined && bytes.length >= least && bytes.length <= most;
      };
    },
  };
  ajv.addKeyword(definition);
  return ajv;
}
