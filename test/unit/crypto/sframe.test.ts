import t from 'tap';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { isCryptoError } from '../../../crypto/errors.ts';
import { decryptFrame, encryptFrame } from '../../../crypto/sframe/frame.ts';
import {
  headerBytes,
  MAX_HEADER_BYTES,
  parseHeader,
  writeHeader,
  type HeaderInteger,
} from '../../../crypto/sframe/header.ts';
import { deriveOpenKey, deriveSealKey } from '../../../crypto/sframe/keys.ts';
import { decodeKid, encodeKid, INSTANCES, LAYERS, STEPS } from '../../../crypto/sframe/kid.ts';
import { ReplayWindow } from '../../../crypto/sframe/window.ts';
import { bitFlips, extended, hexBytes, hexText, truncations } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';
import { gcmSeal, headerHex, keySchedule, nonceOf } from '../../support/sframe-reference.ts';
import vectors from '../../vectors/sframe.json' with { type: 'json' };

seedProperties(t);

const NOTHING = new Uint8Array(0);

/** As the room holds a value: a number below 2^53, a bigint from there. */
function held(value: bigint): HeaderInteger {
  return value < 2n ** 53n ? Number(value) : value;
}

function encode(kid: HeaderInteger, ctr: HeaderInteger): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(MAX_HEADER_BYTES);
  return bytes.slice(0, writeHeader(bytes, 0, kid, ctr));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The published values of KID and of CTR: the first and last of each length. */
const edges = [
  0n,
  1n,
  ...[8n, 16n, 24n, 32n, 40n, 48n, 56n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits]),
  2n ** 64n - 1n,
];

t.test('the headers that RFC 9605 publishes come out and are read', (t) => {
  let list = '';
  for (const kid of edges) {
    for (const ctr of edges) {
      const bytes = encode(held(kid), held(ctr));
      list += `${kid} ${ctr} ${hexText(bytes)}\n`;
      t.strictSame(parseHeader(bytes), { kid: held(kid), ctr: held(ctr), length: bytes.length });
    }
  }
  t.equal(sha256(list), vectors.headers.sha256);
  t.end();
});

t.test(
  'the key schedule and frame that RFC 9605 publishes for AES_128_GCM_SHA256_128 come out',
  async (t) => {
    const { kid, ctr, sha256: published } = vectors.frame;
    const baseKey = hexBytes(vectors.frame.baseKey);
    const [metadata, plaintext] = [vectors.frame.metadata, vectors.frame.plaintext].map((text) =>
      new TextEncoder().encode(text),
    ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
    const reference = keySchedule(baseKey, kid);
    t.equal(sha256(hexText(reference.secret)), published.sframe_secret);
    t.equal(sha256(hexText(reference.keyLabel)), published.sframe_key_label);
    t.equal(sha256(hexText(reference.saltLabel)), published.sframe_salt_label);
    t.equal(sha256(hexText(reference.key)), published.sframe_key);
    t.equal(sha256(hexText(reference.salt)), published.sframe_salt);

    const sealKey = await deriveSealKey(baseKey, kid);
    t.equal(sha256(hexText(sealKey.salt)), published.sframe_salt);
    const header = encode(kid, ctr);
    const nonce = nonceOf(sealKey.salt, ctr);
    t.equal(sha256(hexText(nonce)), published.nonce);
    const aad = Uint8Array.of(...header, ...metadata);
    t.equal(sha256(hexText(aad)), published.aad);
    const sealed = await encryptFrame(sealKey, ctr, plaintext, 0, metadata);
    t.equal(sha256(hexText(sealed)), published.ct);
    // The room's key is not readable; that it is the published one shows in what it seals.
    t.equal(hexText(sealed), hexText(header) + hexText(gcmSeal(reference.key, nonce, aad, plaintext)));

    const openKey = await deriveOpenKey(baseKey, kid);
    const read = { kid, ctr, length: header.length };
    const open = (bytes: Uint8Array<ArrayBuffer>) => decryptFrame(openKey, read, bytes, 0, metadata);
    t.strictSame(await open(sealed), plaintext);
    for (const { bytes } of bitFlips(sealed)) t.equal(await open(bytes), undefined);
    for (const bytes of truncations(sealed)) {
      if (bytes.length >= header.length + 16) t.equal(await open(bytes), undefined);
    }
    t.equal(await open(extended(sealed, 0)), undefined);
    t.equal(await decryptFrame(openKey, read, sealed, 0, NOTHING), undefined);
    t.equal(await decryptFrame(openKey, { ...read, ctr: ctr + 1 }, sealed, 0, metadata), undefined);
  },
);

t.test('a key seals or opens, never both, and cannot be read', async (t) => {
  const baseKey = hexBytes(vectors.frame.baseKey);
  const [sealKey, openKey] = await Promise.all([deriveSealKey(baseKey, 1), deriveOpenKey(baseKey, 1)]);
  const params = { name: 'AES-GCM', iv: new Uint8Array(12) };
  await t.rejects(crypto.subtle.decrypt(params, sealKey.key, new Uint8Array(32)), {
    name: 'InvalidAccessError',
  });
  await t.rejects(crypto.subtle.encrypt(params, openKey.key, new Uint8Array(32)), {
    name: 'InvalidAccessError',
  });
  for (const { key } of [sealKey, openKey]) {
    await t.rejects(crypto.subtle.exportKey('raw', key), { name: 'InvalidAccessError' });
  }
});

const anyValue = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.nat({ max: 300 }).map(BigInt),
  fc.integer({ min: 0, max: 63 }).map((bits) => 2n ** BigInt(bits)),
);

