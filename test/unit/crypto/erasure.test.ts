import t from 'tap';
import fc from 'fast-check';
import { concat, equalBytes } from '../../../crypto/bytes.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { chunkAt, collect, nothingCollected, parseCollected, restore } from '../../../crypto/spqr/erasure.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

/** The lengths that the ratchet uses. */
const sizes = [96, 160, 960, 1152];

/** Multiplication in GF(2^16) modulo x^16 + x^12 + x^3 + x + 1, bit by bit. */
function multiply(left: number, right: number): number {
  let product = 0;
  for (let bit = 15; bit >= 0; bit -= 1) {
    product <<= 1;
    if (product > 0xffff) product ^= 0x1100b;
    if ((right >> bit) & 1) product ^= left;
  }
  return product;
}

/** 1 / value = value^(2^16 - 2). */
function invert(value: number): number {
  let result = 1;
  let square = value;
  for (let bit = 0; bit < 16; bit += 1) {
    if (bit > 0) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

/** The textbook interpolation, word by word: slow and plain. */
function slowChunk(message: Uint8Array, at: number): Uint8Array {
  const count = message.length / 32;
  const words = Array.from({ length: 16 }, (_, polynomial) => {
    let sum = 0;
    for (let j = 0; j < count; j += 1) {
      const offset = 2 * (16 * j + polynomial);
      let term = ((message[offset] ?? 0) << 8) | (message[offset + 1] ?? 0);
      for (let i = 0; i < count; i += 1) {
        if (i !== j) term = multiply(term, multiply(at ^ i, invert(j ^ i)));
      }
      sum ^= term;
    }
    return sum;
  });
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function collectAll(message: Uint8Array, numbers: readonly number[]): Uint8Array {
  return numbers.reduce<Uint8Array>(
    (collected, number) => collect(collected, number, chunkAt(message, number)),
    nothingCollected,
  );
}

t.test('the first chunks are the message itself', async (t) => {
  for (const size of sizes) {
    const message = randomBytes(size);
    const plain = Array.from({ length: size / 32 }, (_, number) => chunkAt(message, number));
    t.same(concat(...plain), message);
  }
});

t.test('later chunks are what textbook interpolation gives', async (t) => {
  for (const size of sizes) {
    const message = randomBytes(size);
    for (const number of [size / 32, size / 32 + 1, 255, 4096, 65_535]) {
      t.same(chunkAt(message, number), slowChunk(message, number), `${size} bytes, chunk ${number}`);
    }
  }
});

t.test('all sixteen polynomials of an all-zero and of a constant message stay constant', async (t) => {
  t.same(chunkAt(new Uint8Array(960), 60_000), new Uint8Array(32));
  const row = randomBytes(32);
  t.same(chunkAt(concat(...Array.from({ length: 36 }, () => row)), 50_000), row);
});

t.test('any distinct chunks that suffice restore the message, in any order', async (t) => {
  const cases = fc.constantFrom(...sizes).chain((size) =>
    fc.tuple(
      fc.uint8Array({ minLength: size, maxLength: size }),
      fc.uniqueArray(fc.oneof(fc.nat({ max: 80 }), fc.nat({ max: 65_535 })), {
        minLength: size / 32,
        maxLength: size / 32 + 3,
      }),
    ),
  );
  fc.assert(
    fc.property(cases, ([message, numbers]) => {
      const restored = restore(collectAll(message, numbers), message.length);
      return restored !== undefined && equalBytes(restored, message);
    }),
    { numRuns: 200 },
  );
  t.pass('every run restored the message');
});

t.test('one chunk too few restores nothing, however often it comes', async (t) => {
  for (const size of sizes) {
    const message = randomBytes(size);
    const numbers = Array.from({ length: size / 32 - 1 }, (_, i) => 3 * i);
    const collected = collectAll(message, [...numbers, ...numbers]);
    t.equal(collected.length, 34 * numbers.length);
    t.equal(restore(collected, size), undefined);
  }
});

t.test('collecting leaves its argument alone and keeps the first chunk of a number', async (t) => {
  const first = collect(nothingCollected, 7, new Uint8Array(32).fill(1));
  const copy = first.slice();
  const more = collect(first, 3, new Uint8Array(32).fill(2));
  t.same(first, copy);
  t.equal(collect(more, 7, new Uint8Array(32).fill(9)), more);
  t.same(
    more,
    concat(Uint8Array.of(0, 3), new Uint8Array(32).fill(2), Uint8Array.of(0, 7), new Uint8Array(32).fill(1)),
  );
});

t.test('a stored collection is read back only in the form in which it is written', async (t) => {
  const message = randomBytes(160);
  const collected = collectAll(message, [0, 2, 65_535]);
  t.equal(parseCollected(collected, 160), collected);
  t.equal(parseCollected(nothingCollected, 160), nothingCollected);
  const entry = (at: number) => collected.subarray(34 * at, 34 * at + 34);
  const damaged = [
    collected.subarray(1),
    collected.subarray(0, -1),
    concat(entry(1), entry(0)),
    concat(entry(0), entry(0)),
    collectAll(message, [0, 1, 2, 3, 4]),
  ];
  for (const bytes of damaged) t.throws(() => parseCollected(bytes, 160), because('bad-state'));
});
