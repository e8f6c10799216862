import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t, { test } from 'tap';
import { decodeCbor, encodeCbor } from '../../../protocol/cbor.ts';
import { decodeQuickly, NOT_READ } from '../../../server/socket/decode.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

const RUNS = process.env['TACET_SOAK'] === '1' ? 200_000 : 3_000;

const FRAMES: readonly unknown[] = [
  { kind: 'hello', version: 1, token: 'A'.repeat(43), counter: 7 },
  { kind: 'acknowledge', envelopes: [randomBytes(16), randomBytes(16)] },
  { kind: 'ping', re: 0xffff_ffff },
  {
    kind: 'send',
    re: 70_000,
    account: randomBytes(16),
    deliveryKey: randomBytes(32),
    listHash: randomBytes(32),
    online: false,
    to: [
      { device: randomBytes(16), envelope: { id: randomBytes(16), body: randomBytes(1024) } },
      { device: randomBytes(16) },
    ],
  },
  { kind: 'send-own', re: 23, listHash: randomBytes(32), online: true, to: [{ device: randomBytes(16) }] },
  { kind: 'fetch-bundles', re: 256, account: randomBytes(16), deliveryKey: randomBytes(32), devices: [] },
];

/** Bytes as plain lists, so that views of different kinds compare by what they hold. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** What the quick decoder reads, the strict one reads alike; the rest it leaves alone. */
function agrees(bytes: Uint8Array): boolean {
  const quick = decodeQuickly(bytes);
  if (quick === NOT_READ) return true;
  return JSON.stringify(plain(quick)) === JSON.stringify(plain(decodeCbor(bytes)));
}

test('every kind of frame is read, and as the strict decoder reads it', (t) => {
  for (const frame of FRAMES) {
    const bytes = encodeCbor(frame);
    t.not(decodeQuickly(bytes), NOT_READ);
    t.same(plain(decodeQuickly(bytes)), plain(decodeCbor(bytes)));
  }
  t.end();
});

test('a frame that is cut, longer, or damaged in any byte is never read otherwise than by the strict decoder', (t) => {
  let checked = 0;
  for (const frame of FRAMES) {
    const good = encodeCbor(frame);
    for (let at = 0; at < good.length; at++) {
      if (!agrees(good.subarray(0, at))) t.fail(`cut at ${at}`);
      for (const change of [0x01, 0x20, 0x80, 0xff]) {
        const damaged = Uint8Array.from(good);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        if (!agrees(damaged)) t.fail(`byte ${at} changed by ${change}`);
        checked += 1;
      }
    }
    t.equal(decodeQuickly(Buffer.concat([good, Buffer.of(0)])), NOT_READ);
  }
  t.ok(checked > 5000);
  t.end();
});

test('what the strict decoder refuses is not read', (t) => {
  const refused = [
    'a2646b696e6401646b696e6402', // a key twice
    'a1695f5f70726f746f5f5f01', // __proto__
    'bfff', // indefinite
    '1800', // a longer form than needed
    '1900ff',
    '1a0000ffff',
    '5800',
    'f6', // null is left to the strict decoder
    'f7',
    'c100',
    '1bffffffffffffffff',
    '61ff', // not UTF-8
  ];
  for (const hex of refused) t.equal(decodeQuickly(Buffer.from(hex, 'hex')), NOT_READ, hex);
  t.equal(decodeQuickly(Buffer.alloc(100_000, 0x81)), NOT_READ, 'deep nesting');
  t.equal(decodeQuickly(Buffer.from('9affffffff', 'hex')), NOT_READ, 'a list longer than its bytes');
  t.end();
});

test('on any value and any bytes the two decoders agree', (t) => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.boolean(),
      fc.nat({ max: 0xffff_ffff }),
      fc.integer(),
      fc.string(),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(tie('any'), { maxLength: 5 }),
      fc.dictionary(fc.string({ maxLength: 12 }), tie('any'), { maxKeys: 5 }),
    ),
  })).any;
  const readable = (bytes: Uint8Array): boolean => {
    try {
      decodeCbor(bytes);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(value, (one) => {
      const bytes = encodeCbor(one);
      return decodeQuickly(bytes) === NOT_READ || (readable(bytes) && agrees(bytes));
    }),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      return decodeQuickly(bytes) === NOT_READ || (readable(bytes) && agrees(bytes));
    }),
    { numRuns: RUNS },
  );
  t.pass('no difference was found');
  t.end();
});