t.test('any header is what another writer makes of it, is read back, and lies where it was put', (t) => {
  fc.assert(
    fc.property(anyValue, anyValue, fc.nat({ max: 5 }), (kid, ctr, offset) => {
      const bytes = encode(held(kid), held(ctr));
      t.equal(hexText(bytes), headerHex(kid, ctr));
      t.equal(headerBytes(held(kid), held(ctr)), bytes.length);
      const around = new Uint8Array(offset + bytes.length + 3).fill(0xff);
      writeHeader(around, offset, held(kid), held(ctr));
      t.strictSame(parseHeader(around, offset), { kid: held(kid), ctr: held(ctr), length: bytes.length });
      for (const short of truncations(bytes)) t.throws(() => parseHeader(short), because('malformed'));
    }),
    { numRuns: 200 },
  );
  t.end();
});

/** Bytes at which forms begin and end come often. */
const byte = fc.oneof(fc.constantFrom(0, 1, 7, 8, 0x80, 0x88, 0xff), fc.nat({ max: 255 }));

t.test('of any bytes either nothing is read or the one shortest form', (t) => {
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 17 }), (list) => {
      const bytes = Uint8Array.from(list);
      try {
        const { kid, ctr, length } = parseHeader(bytes);
        t.equal(hexText(encode(kid, ctr)), hexText(bytes.subarray(0, length)));
      } catch (error) {
        t.ok(isCryptoError(error, 'malformed'), String(error));
      }
    }),
    { numRuns: 400 },
  );
  t.end();
});

t.test('longer forms of a value are refused', (t) => {
  const longer = {
    'KID 7 in a byte': '8007',
    'CTR 7 in a byte': '0807',
    'KID 8 in two bytes': '900008',
    'CTR 255 in two bytes': '0900ff',
    'CTR 0 in eight bytes': '0f0000000000000000',
    'KID 2^56 - 1 in eight bytes': 'f000ffffffffffffff',
  };
  for (const [name, hex] of Object.entries(longer)) {
    t.throws(() => parseHeader(hexBytes(hex)), because('malformed'), name);
  }
  t.end();
});

t.test('what is no KID or CTR is not written', (t) => {
  const impossible: readonly HeaderInteger[] = [-1, 0.5, 2 ** 53, Number.NaN, Infinity, -1n, 7n, 2n ** 64n];
  for (const value of impossible) {
    t.throws(() => headerBytes(value, 0), because('misuse'), `KID ${value}`);
    t.throws(() => writeHeader(new Uint8Array(17), 0, 0, value), because('misuse'), `CTR ${value}`);
  }
  t.end();
});

t.test('a KID says instance, layer and step, and no more than 24 bits', (t) => {
  fc.assert(
    fc.property(
      fc.nat({ max: INSTANCES - 1 }),
      fc.nat({ max: LAYERS - 1 }),
      fc.nat({ max: STEPS - 1 }),
      (instance, layer, step) => {
        const kid = encodeKid({ instance, layer, step });
        t.equal(kid, instance * 256 + layer * 32 + step);
        t.strictSame(decodeKid(kid), { instance, layer, step });
      },
    ),
  );
  t.equal(decodeKid(2 ** 24), undefined);
  for (const wrong of [-1, 0.5, INSTANCES]) {
    t.throws(() => encodeKid({ instance: wrong, layer: 0, step: 0 }), because('misuse'));
  }
  t.throws(() => encodeKid({ instance: 0, layer: LAYERS, step: 0 }), because('misuse'));
  t.throws(() => encodeKid({ instance: 0, layer: 0, step: STEPS }), because('misuse'));
  t.end();
});

t.test('the replay window is what a list of all counters would be', (t) => {
  const jump = fc.oneof(
    fc.integer({ min: -1100, max: 4 }),
    fc.integer({ min: -40, max: 40 }),
    fc.integer({ min: 900, max: 2500 }),
  );
  fc.assert(
    fc.property(fc.nat({ max: 5000 }), fc.array(jump, { maxLength: 120 }), (start, jumps) => {
      const window = new ReplayWindow();
      const taken = new Set<number>();
      let newest = start;
      for (const step of [0, ...jumps]) {
        const counter = Math.max(0, newest + step);
        const top = taken.size === 0 ? -1 : Math.max(...taken);
        const expected = counter <= top - 1024 ? 'too-old' : taken.has(counter) ? 'replayed' : 'fresh';
        t.equal(window.look(counter), expected);
        if (expected !== 'fresh') continue;
        window.take(counter);
        taken.add(counter);
        newest = Math.max(newest, counter);
      }
    }),
  );
  t.end();
});
