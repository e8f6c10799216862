// What must be refused, by this project's engine and by the native library. A refusal changes nothing that is stored.
import t from 'tap';
import { ProtocolAddress, ready } from '@tacet/crypto';
import type { KEMPublicKey } from '@tacet/crypto';
import { concat } from '../../crypto/bytes.ts';
import { forgeFirstMessage, forgeMessage, sessionOf } from '../support/forge.ts';
import type { Forgery } from '../support/forge.ts';
import { libraries, makeConversation, makeParty } from '../support/signal-engines.ts';
import { Party } from '../support/signal-party.ts';
import type { Wire } from '../support/signal-party.ts';
import { accepts, engines, failureOf, plaintext, refuses, withByte } from '../support/verdicts.ts';

await ready();

function addresses(from: Party, to: Party): Uint8Array {
  const wireForm = ({ address }: Party): Uint8Array =>
    ProtocolAddress.new(address.name(), address.deviceId())._wireForm() ?? new Uint8Array(18);
  return concat(wireForm(from), wireForm(to));
}

for (const engine of engines) {
  t.test(`${engine}: messages of a session with one thing wrong are refused`, async (t) => {
    const { alice, bob } = await makeConversation('ours', engine);
    const carol = makeParty('ours');
    const wrong: Readonly<Record<string, Forgery>> = {
      'no post-quantum field': { pqField: () => undefined },
      'an empty post-quantum field': { pqField: () => new Uint8Array(0) },
      'a post-quantum field cut short': { pqField: (honest) => honest.subarray(0, 2) },
      'a post-quantum version 0': { pqField: withByte(0, 0) },
      'a post-quantum version 2': { pqField: withByte(0, 2) },
      'a post-quantum epoch ahead of the state': { pqField: withByte(1, 2) },
      'a post-quantum epoch 0': { pqField: withByte(1, 0) },
      'an unknown kind of post-quantum message': { pqField: withByte(3, 7) },
      'the post-quantum key not mixed in': { pqKey: () => new Uint8Array(32) },
      'version 3': { versionByte: 0x34 },
      'version 5': { versionByte: 0x54 },
      'no counter': { counter: undefined },
      'a counter too far ahead': { counter: 30_000 },
      'a wrong sender in the addresses': { addresses: addresses(carol, bob) },
      'a wrong recipient in the addresses': { addresses: addresses(alice, carol) },
      'a ratchet key without its type byte': { ratchetKey: (honest) => honest.slice(1) },
      'a ratchet key of another type': { ratchetKey: (honest) => honest.with(0, 6) },
      'a ratchet key that agrees on zero': { ratchetKey: () => Uint8Array.of(5, ...new Uint8Array(32)) },
      'an unknown ratchet key': { ratchetKey: () => carol.identity.publicKey.serialize() },
      'a body of another length': { ciphertext: (honest) => honest.subarray(1) },
      'no body': { ciphertext: () => new Uint8Array(0) },
    };
    for (const [what, forgery] of Object.entries(wrong)) {
      await refuses(t, bob, alice, forgeMessage(alice, bob, plaintext, forgery), what);
    }
    const honest = forgeMessage(alice, bob, plaintext, {});
    for (const at of [0, 1, 2, 40, honest.bytes.length - 20, honest.bytes.length - 1]) {
      const bytes = honest.bytes.with(at, (honest.bytes[at] ?? 0) ^ 0x20);
      await refuses(t, bob, alice, { type: 2, bytes }, `byte ${at} changed`);
    }
    for (const length of [0, 1, 8, 9, honest.bytes.length - 1]) {
      await refuses(
        t,
        bob,
        alice,
        { type: 2, bytes: honest.bytes.slice(0, length) },
        `cut to ${length} bytes`,
      );
    }
    await accepts(t, bob, alice, honest, 'the honest message');
    await refuses(t, bob, alice, honest, 'a replay', 1);
  });

  t.test(`${engine}: a message without addresses and one with unknown fields are accepted`, async (t) => {
    const { alice, bob } = await makeConversation('ours', engine);
    const other = await makeConversation('ours', engine);
    await accepts(
      t,
      bob,
      alice,
      forgeMessage(alice, bob, plaintext, { addresses: addresses(alice, bob) }),
      'right addresses',
    );
    await accepts(
      t,
      other.bob,
      other.alice,
      forgeMessage(other.alice, other.bob, plaintext, { unknownFields: true }),
      'unknown fields',
    );
  });

  t.test(`${engine}: addresses are refused where the own name is no UUID`, async (t) => {
    const alice = makeParty('ours');
    const bob = new Party(libraries[engine], { name: 'bob' });
    await alice.processBundle(bob);
    const wire = forgeFirstMessage(alice, bob, plaintext, {
      addresses: concat(alice.address._wireForm() ?? new Uint8Array(18), new Uint8Array(18)),
    });
    await refuses(t, bob, alice, wire, 'a name that is no UUID');
    const honest = await alice.encrypt(bob, plaintext);
    await accepts(t, bob, alice, honest, 'without addresses, as the sender writes it then');
  });

  t.test(`${engine}: first messages with one thing wrong are refused and use up no prekey`, async (t) => {
    const alice = makeParty('ours');
    const bob = makeParty(engine);
    await alice.processBundle(bob);
    const { baseKey, pending } = sessionOf(alice, bob);
    if (pending === undefined) throw new Error('the session was answered');
    const other = makeParty('ours');
    const zero = Uint8Array.of(5, ...new Uint8Array(32));
    const forge = (outer: NonNullable<Parameters<typeof forgeFirstMessage>[3]['outer']>): Wire =>
      forgeFirstMessage(alice, bob, plaintext, { outer });
    const wrong: Readonly<Record<string, Wire>> = {
      'an all-zero base key': forge({ baseKey: zero }),
      'a base key of order two': forge({ baseKey: zero.with(1, 1) }),
      'a base key that is not canonical': forge({ baseKey: baseKey.with(32, (baseKey[32] ?? 0) | 0x80) }),
      'another base key': forge({ baseKey: other.identity.publicKey.serialize() }),
      'another identity': forge({ identityKey: other.identity.publicKey.serialize() }),
      'another Kyber ciphertext': forge({
        kyberCiphertext: pending.kyberCiphertext.with(500, (pending.kyberCiphertext[500] ?? 0) ^ 1),
      }),
      'a Kyber ciphertext of another type': forge({ kyberCiphertext: pending.kyberCiphertext.with(0, 10) }),
      'a Kyber ciphertext cut short': forge({ kyberCiphertext: pending.kyberCiphertext.subarray(0, 1568) }),
      'the one-time prekey not named': forge({ preKeyId: undefined }),
      'version 3': forgeFirstMessage(alice, bob, plaintext, { versionByte: 0x34, outerVersionByte: 0x34 }),
      'version 5': forgeFirstMessage(alice, bob, plaintext, { versionByte: 0x54, outerVersionByte: 0x54 }),
      'wrong addresses': forgeFirstMessage(alice, bob, plaintext, { addresses: addresses(bob, alice) }),
      'no post-quantum field': forgeFirstMessage(alice, bob, plaintext, { pqField: () => undefined }),
    };
    for (const [what, wire] of Object.entries(wrong)) await refuses(t, bob, alice, wire, what);
    t.equal(bob.kyberUses.length, 0);
    t.equal(bob.preKeys.size, 1);
    t.equal(bob.sessions.size, 0);
    await accepts(t, bob, alice, await alice.encrypt(bob, plaintext), 'the honest message');
  });

  t.test(`${engine}: a store's own refusal of a prekey surfaces and changes nothing`, async (t) => {
    const bob = makeParty(engine);
    const bundle = bob.makeBundle();
    for (const _ of [0, 1]) {
      const alice = makeParty('ours');
      await alice.processBundle(bob, bundle);
      const wire = await alice.encrypt(bob, plaintext);
      if (bob.preKeys.size === 1) {
        await accepts(t, bob, alice, wire, 'the first use');
        continue;
      }
      const before = bob.snapshot();
      t.not(
        await failureOf(() => bob.decrypt(alice, wire)),
        'no error',
        'the one-time prekey was used before',
      );
      t.equal(bob.snapshot(), before);
    }
  });

  t.test(`${engine}: a handshake that a last-resort key has answered is refused as a new one`, async (t) => {
    const alice = makeParty('ours');
    const bob = makeParty(engine);
    await alice.processBundle(bob, bob.makeBundle(false));
    const wire = await alice.encrypt(bob, plaintext);
    await accepts(t, bob, alice, wire, 'the first use');
    bob.sessions.clear();
    const before = bob.snapshot();
    t.not(await failureOf(() => bob.decrypt(alice, wire)), 'no error', 'the pair was marked before');
    t.equal(bob.sessions.size, 0);
    t.equal(bob.snapshot(), before);
  });

  t.test(`${engine}: bundles that their identity did not sign start no session`, async (t) => {
    const alice = makeParty(engine);
    const bob = makeParty('ours');
    const bundle = bob.makeBundle();
    const stranger = makeParty('ours').makeBundle();
    const wrong = {
      'signed prekey signature changed': {
        ...bundle,
        signedPreKeySignature: bundle.signedPreKeySignature.with(
          7,
          (bundle.signedPreKeySignature[7] ?? 0) ^ 1,
        ),
      },
      'Kyber prekey signature changed': {
        ...bundle,
        kyberPreKeySignature: bundle.kyberPreKeySignature.with(7, (bundle.kyberPreKeySignature[7] ?? 0) ^ 1),
      },
      'signatures swapped': {
        ...bundle,
        kyberPreKeySignature: bundle.signedPreKeySignature,
        signedPreKeySignature: bundle.kyberPreKeySignature,
      },
      'another identity': { ...bundle, identityKey: stranger.identityKey },
      'another signed prekey': { ...bundle, signedPreKey: stranger.signedPreKey },
      'another Kyber prekey': { ...bundle, kyberPreKey: stranger.kyberPreKey },
      'an empty signature': { ...bundle, signedPreKeySignature: new Uint8Array(0) },
    };
    for (const [what, forged] of Object.entries(wrong)) {
      const before = alice.snapshot();
      t.equal(await failureOf(() => alice.processBundle(bob, forged)), 0, what);
      t.equal(alice.snapshot(), before, `${what}: nothing changed`);
    }
  });

  t.test(`${engine}: trust that is refused stops every direction with its own error`, async (t) => {
    const { alice, bob } = await makeConversation(engine, 'ours');
    const wire = await bob.encrypt(alice, plaintext);
    alice.trusts = false;
    const before = alice.snapshot();
    t.equal(await failureOf(() => alice.encrypt(bob, plaintext)), 3);
    t.equal(await failureOf(() => alice.processBundle(bob)), 3);
    t.equal(await failureOf(() => alice.decrypt(bob, wire)), 3);
    const stranger = makeParty('ours');
    await stranger.processBundle(alice);
    t.equal(
      await failureOf(async () => alice.decrypt(stranger, await stranger.encrypt(alice, plaintext))),
      3,
    );
    alice.preKeys.clear();
    alice.signedPreKeys.clear();
    alice.kyberPreKeys.clear();
    t.equal(
      JSON.parse(alice.snapshot())[0][0].length,
      JSON.parse(before)[0][0].length,
      'no session was added',
    );
    alice.trusts = true;
    t.same(Buffer.from(await alice.decrypt(bob, wire)), plaintext, 'the message can still be opened');
  });

  t.test(`${engine}: a session that was never answered is not sent on after 30 days`, async (t) => {
    const alice = makeParty(engine);
    const bob = makeParty('ours');
    const start = Date.UTC(2026, 0, 1);
    const day = 86_400_000;
    await alice.processBundle(bob, bob.makeBundle(), new Date(start));
    t.ok(alice.record(bob).hasCurrentState(new Date(start + 30 * day)));
    t.notOk(alice.record(bob).hasCurrentState(new Date(start + 30 * day + 1000)));
    t.equal(await failureOf(() => alice.encrypt(bob, plaintext, new Date(start + 31 * day))), 0);
    const wire = await alice.encrypt(bob, plaintext, new Date(start + 29 * day));
    await bob.decrypt(alice, wire);
    await alice.decrypt(bob, await bob.encrypt(alice, plaintext));
    t.ok(alice.record(bob).hasCurrentState(new Date(start + 400 * day)), 'an answered one has no such limit');
  });

  t.test(`${engine}: keys and addresses of a wrong form are refused`, async (t) => {
    const library = libraries[engine];
    const kem = library.KEMKeyPair.generate().getPublicKey().serialize();
    const wrong: Readonly<Record<string, () => unknown>> = {
      'device id 128': () => library.ProtocolAddress.new('name', 128),
      'device id 0': () => library.ProtocolAddress.new('name', 0),
    };
    for (const [what, work] of Object.entries(wrong)) t.equal(await failureOf(work), 5, what);
    const generic: Readonly<Record<string, () => unknown>> = {
      'Kyber-768 key': () => library.KEMPublicKey.deserialize(kem.with(0, 7)),
      'ML-KEM key': () => library.KEMPublicKey.deserialize(kem.with(0, 10)),
      'KEM key cut short': () => library.KEMPublicKey.deserialize(kem.slice(0, 1568)),
      'KEM key of no bytes': () => library.KEMPublicKey.deserialize(new Uint8Array(0)),
      'EC key of another type': () => library.PublicKey.deserialize(new Uint8Array(33).fill(6)),
      'EC key cut short': () => library.PublicKey.deserialize(Uint8Array.of(5, 1, 2)),
      'private key of 31 bytes': () => library.PrivateKey.deserialize(new Uint8Array(31)),
      'identity key pair cut short': () => library.IdentityKeyPair.deserialize(new Uint8Array(7)),
      'prekey record of noise': () => library.PreKeyRecord.deserialize(new Uint8Array(9).fill(0xff)),
      'fingerprint of one iteration': () =>
        library.Fingerprint.new(
          1,
          1,
          new Uint8Array(1),
          library.PrivateKey.generate().getPublicKey(),
          new Uint8Array(1),
          library.PrivateKey.generate().getPublicKey(),
        ),
    };
    for (const [what, work] of Object.entries(generic)) t.equal(await failureOf(work), 0, what);
    t.equal(await failureOf(() => library.SessionRecord.deserialize(new Uint8Array(9).fill(0xff))), 7);
  });
}

