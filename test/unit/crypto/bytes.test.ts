import t from 'tap';
import fc from 'fast-check';
import {
  be32,
  be64,
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  parseUtf8,
  readBe32,
  readBe64,
  toHex,
  utf8,
  wipe,
} from '../../../crypto/bytes.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

function isMalformed(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return isCryptoError(error, 'malformed');
  }
}

t.test('hex agrees with the runtime and comes back unchanged', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const hex = toHex(bytes);
      return hex === Buffer.from(bytes).toString('hex') && equalBytes(fromHex(hex), bytes);
    }),
  );
  t.same(fromHex('00FFab'), Uint8Array.of(0, 255, 171));
});

t.test('hex of odd length or with other characters is refused', async (t) => {
  for (const text of ['0', '0g', 'zz', '0x00', ' 00'])
    t.ok(
      isMalformed(() => fromHex(text)),
      text,
    );
});

t.test('big-endian integers are written and read at the edges of their range', async (t) => {
  for (const value of [0, 1, 255, 65_536, 2 ** 31, 2 ** 32 - 1]) t.equal(readBe32(be32(value)), value);
  for (const value of [0, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER])
    t.equal(readBe64(be64(value)), value);
  t.ok(
    isMalformed(() => readBe64(new Uint8Array(8).fill(0xff))),
    'above what a number can hold',
  );
  t.ok(
    isMalformed(() => readBe32(new Uint8Array(3))),
    'past the end',
  );
  t.ok(
    isMalformed(() => readBe32(new Uint8Array(8), 5)),
    'past the end with an offset',
  );
});

t.test('comparison, joining and wiping do what they say', async (t) => {
  t.ok(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  t.notOk(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  t.notOk(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)));
  t.same(concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3));
  t.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(2)) < 0);
  t.ok(compareBytes(Uint8Array.of(1, 0), Uint8Array.of(1)) > 0);
  const secret = Uint8Array.of(7, 7);
  wipe(secret);
  t.same(secret, new Uint8Array(2));
});

t.test('text must be valid UTF-8 and keeps a byte order mark', async (t) => {
  t.equal(parseUtf8(utf8('grüße 👋')), 'grüße 👋');
  t.equal(parseUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\uFEFFa');
  t.ok(isMalformed(() => parseUtf8(Uint8Array.of(0xc3, 0x28))));
});
