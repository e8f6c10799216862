import t from 'tap';
import * as native from '@signalapp/libsignal-client';
import { equalBytes } from '../../../crypto/bytes.ts';
import { IdentityKeyPair, PrivateKey, PublicKey } from '../../../crypto/ec.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { ready } from '../../../crypto/ready.ts';
import { bitFlips, truncations, withBitFlipped } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';

await ready();

/** A public key of a u-coordinate, given as a number. */
function keyOf(u: bigint): PublicKey {
  const wire = new Uint8Array(33);
  wire[0] = 5;
  for (let i = 0; i < 32; i += 1) wire[i + 1] = Number((u >> BigInt(8 * i)) & 0xffn);
  return PublicKey.deserialize(wire);
}

const P = 2n ** 255n - 19n;

t.test('signatures go both ways with the native library, for both signs of the Edwards key', async (t) => {
  const signBits = new Set<number>();
  for (let i = 0; i < 40; i += 1) {
    const theirs = native.PrivateKey.generate();
    const own = PrivateKey.deserialize(theirs.serialize());
    const message = randomBytes(i * 5);
    t.same(own.getPublicKey().serialize(), theirs.getPublicKey().serialize());
    const signature = own.sign(message);
    signBits.add((signature[63] ?? 0) >> 7);
    t.ok(theirs.getPublicKey().verify(message, signature));
    t.ok(own.getPublicKey().verify(message, theirs.sign(message)));
    t.notOk(own.getPublicKey().verify(randomBytes(9), signature));
  }
  t.equal(signBits.size, 2);
});

t.test('a signature with any bit changed, or of another length, does not verify', async (t) => {
  const key = PrivateKey.generate();
  const message = randomBytes(33);
  const signature = key.sign(message);
  for (const { at, bytes } of bitFlips(signature)) {
    t.notOk(key.getPublicKey().verify(message, bytes), `byte ${at}`);
  }
  t.notOk(key.getPublicKey().verify(message, withBitFlipped(signature, 511)), 'the sign of the key');
  for (const short of truncations(signature)) t.notOk(key.getPublicKey().verify(message, short));
  t.notOk(key.getPublicKey().verify(message, Uint8Array.of(...signature, 0)));
});

t.test('signatures of more signers than are remembered verify, in any order', async (t) => {
  const message = randomBytes(8);
  const signed = Array.from({ length: 300 }, () => {
    const key = PrivateKey.generate();
    return { wire: key.getPublicKey().serialize(), signature: key.sign(message) };
  });
  const strangers = [...signed, ...signed.slice(0, 5), ...signed.slice(250)].filter(
    ({ wire, signature }) => !PublicKey.deserialize(wire).verify(message, signature),
  );
  t.equal(strangers.length, 0);
});

t.test('signing is randomised', async (t) => {
  const key = PrivateKey.generate();
  t.notSame(key.sign(new Uint8Array(1)), key.sign(new Uint8Array(1)));
});

t.test('keys without an Edwards image verify nothing and break nothing', async (t) => {
  for (const u of [0n, 1n, P - 1n, P, P + 1n, 2n ** 255n - 1n, 2n ** 256n - 1n]) {
    t.equal(keyOf(u).verify(new Uint8Array(4), new Uint8Array(64)), false);
    t.equal(keyOf(u).verify(new Uint8Array(4), randomBytes(64)), false);
  }
});

t.test('agreement is the same from both sides and on both engines', async (t) => {
  for (let i = 0; i < 10; i += 1) {
    const [a, b] = [PrivateKey.generate(), PrivateKey.generate()];
    const secret = a.agree(b.getPublicKey());
    t.same(b.agree(a.getPublicKey()), secret);
    const theirs = native.PrivateKey.deserialize(a.serialize());
    t.same(theirs.agree(native.PublicKey.deserialize(b.getPublicKey().serialize())), secret);
  }
});

t.test('private keys are clamped when they are loaded', async (t) => {
  const loaded = PrivateKey.deserialize(new Uint8Array(32).fill(0xff)).serialize();
  t.equal(loaded[0], 0xf8);
  t.equal(loaded[31], 0x7f);
  t.same(native.PrivateKey.deserialize(new Uint8Array(32).fill(0xff)).getPublicKey().serialize().length, 33);
});

t.test('base keys must be canonical and in the prime-order subgroup', async (t) => {
  for (let i = 0; i < 20; i += 1) t.ok(PrivateKey.generate().getPublicKey()._isPrimeOrder());
  const lowOrder = [
    0n,
    1n,
    P - 1n,
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  ];
  for (const u of lowOrder) t.notOk(keyOf(u)._isPrimeOrder(), `low order ${u}`);
  t.notOk(keyOf(9n + P)._isPrimeOrder(), 'the base point, not canonical');
  t.ok(keyOf(9n)._isPrimeOrder(), 'the base point');
  t.notOk(keyOf(2n)._isPrimeOrder(), 'a point of the twist');
  const high = PrivateKey.generate().getPublicKey().serialize();
  high[32] = (high[32] ?? 0) | 0x80;
  t.notOk(PublicKey.deserialize(high)._isPrimeOrder(), 'the unused top bit set');
});

