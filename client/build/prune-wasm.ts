// Takes out of a WebAssembly module what nothing reaches from the exports that are kept: their names go, and the body of
// each unreached function becomes a trap. All indices, and every byte of the code that stays, are as they were, so what a
// browser runs is the library's own code. Source: WebAssembly Core Specification 2.0, chapter 5 (binary format).

const TYPES = 1;
const IMPORTS = 2;
const FUNCTIONS = 3;
const EXPORTS = 7;
const START = 8;
const ELEMENTS = 9;
const CODE = 10;
const FUNCTION = 0;
const TABLE = 1;
/** A whole function: three bytes, no locals, `unreachable`, `end`. */
const TRAP = [3, 0, 0x00, 0x0b] as const;

/** The module holds something that this does not know; it is better to stop than to guess what is reached. */
export class UnknownWasmError extends Error {
  override readonly name = 'UnknownWasmError';
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new UnknownWasmError('the module ends in the middle');
    this.at += 1;
    return value;
  }

  /** LEB128, at most 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new UnknownWasmError('a number of more than 32 bits');
  }

  numbers(count: number): void {
    for (let index = 0; index < count; index += 1) this.number();
  }

  /** A signed LEB128 of any width, whose value does not matter. */
  passSigned(): void {
    while (this.byte() >= 0x80);
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new UnknownWasmError('the module ends in the middle');
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** `count` times what `read` reads, in order. */
  list<T>(read: (reader: Reader) => T): readonly T[] {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

function readSections(module: Uint8Array): readonly Section[] {
  const reader = new Reader(module);
  const head = reader.take(8);
  if (head.join() !== '0,97,115,109,1,0,0,0') throw new UnknownWasmError('not a module of version 1');
  const sections: Section[] = [];
  while (reader.at < module.length)
    sections.push({ id: reader.byte(), content: reader.take(reader.number()) });
  return sections;
}

function passLimits(reader: Reader): void {
  reader.numbers((reader.byte() & 1) === 1 ? 2 : 1);
}

/** The kind of each import. */
function readImports(content: Uint8Array): readonly number[] {
  return new Reader(content).list((reader) => {
    reader.take(reader.number());
    reader.take(reader.number());
    const kind = reader.byte();
    if (kind === FUNCTION) reader.number();
    else if (kind === TABLE) {
      reader.byte();
      passLimits(reader);
    } else if (kind === 2) passLimits(reader);
    else if (kind === 3) reader.take(2);
    else throw new UnknownWasmError(`an import of kind ${kind}`);
    return kind;
  });
}

/** Each type as text, so that two that are alike are equal. */
function readTypes(content: Uint8Array): readonly string[] {
  return new Reader(content).list((reader) => {
    if (reader.byte() !== 0x60) throw new UnknownWasmError('a type that is no function');
    const parameters = reader.take(reader.number());
    return `${parameters.join()} -> ${reader.take(reader.number()).join()}`;
  });
}

interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
  readonly bytes: Uint8Array;
}

function readExports(content: Uint8Array): readonly Export[] {
  return new Reader(content).list((reader) => {
    const from = reader.at;
    const name = new TextDecoder().decode(reader.take(reader.number()));
    const kind = reader.byte();
    const index = reader.number();
    return { name, kind, index, bytes: content.subarray(from, reader.at) };
  });
}

/** Functions that a table holds. */
function readElements(content: Uint8Array): readonly number[] {
  return new Reader(content)
    .list((reader) => {
      if (reader.number() !== 0) throw new UnknownWasmError('elements that are not plain functions');
      readExpression(reader);
      return reader.list((inner) => inner.number());
    })
    .flat();
}

/** Passes what follows the opcode `0xfc`. */
function passExtended(reader: Reader): void {
  const code = reader.number();
  if (code <= 7) return;
  if (code > 17) throw new UnknownWasmError(`instruction 0xfc ${code}`);
  reader.numbers([8, 10, 12, 14].includes(code) ? 2 : 1);
}

interface Calls {
  /** Functions that are called, or whose address is taken. */
  readonly functions: readonly number[];
  /** Types of what is called through a table. */
  readonly types: readonly number[];
}

/** Reads one expression to its end. */
function readExpression(reader: Reader): Calls {
  const functions: number[] = [];
  const types: number[] = [];
  for (let depth = 1; depth > 0;) {
    const code = reader.byte();
    if (code >= 0x02 && code <= 0x04) {
      depth += 1;
      reader.passSigned();
    } else if (code === 0x0b) depth -= 1;
    else if (code === 0x10 || code === 0x12 || code === 0xd2) functions.push(reader.number());
    else if (code === 0x11 || code === 0x13) {
      types.push(reader.number());
      reader.number();
    } else if (code === 0x0c || code === 0x0d || (code >= 0x20 && code <= 0x26)) reader.number();
    else if (code === 0x0e) reader.numbers(reader.number() + 1);
    else if (code >= 0x28 && code <= 0x3e) reader.numbers(2);
    else if (code === 0x1c) reader.take(reader.number());
    else if (code === 0x3f || code === 0x40 || code === 0xd0) reader.byte();
    else if (code === 0x41 || code === 0x42) reader.passSigned();
    else if (code === 0x43) reader.take(4);
    else if (code === 0x44) reader.take(8);
    else if (code === 0xfc) passExtended(reader);
    else if (!isPlain(code)) throw new UnknownWasmError(`instruction 0x${code.toString(16)}`);
  }
  return { functions, types };
}

/** Instructions of one byte. */
function isPlain(code: number): boolean {
  return [0x00, 0x01, 0x05, 0x0f, 0x1a, 0x1b, 0xd1].includes(code) || (code >= 0x45 && code <= 0xc4);
}

function callsOf(body: Uint8Array): Calls {
  const reader = new Reader(body);
  reader.list((locals) => {
    locals.number();
    locals.byte();
  });
  return readExpression(reader);
}

function encodeNumber(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encodeNumber(value >>> 7)];
}

