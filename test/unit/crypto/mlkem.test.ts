import t from 'tap';
import fc from 'fast-check';
import {
  createPublicKey,
  decapsulate as nodeDecapsulate,
  encapsulate as nodeEncapsulate,
  generateKeyPairSync,
} from 'node:crypto';
import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { concat, equalBytes, toHex } from '../../../crypto/bytes.ts';
import { compress, decode12, decompress, encode12, isCanonical } from '../../../crypto/mlkem/encode.ts';
import { mlKem1024, mlKem768 } from '../../../crypto/mlkem/encryption.ts';
import { decapsulate, encapsulate, generateKeyPair } from '../../../crypto/mlkem/kem.ts';
import { inverseNtt, ntt, dot, pairCache, reduce, toPlain } from '../../../crypto/mlkem/ntt.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { ready } from '../../../crypto/ready.ts';
import { sha3x256, shake256 } from '../../../crypto/sodium.ts';
import {
  checkSplitKey,
  decapsulateSplit,
  encapsulateFirst,
  encapsulateSecond,
  generateSplitKeys,
} from '../../../crypto/spqr/mlkem-split.ts';
import { because } from '../../support/refusal.ts';
import { seededRandom, withBitFlipped } from '../../support/mangle.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

await ready();

const Q = 3329;
const sets = [
  { name: 'ML-KEM-768', own: mlKem768, oracle: ml_kem768 },
  { name: 'ML-KEM-1024', own: mlKem1024, oracle: ml_kem1024 },
] as const;

/** The representative in [0, q). */
function positive(coefficient: number): number {
  return ((coefficient % Q) + Q) % Q;
}

for (const { name, own, oracle } of sets) {
  t.test(
    `${name} gives the same keys, ciphertexts and secrets as the oracle, forged ciphertexts included`,
    async (t) => {
      let agreed = 0;
      for (let round = 0; round < 60; round += 1) {
        const [d, z, m] = [randomBytes(32), randomBytes(32), randomBytes(32)];
        const pair = generateKeyPair(own, d, z);
        const theirs = oracle.keygen(concat(d, z));
        const sent = encapsulate(own, pair.encapsulationKey, m);
        const sentByThem = oracle.encapsulate(theirs.publicKey, m);
        const forged = withBitFlipped(sent.ciphertext, (round * 997) % (8 * sent.ciphertext.length));
        if (
          equalBytes(pair.encapsulationKey, theirs.publicKey) &&
          equalBytes(pair.decapsulationKey, theirs.secretKey) &&
          equalBytes(sent.ciphertext, sentByThem.cipherText) &&
          equalBytes(sent.sharedSecret, sentByThem.sharedSecret) &&
          equalBytes(decapsulate(own, pair.decapsulationKey, sentByThem.cipherText), sent.sharedSecret) &&
          equalBytes(oracle.decapsulate(sent.ciphertext, theirs.secretKey), sent.sharedSecret) &&
          equalBytes(
            decapsulate(own, pair.decapsulationKey, forged),
            oracle.decapsulate(forged, theirs.secretKey),
          )
        )
          agreed += 1;
        else t.fail(`seed ${toHex(d)} ${toHex(z)} message ${toHex(m)}`);
      }
      t.equal(agreed, 60);
    },
  );

  t.test(`${name} agrees with the runtime's own implementation in both directions`, async (t) => {
    const kind = name === 'ML-KEM-768' ? 'ml-kem-768' : 'ml-kem-1024';
    const { privateKey, publicKey } = generateKeyPairSync(kind);
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const theirKey = spki.subarray(spki.length - own.tBytes - 32);
    const sent = encapsulate(own, theirKey, randomBytes(32));
    t.same(nodeDecapsulate(privateKey, sent.ciphertext), Buffer.from(sent.sharedSecret));

    const pair = generateKeyPair(own, randomBytes(32), randomBytes(32));
    const prefix = spki.subarray(0, spki.length - own.tBytes - 32);
    const ownKey = createPublicKey({
      key: Buffer.concat([prefix, pair.encapsulationKey]),
      format: 'der',
      type: 'spki',
    });
    const received = nodeEncapsulate(ownKey);
    t.same(Buffer.from(decapsulate(own, pair.decapsulationKey, received.ciphertext)), received.sharedKey);
  });

  t.test(
    `${name} gives a forged ciphertext a secret that depends on the whole ciphertext and on z only`,
    async (t) => {
      const [d, z] = [randomBytes(32), randomBytes(32)];
      const pair = generateKeyPair(own, d, z);
      const { ciphertext, sharedSecret } = encapsulate(own, pair.encapsulationKey, randomBytes(32));
      for (let at = 0; at < ciphertext.length; at += 41) {
        const forged = withBitFlipped(ciphertext, at * 8 + (at % 8));
        const secret = decapsulate(own, pair.decapsulationKey, forged);
        t.notOk(equalBytes(secret, sharedSecret));
        t.same(secret, shake256(32, z, forged));
      }
    },
  );

  t.test(
    `${name} refuses keys and ciphertexts of other lengths and keys that are not canonical`,
    async (t) => {
      const pair = generateKeyPair(own, randomBytes(32), randomBytes(32));
      const message = randomBytes(32);
      const { ciphertext } = encapsulate(own, pair.encapsulationKey, message);
      for (const change of [-1, 1]) {
        const resized = (bytes: Uint8Array) =>
          concat(bytes, new Uint8Array(1)).subarray(0, bytes.length + change);
        t.throws(() => encapsulate(own, resized(pair.encapsulationKey), message), because('bad-key'));
        t.throws(() => decapsulate(own, resized(pair.decapsulationKey), ciphertext), because('bad-key'));
        t.throws(() => decapsulate(own, pair.decapsulationKey, resized(ciphertext)), because('malformed'));
      }
      for (const at of [0, 1, own.rank * 256 - 1]) {
        const t12 = decode12(pair.encapsulationKey.subarray(0, own.tBytes));
        for (const [value, valid] of [
          [Q - 1, true],
          [Q, false],
          [4095, false],
        ] as const) {
          t12[at] = value;
          const key = pair.encapsulationKey.slice();
          const packed = new Uint8Array(own.tBytes);
          pack12(t12, packed);
          key.set(packed);
          if (valid) t.equal(encapsulate(own, key, message).ciphertext.length, own.uBytes + own.vBytes);
          else
            t.throws(
              () => encapsulate(own, key, message),
              because('bad-key'),
              `coefficient ${at} is ${value}`,
            );
        }
      }
    },
  );
}