t.test('a base key with a part of low order is refused', async (t) => {
  // The sum of a prime-order point and the point of order two, computed on the Montgomery curve: u' = 1 / u.
  const u = 9n;
  let [a, b, x, y] = [u, P, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  t.notOk(keyOf(((x % P) + P) % P)._isPrimeOrder());
});

t.test('public keys have exactly one serialised form', async (t) => {
  const wire = PrivateKey.generate().getPublicKey().serialize();
  t.same(PublicKey.deserialize(wire).serialize(), wire);
  t.same(PublicKey.deserialize(wire).getPublicKeyBytes(), wire.slice(1));
  for (const wrong of [...truncations(wire), Uint8Array.of(...wire, 0), wire.with(0, 6), wire.slice(1)]) {
    try {
      PublicKey.deserialize(wrong);
      t.fail(`accepted ${wrong.length} bytes`);
    } catch (error) {
      t.ok(isCryptoError(error, 'bad-key'));
    }
  }
});

t.test('what a key hands out is a copy', async (t) => {
  const key = PrivateKey.generate();
  key.serialize().fill(0);
  key.getPublicKey().serialize().fill(0);
  key.getPublicKey().getPublicKeyBytes().fill(0);
  t.notOk(equalBytes(key.serialize(), new Uint8Array(32)));
  t.equal(key.getPublicKey().serialize()[0], 5);
  const input = key.getPublicKey().serialize();
  const other = PublicKey.deserialize(input);
  input.fill(0);
  t.ok(other.equals(key.getPublicKey()));
  t.notOk(other.equals(PrivateKey.generate().getPublicKey()));
});

t.test('an erased key agrees on nothing, signs nothing and is stored nowhere', async (t) => {
  const peer = PrivateKey.generate().getPublicKey();
  const used = PrivateKey.generate();
  const publicKey = used.getPublicKey();
  used.sign(new Uint8Array(1));
  for (const key of [used, PrivateKey.generate()]) {
    key.erase();
    key.erase();
    // A zero secret would be clamped to a scalar that everybody knows.
    t.throws(() => key.agree(peer), because('misuse'));
    t.throws(() => key.sign(new Uint8Array(1)), because('misuse'));
    t.throws(() => key.serialize(), because('misuse'));
  }
  t.ok(used.getPublicKey().equals(publicKey), 'the public half that was asked for before stays');
  const unasked = PrivateKey.generate();
  unasked.erase();
  t.throws(() => unasked.getPublicKey(), because('misuse'));
});

t.test('identity key pairs and their signatures over each other move between the engines', async (t) => {
  const theirs = native.IdentityKeyPair.generate();
  const own = IdentityKeyPair.deserialize(theirs.serialize());
  t.same(own.serialize(), theirs.serialize());
  const other = native.IdentityKeyPair.generate();
  const otherOwn = PublicKey.deserialize(other.publicKey.serialize());
  t.ok(theirs.publicKey.verifyAlternateIdentity(other.publicKey, own.signAlternateIdentity(otherOwn)));
  t.ok(own.publicKey.verifyAlternateIdentity(otherOwn, theirs.signAlternateIdentity(other.publicKey)));
  t.notOk(otherOwn.verifyAlternateIdentity(own.publicKey, own.signAlternateIdentity(otherOwn)));
});

/** A number modulo the prime to the power of the prime less two: its inverse (Fermat). */
function inverseOf(number: bigint): bigint {
  let [result, base] = [1n, number];
  for (let power = P - 2n; power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = (result * base) % P;
    base = (base * base) % P;
  }
  return result;
}

t.test(
  'a key with a part of low order agrees as it does without, so that it tells nothing of the other key',
  async (t) => {
    for (let i = 0; i < 20; i += 1) {
      const [own, theirs] = [PrivateKey.generate(), PrivateKey.generate()];
      const wire = theirs.getPublicKey().serialize();
      const u = wire.subarray(1).reduce((sum, byte, at) => sum + (BigInt(byte) << BigInt(8 * at)), 0n);
      // On a Montgomery curve the sum of a point and the one of order two, (0, 0), has the inverse coordinate (RFC 7748 section 4.1).
      const twisted = keyOf(inverseOf(u));
      t.notOk(twisted.equals(theirs.getPublicKey()));
      t.same(own.agree(twisted), own.agree(theirs.getPublicKey()));
      t.notSame(own.agree(keyOf((u * u) % P)), own.agree(theirs.getPublicKey()), 'another point does not');
    }
  },
);
