import t from 'tap';
import * as native from '@signalapp/libsignal-client';
import { argon2Sync, createCipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { equalBytes, toHex } from '../../../crypto/bytes.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import type { CryptoErrorReason } from '../../../crypto/errors.ts';
import { hkdf as publicHkdf } from '../../../crypto/hkdf.ts';
import { hkdf, hmac, splitSecret } from '../../../crypto/kdf.ts';
import { aesCbcDecrypt, aesCbcEncrypt, aesCtr } from '../../../crypto/noble.ts';
import { randomBits, randomBytes } from '../../../crypto/random.ts';
import { ready } from '../../../crypto/ready.ts';
import {
  argon2id,
  ed25519KeyPair,
  ed25519Sign,
  ed25519Verify,
  hmacSha256Pair,
  sha256,
  sha3x256,
  sha3x512,
  sha512,
  sha512Chain,
  shake128,
  shake256,
  x25519,
  x25519Base,
  xchacha20poly1305Open,
  xchacha20poly1305Seal,
} from '../../../crypto/sodium.ts';
import { bitFlips, hexBytes, hexText, truncations } from '../../support/mangle.ts';

await ready();

function reasonOf(work: () => unknown): CryptoErrorReason | 'no error' | 'another error' {
  try {
    work();
    return 'no error';
  } catch (error) {
    return isCryptoError(error) ? error.reason : 'another error';
  }
}

/** Lengths around block sizes and around the scratch block of `sodium.ts`. */
const lengths = [0, 1, 55, 56, 63, 64, 65, 111, 112, 135, 136, 137, 1000, 49_152, 49_153, 200_000];

t.test('hashes of inputs of any length agree with those of Node', async (t) => {
  for (const length of lengths) {
    const input = randomBytes(length);
    const parts = [input.subarray(0, length >> 1), input.subarray(length >> 1)];
    const reference = (name: string) => createHash(name).update(input).digest('hex');
    t.equal(toHex(sha256(...parts)), reference('sha256'), `sha256 of ${length}`);
    t.equal(toHex(sha512(...parts)), reference('sha512'), `sha512 of ${length}`);
    t.equal(toHex(sha3x256(...parts)), reference('sha3-256'), `sha3-256 of ${length}`);
    t.equal(toHex(sha3x512(...parts)), reference('sha3-512'), `sha3-512 of ${length}`);
  }
});

t.test('two HMACs under one key are two HMACs', async (t) => {
  for (const length of [0, 32, 64, 65]) {
    const key = randomBytes(length);
    t.same(hmacSha256Pair(key, Uint8Array.of(1), Uint8Array.of(2)), [
      hmac(key, Uint8Array.of(1)),
      hmac(key, Uint8Array.of(2)),
    ]);
  }
});

t.test('extendable output agrees with that of Node', async (t) => {
  const input = randomBytes(34);
  for (const outputLength of [1, 32, 168, 169, 504, 5000]) {
    t.equal(
      toHex(shake128(outputLength, input)),
      createHash('shake128', { outputLength }).update(input).digest('hex'),
    );
    t.equal(
      toHex(shake256(outputLength, input)),
      createHash('shake256', { outputLength }).update(input).digest('hex'),
    );
  }
});

t.test('HMAC and HKDF agree with those of Node for keys of any length', async (t) => {
  for (const length of [0, 1, 32, 64, 65, 200]) {
    const key = randomBytes(length);
    const input = randomBytes(100);
    t.equal(
      toHex(hmac(key, input, input)),
      createHmac('sha256', key).update(input).update(input).digest('hex'),
    );
    for (const size of [1, 32, 64, 80, 96, 255 * 32]) {
      t.equal(
        toHex(hkdf(key, input, input, size)),
        Buffer.from(hkdfSync('sha256', input, key, input, size)).toString('hex'),
      );
    }
  }
  const input = randomBytes(40);
  t.same(hkdf(undefined, input, input, 64), hkdf(new Uint8Array(32), input, input, 64));
});

t.test('the public HKDF takes its arguments as the native library does', async (t) => {
  const [input, label] = [randomBytes(40), randomBytes(9)];
  for (const salt of [null, randomBytes(16)]) {
    for (const length of [0, 1, 100, 255 * 32]) {
      t.same(publicHkdf(length, input, label, salt), native.hkdf(length, input, label, salt));
    }
  }
  for (const length of [-1, 1.5, 255 * 32 + 1]) {
    t.equal(
      reasonOf(() => publicHkdf(length, input, label, null)),
      'misuse',
    );
  }
});

t.test('a secret is split into the pieces that were asked for, and wiped', async (t) => {
  const secret = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const [first, second] = splitSecret(secret, 2, 4);
  t.same(first, Uint8Array.of(1, 2));
  t.same(second, Uint8Array.of(3, 4, 5, 6));
  t.same(secret, new Uint8Array(6));
});

t.test('AES agrees with that of Node and bad padding is undecryptable', async (t) => {
  const key = randomBytes(32);
  const iv = randomBytes(16);
  for (const length of [0, 1, 15, 16, 17, 200, 5000]) {
    const plaintext = randomBytes(length);
    const cbc = createCipheriv('aes-256-cbc', key, iv);
    const ciphertext = Buffer.concat([cbc.update(plaintext), cbc.final()]);
    t.equal(toHex(aesCbcEncrypt(key, iv, plaintext)), ciphertext.toString('hex'));
    t.ok(equalBytes(aesCbcDecrypt(key, iv, ciphertext), plaintext));
    const counter = new Uint8Array(16).fill(0xff);
    const ctr = createCipheriv('aes-256-ctr', key, counter);
    t.equal(toHex(aesCtr(key, counter, plaintext)), ctr.update(plaintext).toString('hex'));
  }
  const whole = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  const badPadding = Buffer.concat([whole.update(new Uint8Array(32)), whole.final()]);
  for (const wrong of [badPadding, new Uint8Array(0), new Uint8Array(17)]) {
    t.equal(
      reasonOf(() => aesCbcDecrypt(key, iv, wrong)),
      'undecryptable',
    );
  }
});

t.test('X25519 gives the vectors of RFC 7748', async (t) => {
  const scalar = hexBytes('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4');
  const point = hexBytes('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
  t.equal(hexText(x25519(scalar, point)), 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552');
  const base = Uint8Array.of(9, ...new Uint8Array(31));
  let [k, u] = [base, base];
  for (let round = 0; round < 1000; round += 1) {
    [k, u] = [x25519(k, u), k];
    if (round === 0) t.equal(hexText(k), '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
  }
  t.equal(hexText(k), '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  t.same(x25519Base(k), x25519(k, base));
});

t.test('an agreement on zero is refused for every low-order point', async (t) => {
  const p = 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f';
  const points = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${p.slice(2)}`,
    p,
    `ee${p.slice(2)}`,
  ];
  const secret = randomBytes(32);
  for (const point of points) {
    t.equal(
      reasonOf(() => x25519(secret, hexBytes(point))),
      'bad-key',
      point,
    );
  }
});

t.test('Ed25519 gives a vector of RFC 8032 and refuses every mangled signature', async (t) => {
  const pair = ed25519KeyPair(hexBytes('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7'));
  t.equal(hexText(pair.publicKey), 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025');
  const message = hexBytes('af82');
  const signature = ed25519Sign(pair.secretKey, message);
  t.equal(
    hexText(signature),
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  );
  t.ok(ed25519Verify(pair.publicKey, message, signature));
  for (const { bytes } of bitFlips(signature)) t.notOk(ed25519Verify(pair.publicKey, message, bytes));
  for (const short of truncations(signature)) t.notOk(ed25519Verify(pair.publicKey, message, short));
  t.notOk(ed25519Verify(pair.publicKey, hexBytes('af83'), signature));
});

t.test('XChaCha20-Poly1305 gives the vector of its draft and opens nothing that was touched', async (t) => {
  const key = hexBytes('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const nonce = hexBytes('404142434445464748494a4b4c4d4e4f5051525354555657');
  const data = hexBytes('50515253c0c1c2c3c4c5c6c7');
  const plaintext = new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const sealed = xchacha20poly1305Seal(key, nonce, plaintext, data);
  t.ok(hexText(sealed).startsWith('bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb'));
  t.ok(hexText(sealed).endsWith('c0875924c1c7987947deafd8780acf49'));
  t.same(xchacha20poly1305Open(key, nonce, sealed, data), plaintext);
  for (const { bytes } of bitFlips(sealed))
    t.equal(xchacha20poly1305Open(key, nonce, bytes, data), undefined);
  for (const short of truncations(sealed)) t.equal(xchacha20poly1305Open(key, nonce, short, data), undefined);
  t.equal(xchacha20poly1305Open(key, nonce, sealed, new Uint8Array(0)), undefined);
});

t.test('Argon2id agrees with that of Node and refuses what it cannot do', async (t) => {
  const message = randomBytes(20);
  const nonce = randomBytes(16);
  for (const [passes, memory] of [
    [1, 64],
    [3, 1024],
  ] as const) {
    t.equal(
      toHex(argon2id(message, nonce, passes, memory * 1024, 32)),
      argon2Sync('argon2id', { message, nonce, parallelism: 1, tagLength: 32, memory, passes }).toString(
        'hex',
      ),
    );
  }
  t.equal(
    reasonOf(() => argon2id(message, nonce, 1, 1, 32)),
    'misuse',
  );
  t.equal(
    reasonOf(() => argon2id(message, new Uint8Array(15), 1, 65_536, 32)),
    'misuse',
  );
});

t.test('the iterated hash is the plain hash repeated', async (t) => {
  const start = randomBytes(64);
  const suffix = randomBytes(33);
  let hash = start;
  for (let round = 0; round < 25; round += 1) hash = sha512(hash, suffix);
  t.same(sha512Chain(start, suffix, 25), hash);
});

t.test('operands of a wrong length are refused before they are used', async (t) => {
  for (const work of [
    () => x25519(new Uint8Array(31), new Uint8Array(32)),
    () => x25519(new Uint8Array(32), new Uint8Array(33)),
    () => x25519Base(new Uint8Array(0)),
    () => ed25519KeyPair(new Uint8Array(64)),
    () => ed25519Sign(new Uint8Array(32), new Uint8Array(1)),
    () => sha512Chain(new Uint8Array(63), new Uint8Array(1), 1),
    () => shake256(16_385, new Uint8Array(1)),
  ]) {
    t.equal(reasonOf(work), 'misuse');
  }
});

t.test('random integers stay in their range and use all of it', async (t) => {
  let largest = 0;
  for (let i = 0; i < 2000; i += 1) {
    const value = randomBits(14);
    t.ok(Number.isInteger(value) && value >= 0 && value < 16_384);
    largest = Math.max(largest, value);
  }
  t.ok(largest > 8192);
});

t.test('randomness and clock can be set and set back', async (t) => {
  await ready({ random: (length) => new Uint8Array(length).fill(9), now: () => 42 });
  const { now } = await import('../../../crypto/clock.ts');
  t.same(randomBytes(3), Uint8Array.of(9, 9, 9));
  t.equal(now(), 42);
  await ready();
  t.notSame(randomBytes(32), new Uint8Array(32).fill(9));
  t.ok(now() > 1_700_000_000_000);
  t.notOk(isCryptoError(new Error('other')));
});
