// QR codes: error correction against the standard's own example, structure by the standard's rules, and codes that a reader has read.

import { createHash } from 'node:crypto';
import t from 'tap';
import { encodeQr, type Modules } from '../../../../client/ui/qr/encode.ts';
import { errorCorrection } from '../../../../client/ui/qr/reed-solomon.ts';

function hashOf(modules: Modules): string {
  const rows = modules.map((row) => row.map((dark) => (dark ? '1' : '0')).join(''));
  return createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, 16);
}

t.test('error correction gives the codewords of the standard’s example (annex I, 1-M)', (t) => {
  const data = Uint8Array.of(
    0x10,
    0x20,
    0x0c,
    0x56,
    0x61,
    0x80,
    0xec,
    0x11,
    0xec,
    0x11,
    0xec,
    0x11,
    0xec,
    0x11,
    0xec,
    0x11,
  );
  t.strictSame([...errorCorrection(data, 10)], [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
  t.end();
});

t.test('the smallest version that fits is taken, up to what holds 666 bytes', (t) => {
  t.equal(encodeQr('a'.repeat(14)).length, 21);
  t.equal(encodeQr('a'.repeat(15)).length, 25);
  t.equal(encodeQr('a'.repeat(666)).length, 97);
  t.throws(() => encodeQr('a'.repeat(667)), RangeError);
  t.end();
});

t.test('every version has its finders, timing and dark module', (t) => {
  for (const length of [1, 20, 60, 100, 200, 300, 400, 500, 600, 666]) {
    const modules = encodeQr('x'.repeat(length));
    const size = modules.length;
    for (const [x, y] of [
      [0, 0],
      [size - 7, 0],
      [0, size - 7],
    ] as const) {
      const ring = [0, 1, 2, 3, 4, 5, 6].map((i) => modules[y]?.[x + i]);
      t.strictSame(ring, [true, true, true, true, true, true, true], `finder at ${x},${y} of ${size}`);
    }
    for (let i = 8; i < size - 8; i += 1) {
      if (modules[6]?.[i] !== (i % 2 === 0) || modules[i]?.[6] !== (i % 2 === 0)) t.fail('timing');
    }
    t.equal(modules[size - 8]?.[8], true, 'the module that is always dark');
  }
  t.end();
});

t.test('codes that a reader of another make has read stay as they were', (t) => {
  const link = `http://localhost:8080/i/AAAAAAAAAAAAAAAAAAAAAA#${'b'.repeat(43)}.${'Z_-9'.repeat(20)}`;
  t.strictSame(
    [hashOf(encodeQr('HELLO')), hashOf(encodeQr(link)), hashOf(encodeQr('x'.repeat(600)))],
    ['c346c75add569873', '94b2fb51a8b51c1e', 'ab96c562b62eec11'],
  );
  t.end();
});
