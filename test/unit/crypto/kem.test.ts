import t from 'tap';
import * as native from '@signalapp/libsignal-client';
import { ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { createHash } from 'node:crypto';
import { concat, equalBytes } from '../../../crypto/bytes.ts';
import {
  decapsulateKyber,
  encapsulateKyber,
  KEMKeyPair,
  KEMPublicKey,
  KEMSecretKey,
} from '../../../crypto/kem.ts';
import { ready } from '../../../crypto/ready.ts';
import { because } from '../../support/refusal.ts';
import { seededRandom, withBitFlipped } from '../../support/mangle.ts';

await ready();

t.test('native keys work here, and the two halves of a native pair agree on a secret', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const pair = native.KEMKeyPair.generate();
    const publicKey = KEMPublicKey.deserialize(pair.getPublicKey().serialize());
    const secretKey = KEMSecretKey.deserialize(pair.getSecretKey().serialize());
    t.same(publicKey.serialize(), pair.getPublicKey().serialize());
    t.same(secretKey.serialize(), pair.getSecretKey().serialize());
    const { ciphertext, sharedSecret } = encapsulateKyber(publicKey);
    t.equal(ciphertext.length, 1569);
    t.equal(ciphertext[0], 0x08);
    t.same(decapsulateKyber(secretKey, ciphertext), sharedSecret);
  }
});

t.test('native reads our keys and writes them back unchanged', async (t) => {
  const pair = KEMKeyPair.generate();
  const publicKey = pair.getPublicKey().serialize();
  const secretKey = pair.getSecretKey().serialize();
  t.equal(publicKey.length, 1569);
  t.equal(secretKey.length, 3169);
  t.same(native.KEMPublicKey.deserialize(publicKey).serialize(), publicKey);
  t.same(native.KEMSecretKey.deserialize(secretKey).serialize(), secretKey);
});

t.test(
  'the shared secret is that of round 3: SHAKE256 over the FIPS secret and the ciphertext hash',
  async (t) => {
    const pair = KEMKeyPair.generate();
    const { ciphertext, sharedSecret } = encapsulateKyber(pair.getPublicKey());
    const bare = ciphertext.subarray(1);
    const fips = ml_kem1024.decapsulate(bare, pair.getSecretKey().serialize().subarray(1));
    const expected = createHash('shake256', { outputLength: 32 })
      .update(fips)
      .update(createHash('sha3-256').update(bare).digest())
      .digest();
    t.same(Buffer.from(sharedSecret), expected);
  },
);

t.test('the same randomness gives the same pair and ciphertext, other randomness others', async (t) => {
  const make = async (seed: number) => {
    await ready({ random: seededRandom(seed) });
    const pair = KEMKeyPair.generate();
    return concat(pair.getSecretKey().serialize(), encapsulateKyber(pair.getPublicKey()).ciphertext);
  };
  const first = await make(1);
  t.same(await make(1), first);
  t.notOk(equalBytes(await make(2), first));
  await ready();
});

t.test('a forged ciphertext gives another secret and no error', async (t) => {
  const pair = KEMKeyPair.generate();
  const { ciphertext, sharedSecret } = encapsulateKyber(pair.getPublicKey());
  for (let bit = 8; bit < 8 * ciphertext.length; bit += 911) {
    const secret = decapsulateKyber(pair.getSecretKey(), withBitFlipped(ciphertext, bit));
    t.notOk(equalBytes(secret, sharedSecret));
  }
});

t.test('other types, other lengths and a secret key at odds with its public part are refused', async (t) => {
  const pair = KEMKeyPair.generate();
  const publicKey = pair.getPublicKey().serialize();
  const secretKey = pair.getSecretKey().serialize();
  const { ciphertext } = encapsulateKyber(pair.getPublicKey());
  const withType = (bytes: Uint8Array, type: number) => concat(Uint8Array.of(type), bytes.subarray(1));
  const variants = (bytes: Uint8Array) => [
    new Uint8Array(0),
    bytes.subarray(0, -1),
    bytes.subarray(1),
    concat(bytes, new Uint8Array(1)),
    withType(bytes, 0x07),
    withType(bytes, 0x0a),
    withType(bytes, 0),
  ];
  for (const bytes of variants(publicKey))
    t.throws(() => KEMPublicKey.deserialize(bytes), because('bad-key'));
  for (const bytes of variants(secretKey))
    t.throws(() => KEMSecretKey.deserialize(bytes), because('bad-key'));
  for (const bytes of variants(ciphertext)) {
    t.throws(() => decapsulateKyber(pair.getSecretKey(), bytes), because('malformed'));
  }
  t.throws(() => KEMSecretKey.deserialize(withBitFlipped(secretKey, 8 * 2000)), because('bad-key'));
});

t.test('a public key whose coefficients are not canonical is refused when it is used', async (t) => {
  const bytes = KEMKeyPair.generate().getPublicKey().serialize();
  bytes.fill(0xff, 1, 4);
  t.throws(() => encapsulateKyber(KEMPublicKey.deserialize(bytes)), because('bad-key'));
});

t.test('what a key hands out can be changed without changing the key', async (t) => {
  const pair = KEMKeyPair.generate();
  const before = pair.getPublicKey().serialize();
  pair.getPublicKey().serialize().fill(0);
  t.same(pair.getPublicKey().serialize(), before);
  const source = before.slice();
  const key = KEMPublicKey.deserialize(source);
  source.fill(0);
  t.same(key.serialize(), before);
});
