/**
 * Schemas as PROTOCOL.md writes them. One notation for both carriers: `bytes(n)` is a byte string of n bytes, in JSON its base64url
 * text. Shapes that many messages share are written once and named.
 */
import type { TSchema } from 'typebox';

/** A named shape; the schema of either carrier prints the same. */
export interface NamedShape {
  readonly name: string;
  readonly schema: TSchema;
}

/** The parts of a schema that are written. */
interface Described {
  readonly 'x-bytes'?: number | readonly [number, number];
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Described[];
  readonly properties?: Readonly<Record<string, Described>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly patternProperties?: Readonly<Record<string, Described>>;
  readonly maxProperties?: number;
  readonly items?: Described;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What carries the schema: base64url text is ordinary in JSON and worth a word in CBOR. */
export type Carrier = 'json' | 'cbor';

/** Writes schemas with these named shapes. */
export class SchemaWriter {
  readonly #names = new Map<string, string>();
  readonly #carrier: Carrier;

  constructor(shapes: readonly NamedShape[], carrier: Carrier) {
    this.#carrier = carrier;
    for (const { name, schema } of shapes) this.#names.set(this.#plain(schema), name);
  }

  /** The text of a schema, names for the shapes in it and, unless `isDefinition`, for itself. */
  write(schema: TSchema, isDefinition = false): string {
    return this.#text(schema, '', isDefinition);
  }

  /** The full text without names: equal for equal shapes. */
  #plain(schema: Described): string {
    return new SchemaWriter([], 'json').#text(schema, '', true);
  }

  #text(schema: Described, indent: string, isDefinition: boolean): string {
    const name = isDefinition || this.#names.size === 0 ? undefined : this.#names.get(this.#plain(schema));
    if (name !== undefined) return name;
    if (schema['x-bytes'] !== undefined) {
      const size = schema['x-bytes'];
      const bytes = `bytes(${typeof size === 'number' ? size : `${size[0]} to ${size[1]}`})`;
      return this.#carrier === 'cbor' && schema.type === 'string' ? `base64url text of ${bytes}` : bytes;
    }
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    if (schema.anyOf !== undefined) {
      return schema.anyOf.map((option) => this.#text(option, indent, false)).join(' | ');
    }
    switch (schema.type) {
      case 'object':
        return this.#object(schema, indent);
      case 'array':
        return `[${this.#items(schema)}] ${this.#text(schema.items ?? {}, indent, false)}`;
      case 'integer':
        return this.#integer(schema);
      case 'string':
        return this.#string(schema);
      case 'boolean':
        return 'boolean';
      case undefined:
        // Checked where it is taken apart.
        if (Object.keys(schema).length === 0) return 'anything';
        throw new TypeError('a schema without a type has no notation yet');
      default:
        throw new TypeError(`a schema of type ${schema.type} has no notation yet`);
    }
  }

  #object(schema: Described, indent: string): string {
    if (schema.additionalProperties !== false) throw new TypeError('an object that is not closed');
    if (schema.patternProperties !== undefined) return this.#record(schema, indent);
    const short = this.#pair(schema);
    if (short !== undefined) return short;
    const inner = `${indent}  `;
    const lines = Object.entries(schema.properties ?? {}).map(([key, property]) => {
      const mark = schema.required?.includes(key) === true ? '' : '?';
      return `${inner}${key}${mark}: ${this.#text(property, inner, false)}\n`;
    });
    return lines.length === 0 ? '{}' : `{\n${lines.join('')}${indent}}`;
  }

  /** A map whose keys are of one kind. */
  #record({ patternProperties = {}, maxProperties }: Described, indent: string): string {
    const kinds = Object.entries(patternProperties).map(
      ([pattern, value]) => `/${pattern}/: ${this.#text(value, indent, false)}`,
    );
    if (maxProperties === undefined) throw new TypeError('a map without a bound');
    return `{ 0 to ${maxProperties} of ${kinds.join(', ')} }`;
  }

  /** The two pairs that stand everywhere: signed bytes with their signature, sealed bytes with their version. */
  #pair({ properties = {} }: Described): string | undefined {
    const size = (key: string): string =>
      this.#text(properties[key] ?? {}, '', true).slice('bytes('.length, -1);
    const keys = Object.keys(properties).join(' ');
    if (keys === 'bytes signature' && size('signature') === '64') return `signed(${size('bytes')})`;
    return keys === 'version sealed' ? `versioned(${size('sealed')})` : undefined;
  }

  #integer({ minimum, maximum }: Described): string {
    if (minimum === undefined) throw new TypeError('an integer without a lower bound');
    return maximum === undefined ? `integer from ${minimum}` : `integer ${minimum} to ${maximum}`;
  }

  #items({ minItems = 0, maxItems }: Described): string {
    return maxItems === undefined ? `${minItems} or more` : `${minItems} to ${maxItems}`;
  }

  #string({ minLength = 0, maxLength, pattern }: Described): string {
    const size = maxLength === undefined ? '' : ` of ${minLength} to ${maxLength}`;
    return `text${size}${pattern === undefined ? '' : ` /${pattern}/`}`;
  }
}