/** 12-bit packing of numbers that `encode12` would not write. */
function pack12(values: Int16Array, out: Uint8Array): void {
  for (let i = 0; i < values.length; i += 2) {
    const pair = (values[i] ?? 0) | ((values[i + 1] ?? 0) << 12);
    out.set([pair, pair >> 8, pair >> 16], (i / 2) * 3);
  }
}

t.test('both parts of a split encapsulation equal a plain one with the same randomness', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    await ready({ random: seededRandom(seed) });
    const keys = generateSplitKeys();
    const first = encapsulateFirst(keys.header);
    checkSplitKey(keys.header, keys.ek);
    const ct2 = encapsulateSecond(keys.header, keys.ek, first.message);
    const rho = keys.header.subarray(0, 32);
    const whole = ml_kem768.encapsulate(concat(keys.ek, rho), first.message);
    t.same(concat(first.ct1, ct2), new Uint8Array(whole.cipherText), `ciphertext, seed ${seed}`);
    t.same(first.sharedSecret, new Uint8Array(whole.sharedSecret), `secret, seed ${seed}`);
    t.same(decapsulateSplit(keys, first.ct1, ct2), first.sharedSecret, `decapsulated, seed ${seed}`);
    const plain = ml_kem768.keygen(keys.seed);
    t.same(concat(keys.ek, rho), new Uint8Array(plain.publicKey), `key, seed ${seed}`);
    t.same(keys.header.subarray(32), sha3x256(plain.publicKey), `header, seed ${seed}`);
    const forged = withBitFlipped(first.ct1, seed * 300);
    t.same(
      decapsulateSplit(keys, forged, ct2),
      new Uint8Array(ml_kem768.decapsulate(concat(forged, ct2), plain.secretKey)),
      `forged, seed ${seed}`,
    );
  }
  await ready();
});

t.test(
  'a key that does not fit its header, or is not canonical, is refused before the second part',
  async (t) => {
    const keys = generateSplitKeys();
    const other = generateSplitKeys();
    t.throws(() => checkSplitKey(keys.header, other.ek), because('bad-key'));
    t.throws(() => checkSplitKey(withBitFlipped(keys.header, 5), keys.ek), because('bad-key'));
    t.throws(() => checkSplitKey(withBitFlipped(keys.header, 300), keys.ek), because('bad-key'));
    const ek = new Uint8Array(1152).fill(0xff);
    const rho = keys.header.subarray(0, 32);
    t.throws(() => checkSplitKey(concat(rho, sha3x256(ek, rho)), ek), because('bad-key'));
  },
);

