import t from 'tap';
import { PrivateKey, ready, SessionRecord } from '@tacet/crypto';
import { isCryptoError } from '../../../crypto/errors.ts';
import { sealV1 } from '../../../crypto/sealed-sender/v1.ts';
import { decodeSessionState, encodeSessionState } from '../../../crypto/session/state.ts';
import { sessionOf } from '../../support/forge.ts';
import { bitFlips, extended, truncations } from '../../support/mangle.ts';
import { makeConversation, makeParty } from '../../support/signal-engines.ts';

await ready();

function isBadState(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return isCryptoError(error, 'bad-state') && error.code === 7;
  }
}

t.test('a stored session comes back as it was, answered or not', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  const carol = makeParty('ours');
  await carol.processBundle(bob);
  const dave = makeParty('ours');
  await dave.processBundle(bob, bob.makeBundle(false));
  for (const session of [sessionOf(alice, bob), sessionOf(carol, bob), sessionOf(dave, bob)]) {
    const encoded = encodeSessionState(session);
    t.same(encodeSessionState(decodeSessionState(encoded)), encoded);
    t.equal(decodeSessionState(encoded).pending?.preKeyId, session.pending?.preKeyId);
  }
  t.equal(sessionOf(dave, bob).pending?.preKeyId, undefined);
  t.equal(sessionOf(alice, bob).pending, undefined, 'the answer took the envelope off');
});

t.test('a stored record that is cut, extended or of another version is refused', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  await alice.processBundle(bob);
  const stored = alice.record(bob).serialize();
  t.same(SessionRecord.deserialize(stored).serialize(), stored);
  for (const cut of truncations(stored)) {
    if (!isBadState(() => SessionRecord.deserialize(cut))) t.fail(`${cut.length} bytes are read`);
  }
  t.ok(isBadState(() => SessionRecord.deserialize(extended(stored, 0))));
  for (const version of [0, 2, 255])
    t.ok(isBadState(() => SessionRecord.deserialize(stored.with(0, version))));
});

t.test(
  'an impossible time and another version of the inner ratchet are a damaged record, and said so',
  async (t) => {
    const alice = makeParty('ours');
    const bob = makeParty('ours');
    await alice.processBundle(bob);
    const stored = alice.record(bob).serialize();
    // Behind the time stand three ids and the Kyber ciphertext; behind the session, the number of archived ones.
    const createdAt = stored.length - 1 - 1569 - 12 - 8;
    t.ok(
      isBadState(() => SessionRecord.deserialize(stored.with(createdAt, 0xff))),
      'a time above 2^53',
    );
    const wire = await alice.encrypt(bob, Buffer.from('text'));
    await bob.decrypt(alice, wire);
    const reply = await bob.encrypt(alice, Buffer.from('answer'));
    const address = bob.address.toString();
    const answered = alice.sessions.get(address) ?? new Uint8Array(0);
    const session = sessionOf(alice, bob);
    const spqr = session.ratchet.spqr.with(0, 2);
    const changed = encodeSessionState({ ...session, ratchet: { ...session.ratchet, spqr } });
    alice.sessions.set(address, Uint8Array.of(...answered.subarray(0, 5), ...changed, 0));
    await t.rejects(alice.decrypt(bob, reply), { code: 7 }, 'not a message that no session opens');
  },
);

t.test('no changed bit of a stored record crashes an operation on it', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  const address = bob.address.toString();
  const stored = alice.record(bob).serialize();
  const reply = await bob.encrypt(alice, Buffer.from('text'));
  let failures = 0;
  for (const { bytes } of bitFlips(stored)) {
    alice.sessions.set(address, bytes);
    try {
      await alice.decrypt(bob, reply);
    } catch (error) {
      failures += 1;
      if (!isCryptoError(error)) throw error;
    }
  }
  t.ok(failures > 200, `${failures} of ${stored.length} changes were noticed`);
});

t.test('archiving keeps what was said about the session and stops sending', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  const record = alice.record(bob);
  const ratchetKey = alice.library.PublicKey.deserialize(
    sessionOf(alice, bob).ratchet.double.sender.ratchetKey,
  );
  t.ok(record.currentRatchetKeyMatches(ratchetKey));
  t.notOk(record.currentRatchetKeyMatches(bob.identity.publicKey));
  t.equal(record.localRegistrationId(), alice.registrationId);
  t.equal(record.remoteRegistrationId(), bob.registrationId);
  record.archiveCurrentState();
  t.notOk(record.hasCurrentState());
  t.notOk(record.currentRatchetKeyMatches(ratchetKey));
  t.throws(() => record.localRegistrationId(), { code: 0 });
  const length = record.serialize().length;
  record.archiveCurrentState();
  t.equal(record.serialize().length, length, 'archiving twice adds nothing');
});

t.test('a record does not follow changes of the bytes that it was read from', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  const stored = alice.record(bob).serialize();
  const input = stored.slice();
  const record = SessionRecord.deserialize(input);
  input.fill(0);
  t.same(record.serialize(), stored);
  record.serialize().fill(0);
  t.same(record.serialize(), stored);
});

t.test('a forged late message takes no kept key away, however the store holds its bytes', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  const late = await alice.encrypt(bob, Buffer.from('late'));
  await bob.decrypt(alice, await alice.encrypt(bob, Buffer.from('early')));
  const address = alice.address.toString();
  // Node's databases hand out Buffers, whose `slice` is a view and no copy.
  const stored = Buffer.from(bob.sessions.get(address) ?? []);
  bob.sessions.set(address, stored);
  const before = bob.snapshot();
  const forged = late.bytes.with(-1, (late.bytes.at(-1) ?? 0) ^ 1);
  await t.rejects(bob.decrypt(alice, { type: 2, bytes: forged }), { code: 0 });
  t.equal(bob.snapshot(), before, 'the refusal changed nothing');
  t.same(Buffer.from(await bob.decrypt(alice, late)), Buffer.from('late'));
});

t.test('a handshake and a seal leave none of their one-off keys in memory', async (t) => {
  const alice = makeParty('ours');
  const bob = makeParty('ours');
  const bundle = bob.makeBundle();
  const generated = t.capture(PrivateKey, 'generate', PrivateKey.generate.bind(PrivateKey));
  const isErased = (key: PrivateKey): boolean => {
    try {
      key.serialize();
      return false;
    } catch (error) {
      return isCryptoError(error, 'misuse');
    }
  };
  await alice.processBundle(bob, bundle);
  sealV1(alice.identity, bob.identity.publicKey, new Uint8Array(3));
  const keys = generated().flatMap((call) => ('returned' in call ? [call.returned as PrivateKey] : []));
  t.equal(keys.length, 2, 'base key and ephemeral key');
  t.ok(keys.every(isErased));
});
