// What proves who asks: challenges, access tokens, Ed25519 signatures.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { test } from 'tap';
import { encodeB64u } from '../../../protocol/bytes.ts';
import type { AccountId, DeviceId } from '../../../protocol/ids.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { AccessTokens } from '../../../server/services/access-tokens.ts';
import { Challenges } from '../../../server/services/challenges.ts';
import { verifyEd25519 } from '../../../server/services/signed-requests.ts';
import { makeId } from '../../support/open-store.ts';

class Clock {
  at = 1_790_000_000_000;
  now(): number {
    return this.at;
  }
}

test('a challenge is open for two minutes, until it is spent, and to its own server only', (t) => {
  const clock = new Clock();
  const challenges = new Challenges(clock);
  const { challenge, expiresAt } = challenges.issue();
  t.equal(challenge.length, 32);
  t.equal(expiresAt, clock.at + LIMITS.challengeAgeMs);
  t.ok(challenges.isOpen(challenge));
  t.notOk(new Challenges(clock).isOpen(challenge), 'another process does not know it');
  challenges.spend(challenge);
  t.notOk(challenges.isOpen(challenge));
  const late = challenges.issue().challenge;
  clock.at += LIMITS.challengeAgeMs - 1;
  t.ok(challenges.isOpen(late));
  clock.at += 1;
  t.notOk(challenges.isOpen(late));
  t.end();
});

test('no bit of a challenge can be changed, its time included', (t) => {
  const challenges = new Challenges(new Clock());
  const { challenge } = challenges.issue();
  for (let bit = 0; bit < challenge.length * 8; bit++) {
    const other = Uint8Array.from(challenge);
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if (challenges.isOpen(other)) t.fail(`bit ${bit}`);
  }
  t.notOk(challenges.isOpen(challenge.subarray(1)));
  t.notOk(challenges.isOpen(new Uint8Array(33)));
  t.notOk(challenges.isOpen(new Uint8Array()));
  t.ok(challenges.isOpen(challenge));
  t.end();
});

test('a spent challenge stays spent for as long as it could be open', (t) => {
  const clock = new Clock();
  const challenges = new Challenges(clock);
  const { challenge } = challenges.issue();
  challenges.spend(challenge);
  for (let second = 0; second < 125; second++) {
    t.notOk(challenges.isOpen(challenge), `${second} s`);
    challenges.spend(challenges.issue().challenge);
    clock.at += 1000;
  }
  t.end();
});

test('a token means its caller for fifteen minutes, and nothing in any other form', (t) => {
  const clock = new Clock();
  const tokens = new AccessTokens(clock);
  const caller = { account: makeId<AccountId>(), device: makeId<DeviceId>(), pending: false };
  const { token, expiresAt } = tokens.issue(caller);
  const text = encodeB64u(token);
  t.equal(expiresAt, clock.at + LIMITS.accessTokenAgeMs);
  t.same(tokens.look(text), { kind: 'caller', caller });
  for (const wrong of [
    '',
    text.slice(1),
    `${text}A`,
    `${text}=`,
    encodeB64u(randomBytes(32)),
    text.replace(/.$/, '_'),
  ]) {
    if (wrong !== text) t.same(tokens.look(wrong), { kind: 'unknown' }, wrong);
  }
  clock.at = expiresAt - 1;
  t.equal(tokens.look(text).kind, 'caller');
  clock.at = expiresAt;
  t.same(tokens.look(text), { kind: 'unknown' });
  t.end();
});

test('tokens of an ended device say so until their time is over, those of others go on', (t) => {
  const clock = new Clock();
  const tokens = new AccessTokens(clock);
  const [one, other] = [makeId<DeviceId>(), makeId<DeviceId>()];
  const account = makeId<AccountId>();
  const issue = (device: DeviceId) => encodeB64u(tokens.issue({ account, device, pending: false }).token);
  const [first, second, third] = [issue(one), issue(one), issue(other)];
  tokens.end(one);
  t.same(
    [first, second, third].map((token) => tokens.look(token).kind),
    ['ended', 'ended', 'caller'],
  );
  t.equal(tokens.look(issue(one)).kind, 'caller', 'a new session of the device has a token of its own');
  clock.at += LIMITS.accessTokenAgeMs;
  t.equal(tokens.look(first).kind, 'unknown');
  t.end();
});

test('a device has four good tokens at a time, the oldest gives way', (t) => {
  const tokens = new AccessTokens(new Clock());
  const caller = { account: makeId<AccountId>(), device: makeId<DeviceId>(), pending: false };
  const texts = Array.from({ length: 6 }, () => encodeB64u(tokens.issue(caller).token));
  t.same(
    texts.map((text) => tokens.look(text).kind),
    ['unknown', 'unknown', 'caller', 'caller', 'caller', 'caller'],
  );
  t.end();
});

test('a signature is good for its bytes and its key', (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const bytes = randomBytes(100);
  const signature = sign(undefined, bytes, privateKey);
  t.ok(verifyEd25519(raw, { bytes, signature }));
  t.notOk(verifyEd25519(raw, { bytes: randomBytes(100), signature }));
  t.notOk(verifyEd25519(randomBytes(32), { bytes, signature }));
  t.notOk(verifyEd25519(new Uint8Array(32), { bytes, signature: new Uint8Array(64) }));
  t.notOk(verifyEd25519(raw.subarray(1), { bytes, signature }));
  for (let i = 0; i < 64; i++) {
    const other = Uint8Array.from(signature);
    other[i] = (other[i] ?? 0) ^ 0x10;
    if (verifyEd25519(raw, { bytes, signature: other })) t.fail(`byte ${i}`);
  }
  t.end();
});