t.test('a Kyber prekey is required in a bundle', async (t) => {
  const { PreKeyBundle } = libraries.ours;
  const key = libraries.ours.PrivateKey.generate().getPublicKey();
  const missing = null as unknown as KEMPublicKey;
  const signature = new Uint8Array(64);
  t.equal(
    await failureOf(() => PreKeyBundle.new(1, 1, null, null, 1, key, signature, key, 1, missing, signature)),
    0,
  );
});

for (const engine of engines) {
  t.test(`${engine}: a bundle has no number that its first message could not carry`, async (t) => {
    const library = libraries[engine];
    const bundle = makeParty('ours').makeBundle();
    const { PreKeyBundle, PublicKey, KEMPublicKey, PreKeyRecord, PrivateKey } = library;
    const make = (
      changes: Partial<Record<'registrationId' | 'deviceId' | 'preKeyId' | 'id', number>>,
    ): unknown =>
      PreKeyBundle.new(
        changes.registrationId ?? 1,
        changes.deviceId ?? 1,
        changes.preKeyId ?? 1,
        PublicKey.deserialize(bundle.signedPreKey),
        changes.id ?? 1,
        PublicKey.deserialize(bundle.signedPreKey),
        bundle.signedPreKeySignature,
        PublicKey.deserialize(bundle.identityKey),
        changes.id ?? 1,
        KEMPublicKey.deserialize(bundle.kyberPreKey),
        bundle.kyberPreKeySignature,
      );
    t.ok(make({ registrationId: 0xffff_ffff, deviceId: 127, preKeyId: 0, id: 0xffff_ffff }));
    const key = PrivateKey.generate();
    for (const number of [-1, 1.5, Number.NaN, 2 ** 32]) {
      for (const field of ['registrationId', 'deviceId', 'preKeyId', 'id']) {
        t.not(await failureOf(() => make({ [field]: number })), 'no error', `${field} ${number}`);
      }
      t.not(
        await failureOf(() => PreKeyRecord.new(number, key.getPublicKey(), key).serialize()),
        'no error',
        `record ${number}`,
      );
    }
    for (const deviceId of [0, 128])
      t.equal(await failureOf(() => make({ deviceId })), 0, `device ${deviceId}`);
  });
}

for (const engine of engines) {
  t.test(
    `${engine}: a repeated first message cannot put another identity under a known session`,
    async (t) => {
      const alice = makeParty('ours');
      const bob = makeParty(engine);
      const mallory = makeParty('ours');
      await alice.processBundle(bob);
      await bob.decrypt(alice, await alice.encrypt(bob, plaintext));
      const wire = forgeFirstMessage(alice, bob, plaintext, {
        outer: { identityKey: mallory.identity.publicKey.serialize() },
      });
      await refuses(t, bob, alice, wire, 'another identity on a known handshake');
      t.same(bob.identities.get(alice.address.toString()), alice.identity.publicKey.serialize());
    },
  );
}