t.test('reduction is right for every 16-bit number', async (t) => {
  let wrong = 0;
  for (let base = -32768; base < 32768; base += 256) {
    const values = Int16Array.from({ length: 256 }, (_, i) => base + i);
    const reduced = values.slice();
    reduce(reduced);
    const plain = values.slice();
    toPlain(plain);
    for (let i = 0; i < 256; i += 1) {
      const [before = 0, after = 0, scaled = 0] = [values[i], reduced[i], plain[i]];
      if (positive(after) !== positive(before) || Math.abs(after) > 1664) wrong += 1;
      if (positive(scaled) !== positive(Number((-BigInt(before) << 32n) % BigInt(Q)))) wrong += 1;
    }
  }
  t.equal(wrong, 0);
});

t.test(
  'the transform multiplies polynomials modulo x^256 + 1, at the extremes of its input too',
  async (t) => {
    const random = seededRandom(9);
    const draw = (limit: number) =>
      Int16Array.from({ length: 256 }, () => {
        const [high = 0, low = 0] = random(2);
        return (((high << 8) | low) % (2 * limit - 1)) - limit + 1;
      });
    const cases: readonly (readonly [Int16Array, Int16Array])[] = [
      [draw(Q), draw(Q)],
      [draw(3), draw(Q)],
      [new Int16Array(256).fill(Q - 1), new Int16Array(256).fill(Q - 1)],
      [new Int16Array(256).fill(1 - Q), new Int16Array(256).fill(Q - 1)],
      [Int16Array.from({ length: 256 }, (_, i) => (i % 2 === 0 ? Q - 1 : 1 - Q)), draw(Q)],
    ];
    for (const [left, right] of cases) {
      const expected = Array.from({ length: 256 }, () => 0);
      for (let i = 0; i < 256; i += 1)
        for (let j = 0; j < 256; j += 1) {
          const product = (left[i] ?? 0) * (right[j] ?? 0);
          const at = (i + j) % 256;
          expected[at] = positive((expected[at] ?? 0) + (i + j < 256 ? product : -product));
        }
      const [a, b, out] = [left.slice(), right.slice(), new Int16Array(256)];
      ntt(a);
      ntt(b);
      dot(a, b, pairCache(b), out);
      inverseNtt(out);
      t.same(Array.from(out, positive), expected);
    }
  },
);

t.test('compression rounds every coefficient as FIPS 203 says, and encoding comes back', async (t) => {
  const everyCoefficient = Int16Array.from({ length: 13 * 256 + 256 }, (_, i) => i % Q);
  for (const bits of [1, 4, 5, 10, 11]) {
    const packed = new Uint8Array((everyCoefficient.length * bits) / 8);
    compress(everyCoefficient, bits, packed);
    let wrong = 0;
    const back = decompress(packed, bits);
    everyCoefficient.forEach((x, i) => {
      // Both roundings in exact integers: half up.
      const compressed = Math.floor((x * 2 ** (bits + 1) + Q) / (2 * Q)) % 2 ** bits;
      if (back[i] !== Math.floor((compressed * 2 * Q + 2 ** bits) / 2 ** (bits + 1))) wrong += 1;
    });
    t.equal(wrong, 0, `${bits} bits`);
    const negative = Int16Array.from(everyCoefficient, (x) => x - Q);
    const same = new Uint8Array(packed.length);
    compress(negative, bits, same);
    t.same(same, packed, `negative representatives, ${bits} bits`);
  }
  const twelve = new Uint8Array((everyCoefficient.length * 3) / 2);
  encode12(everyCoefficient, twelve);
  t.same(decode12(twelve), everyCoefficient);
  t.ok(isCanonical(everyCoefficient));
});

t.test('any bytes decapsulate to something, and the same as with the oracle', async (t) => {
  const pair = generateKeyPair(mlKem768, randomBytes(32), randomBytes(32));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1088, maxLength: 1088 }), (ciphertext) =>
      equalBytes(
        decapsulate(mlKem768, pair.decapsulationKey, ciphertext),
        ml_kem768.decapsulate(ciphertext, pair.decapsulationKey),
      ),
    ),
    { numRuns: 30 },
  );
  t.pass('every run agreed');
});
