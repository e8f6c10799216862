import t from 'tap';
import fc from 'fast-check';
import * as Native from '@signalapp/libsignal-client';
import { PrivateKey, PublicKey } from '../../../crypto/ec.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import { Fingerprint, ScannableFingerprint } from '../../../crypto/fingerprint.ts';
import { ready } from '../../../crypto/ready.ts';
import { bitFlips, extended, hexBytes, hexText, truncations } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';
import vectors from '../../vectors/fingerprint.json' with { type: 'json' };

seedProperties(t);

await ready();

function fromVector(one: (typeof vectors.cases)[number], mirrored = false): Fingerprint {
  const local = [hexBytes(one.localId), PublicKey.deserialize(hexBytes(one.localKey))] as const;
  const remote = [hexBytes(one.remoteId), PublicKey.deserialize(hexBytes(one.remoteKey))] as const;
  return mirrored
    ? Fingerprint.new(one.iterations, one.version, ...remote, ...local)
    : Fingerprint.new(one.iterations, one.version, ...local, ...remote);
}

function scanned(bytes: Uint8Array): ScannableFingerprint {
  return ScannableFingerprint._fromBuffer(bytes);
}

t.test('recorded fingerprints of native libsignal come out again, displayed and scannable', (t) => {
  for (const one of vectors.cases) {
    const made = fromVector(one);
    t.equal(made.displayableFingerprint().toString(), one.displayable);
    t.equal(hexText(made.scannableFingerprint().toBuffer()), one.scannable);
  }
  t.end();
});

t.test('both sides see the same 60 digits, and each accepts what the other shows', (t) => {
  for (const one of vectors.cases) {
    const here = fromVector(one);
    const there = fromVector(one, true);
    t.match(here.displayableFingerprint().toString(), /^\d{60}$/);
    t.equal(here.displayableFingerprint().toString(), there.displayableFingerprint().toString());
    t.equal(here.scannableFingerprint().compare(there.scannableFingerprint()), true);
    t.equal(there.scannableFingerprint().compare(here.scannableFingerprint()), true);
  }
  t.end();
});

t.test('a fingerprint does not match itself unless both sides are one', (t) => {
  const [one] = vectors.cases;
  if (one === undefined) throw new Error('no vector');
  const here = fromVector(one).scannableFingerprint();
  t.equal(here.compare(here), false);
  const self = vectors.cases.at(-1);
  if (self === undefined) throw new Error('no vector');
  const both = fromVector(self).scannableFingerprint();
  t.equal(both.compare(both), true, 'same key and identifier on both sides');
  t.end();
});

t.test('random keys and identifiers give the same fingerprints as native libsignal', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      (localSecret, remoteSecret, localId, remoteId, iterations, version) => {
        const local = PrivateKey.deserialize(localSecret).getPublicKey();
        const remote = PrivateKey.deserialize(remoteSecret).getPublicKey();
        const ours = Fingerprint.new(iterations, version, localId, local, remoteId, remote);
        const native = Native.Fingerprint.new(
          iterations,
          version,
          Uint8Array.from(localId),
          Native.PublicKey.deserialize(local.serialize()),
          Uint8Array.from(remoteId),
          Native.PublicKey.deserialize(remote.serialize()),
        );
        return (
          ours.displayableFingerprint().toString() === native.displayableFingerprint().toString() &&
          hexText(ours.scannableFingerprint().toBuffer()) ===
            hexText(native.scannableFingerprint().toBuffer())
        );
      },
    ),
    { numRuns: 60 },
  );
  t.pass('every run agreed');
  t.end();
});

t.test('each digit group keeps its leading zeros', (t) => {
  const key = PrivateKey.deserialize(new Uint8Array(32).fill(9)).getPublicKey();
  let zeros = 0;
  for (let i = 0; i < 60; i += 1) {
    const digits = Fingerprint.new(2, 1, Uint8Array.of(i), key, Uint8Array.of(255), key)
      .displayableFingerprint()
      .toString();
    t.equal(digits.length, 60);
    for (let group = 0; group < 12; group += 1) if (digits[group * 5] === '0') zeros += 1;
  }
  t.ok(zeros > 20, 'groups below 10,000 occur');
  t.end();
});

