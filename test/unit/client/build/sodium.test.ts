/** What the build takes out of libsodium for the browser, and that the rest is the library's own, byte for byte. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import t from 'tap';
import { pruneWasm, UnknownWasmError } from '../../../../client/build/prune-wasm.ts';
import { readDeclared, separate } from '../../../../client/build/sodium.ts';

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A section of fewer than 128 bytes. */
function section(id: number, ...content: readonly number[]): readonly number[] {
  return [id, content.length, ...content];
}

/** A function without locals, with `code` and the end after it. */
function body(...code: readonly number[]): readonly number[] {
  return [code.length + 2, 0, ...code, 0x0b];
}

const letter = (name: string): readonly number[] => [1, name.charCodeAt(0)];

/**
 * Four functions `() => i32`: `a` calls the third, `b` gives 2, the third (nameless) gives 40, the fourth (`t`) stands in
 * the table that `c` calls through.
 */
function sample(codeOfB: readonly number[] = [0x41, 2]): Uint8Array {
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, 1, 0x60, 0, 1, 0x7f),
    ...section(3, 5, 0, 0, 0, 0, 0),
    ...section(4, 1, 0x70, 0, 1),
    ...section(7, 4, ...letter('a'), 0, 0, ...letter('b'), 0, 1, ...letter('t'), 0, 3, ...letter('c'), 0, 4),
    ...section(9, 1, 0, 0x41, 0, 0x0b, 1, 3),
    ...section(
      10,
      5,
      ...body(0x10, 2),
      ...body(...codeOfB),
      ...body(0x41, 40),
      ...body(0x41, 7),
      ...body(0x41, 0, 0x11, 0, 0),
    ),
  ]);
}

function run(module: Uint8Array, name: string): unknown {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)));
  const called = exports[name];
  return typeof called === 'function' ? called() : undefined;
}

t.test(
  'what a kept function reaches stays, directly or through a table, and the rest is a trap',
  async (t) => {
    const whole = sample();
    for (const [name, value] of [
      ['a', 40],
      ['b', 2],
      ['t', 7],
      ['c', 7],
    ] as const)
      t.equal(run(whole, name), value);

    const pruned = pruneWasm(whole, new Set(['b', 't']));
    t.ok(WebAssembly.validate(new Uint8Array(pruned)));
    t.equal(run(pruned, 'a'), 40);
    t.equal(run(pruned, 'c'), 7, 'through the table, though its own name is gone');
    t.equal(run(pruned, 'b'), undefined);
    t.equal(run(pruned, 't'), undefined);
    t.ok(Buffer.from(whole).includes(Buffer.from(body(0x41, 2))));
    t.notOk(Buffer.from(pruned).includes(Buffer.from(body(0x41, 2))), 'its code is gone too');
  },
);

t.test('an instruction that is not known stops the build where it is reached', async (t) => {
  const odd = sample([0xfb, 0x00]);
  t.throws(() => pruneWasm(odd, new Set()), UnknownWasmError);
  t.doesNotThrow(() => pruneWasm(odd, new Set(['b'])), 'what is taken out may be anything');
  t.throws(() => pruneWasm(sample().subarray(0, 60), new Set()), UnknownWasmError);
  t.throws(() => pruneWasm(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), new Set()), UnknownWasmError);
});

t.test('the client gets the declared functions of libsodium, unchanged, and no others', async (t) => {
  const require = createRequire(new URL('../../../../crypto/sodium.ts', import.meta.url));
  const path = require
    .resolve('libsodium-sumo')
    .replace('modules-sumo/libsodium-sumo.js', 'modules-sumo-esm/libsodium-sumo.mjs');
  const script = readFileSync(path, 'utf8');
  const declared = readDeclared(
    readFileSync(new URL('../../../../crypto/libsodium-sumo.d.ts', import.meta.url), 'utf8'),
  );
  t.ok(declared.has('_crypto_pwhash') && declared.has('_malloc'));

  let pruned: Uint8Array | undefined;
  const separated = separate(script, declared, (wasm) => {
    pruned = wasm;
    return '"elsewhere"';
  });
  const whole = Buffer.from(/"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(script)?.[1] ?? '', 'base64');
  if (pruned === undefined) return t.fail('no WebAssembly was taken out');
  const kept = Buffer.from(pruned);

  t.equal(separated.split('??="elsewhere",').length, 2, 'the address stands where the bytes stood');
  const bound = Array.from(separated.matchAll(/g\.(_crypto\w+|_malloc|_free|_sodium\w*)=A\./g), ([, n]) => n);
  t.strictSame(new Set(bound), declared);
  const functions = WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(kept))).filter(
    ({ kind }) => kind === 'function',
  );
  t.ok(functions.length >= declared.size && functions.length < declared.size + 10);
  t.ok(kept.length < whole.length * 0.55, `${kept.length} of ${whole.length} bytes`);

  // Every stretch of the result between two traps stands in the library, too: nothing was written anew.
  const code = kept.subarray(kept.indexOf(Buffer.of(3, 0, 0, 0x0b)));
  const stretches = splitAt(code, Buffer.of(3, 0, 0, 0x0b)).filter((part) => part.length > 40);
  t.ok(stretches.length > 20);
  t.ok(stretches.slice(0, -1).every((part) => whole.includes(part)));

  t.throws(
    () => separate(script, new Set(['_crypto_unheard_of']), () => ''),
    /no longer has _crypto_unheard_of/,
  );
  t.throws(() => separate('another form', declared, () => ''), /known form/);
});

function splitAt(bytes: Buffer, mark: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, from)) {
    parts.push(bytes.subarray(from, at));
    from = at + mark.length;
  }
  return [...parts, bytes.subarray(from)];
}