function join(parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * `module` without what only the functions exported as `dropped` reach.
 * @throws {UnknownWasmError} The module is no WebAssembly of version 1, or uses a part of it that this does not read.
 */
export function pruneWasm(module: Uint8Array, dropped: ReadonlySet<string>): Uint8Array {
  const sections = readSections(module);
  const contentOf = (id: number) => sections.find((section) => section.id === id)?.content;
  const contentOrNothing = (id: number) => contentOf(id) ?? Uint8Array.of(0);
  const kept = readExports(contentOrNothing(EXPORTS)).filter(
    ({ kind, name }) => kind !== FUNCTION || !dropped.has(name),
  );
  const bodies = new Reader(contentOrNothing(CODE)).list((reader) => reader.take(reader.number()));
  const imports = readImports(contentOrNothing(IMPORTS));
  const imported = imports.filter((kind) => kind === FUNCTION).length;
  const types = readTypes(contentOrNothing(TYPES));
  const typeOf = new Reader(contentOrNothing(FUNCTIONS)).list((reader) => types[reader.number()]);
  const inTables = readElements(contentOrNothing(ELEMENTS));
  const isTableOpen = imports.includes(TABLE) || kept.some(({ kind }) => kind === TABLE);

  const start = contentOf(START);
  const waiting = [
    ...kept.filter(({ kind }) => kind === FUNCTION).map(({ index }) => index),
    ...(isTableOpen ? inTables : []),
    ...(start === undefined ? [] : [new Reader(start).number()]),
  ];
  const reached = new Set<number>();
  const called = new Set<string | undefined>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next < imported || reached.has(next)) continue;
    reached.add(next);
    const body = bodies[next - imported];
    if (body === undefined) throw new UnknownWasmError(`function ${next} does not exist`);
    const calls = callsOf(body);
    waiting.push(...calls.functions);
    for (const type of calls.types.map((index) => types[index])) {
      if (called.has(type)) continue;
      called.add(type);
      waiting.push(...inTables.filter((index) => typeOf[index - imported] === type));
    }
  }

  const rewritten = new Map([
    [EXPORTS, join([encodeNumber(kept.length), ...kept.map(({ bytes }) => bytes)])],
    [
      CODE,
      join([
        encodeNumber(bodies.length),
        ...bodies.map((body, index) =>
          reached.has(index + imported) ? join([encodeNumber(body.length), body]) : TRAP,
        ),
      ]),
    ],
  ]);
  return join([
    module.subarray(0, 8),
    ...sections.map(({ id, content }) => {
      const now = rewritten.get(id) ?? content;
      return join([[id], encodeNumber(now.length), now]);
    }),
  ]);
}