t.test('iterations and versions outside the bounds are refused', (t) => {
  const key = PrivateKey.generate().getPublicKey();
  const id = new Uint8Array(16);
  for (const iterations of [-1, 0, 1, 1.5, 1_000_001, Number.NaN, Infinity]) {
    t.throws(
      () => Fingerprint.new(iterations, 1, id, key, id, key),
      because('misuse'),
      `${iterations} rounds`,
    );
  }
  for (const version of [-1, 0.5, 2 ** 32, Number.NaN]) {
    t.throws(() => Fingerprint.new(2, version, id, key, id, key), because('misuse'), `version ${version}`);
  }
  t.end();
});

t.test('a changed key or identifier on either side changes the number and the scan', (t) => {
  const alice = PrivateKey.generate().getPublicKey();
  const bob = PrivateKey.generate().getPublicKey();
  const other = PrivateKey.generate().getPublicKey();
  const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
  const here = Fingerprint.new(2, 1, a, alice, b, bob);
  const there = [
    Fingerprint.new(2, 1, b, other, a, alice),
    Fingerprint.new(2, 1, b, bob, a, other),
    Fingerprint.new(2, 1, c, bob, a, alice),
    Fingerprint.new(2, 1, b, bob, c, alice),
  ];
  for (const wrong of there) {
    t.not(wrong.displayableFingerprint().toString(), here.displayableFingerprint().toString());
    t.equal(here.scannableFingerprint().compare(wrong.scannableFingerprint()), false);
  }
  t.end();
});

t.test('fingerprints of different versions are not compared', (t) => {
  const key = PrivateKey.generate().getPublicKey();
  const id = new Uint8Array(16);
  const one = Fingerprint.new(2, 1, id, key, id, key).scannableFingerprint();
  const two = Fingerprint.new(2, 2, id, key, id, key).scannableFingerprint();
  t.throws(() => one.compare(two), because('bad-version'));
  t.end();
});

t.test('scanned bytes that are cut, changed or extended never match', (t) => {
  for (const one of vectors.cases) {
    const theirs = fromVector(one, true).scannableFingerprint();
    const bytes = hexBytes(one.scannable);
    t.equal(scanned(bytes).compare(theirs), true);
    for (const cut of truncations(bytes)) {
      t.throws(() => scanned(cut).compare(theirs), because('malformed'), `cut to ${cut.length}`);
    }
    for (const { at, bytes: flipped } of bitFlips(bytes)) {
      let matches = false;
      try {
        matches = scanned(flipped).compare(theirs);
      } catch (error) {
        if (!isCryptoError(error)) throw error;
      }
      t.equal(matches, false, `byte ${at} changed`);
    }
    t.throws(() => scanned(extended(bytes, 0)).compare(theirs), because('malformed'));
    t.throws(() => scanned(extended(bytes, 0x12, 0)).compare(theirs), because('malformed'), 'field twice');
  }
  t.end();
});

t.test('any scanned bytes are either refused as such or do not match', (t) => {
  const theirs = fromVector(vectors.cases[0] as (typeof vectors.cases)[number]).scannableFingerprint();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      try {
        return scanned(bytes).compare(theirs) === false;
      } catch (error) {
        return isCryptoError(error);
      }
    }),
  );
  t.pass('no run matched or crashed');
  t.end();
});

t.test('scanned bytes are a copy and do not follow later changes', (t) => {
  const one = vectors.cases[0] as (typeof vectors.cases)[number];
  const source = hexBytes(one.scannable);
  const here = scanned(source);
  source.fill(0);
  t.equal(hexText(here.toBuffer()), one.scannable);
  here.toBuffer().fill(0);
  t.equal(hexText(here.toBuffer()), one.scannable);
  t.end();
});
