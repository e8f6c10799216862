/** Sealed sender, version 1, between this project's engine and native libsignal, with certificates issued by their own identity keys. */
import t from 'tap';
import * as native from '@signalapp/libsignal-client';
import * as ours from '@tacet/crypto';
import { bitFlips, extended, truncations } from '../support/mangle.ts';
import { because } from '../support/refusal.ts';
import { libraries, makeParty, type EngineName } from '../support/signal-engines.ts';
import type { Party } from '../support/signal-party.ts';

await ours.ready();

const now = 1_800_000_000_000;
const expiresAt = now + 86_400_000;
const everyPairing: readonly (readonly [EngineName, EngineName])[] = [
  ['ours', 'ours'],
  ['ours', 'native'],
  ['native', 'ours'],
  ['native', 'native'],
];
const withOurs = everyPairing.filter((pair) => pair.includes('ours'));

interface CertificateOver {
  readonly key?: ours.PublicKey;
  readonly signer?: ours.PrivateKey;
  readonly server?: ours.ServerCertificate;
}

/** A certificate whose chain ends in the party's own identity key, made by the party's own engine. */
function certificateOf(party: Party, accountId: string, over: CertificateOver = {}): ours.SenderCertificate {
  const { library, identity, address } = party;
  const server = over.server ?? library.ServerCertificate.new(1, identity.publicKey, identity.privateKey);
  return library.SenderCertificate.new(
    address.name(),
    accountId,
    address.deviceId(),
    over.key ?? identity.publicKey,
    expiresAt,
    server,
    over.signer ?? identity.privateKey,
  );
}

/** Two strangers; the first knows the second's identity key and has started a session by its bundle. */
async function makePair(first: EngineName, second: EngineName): Promise<readonly [Party, Party]> {
  const alice = makeParty(first);
  const bob = makeParty(second);
  await alice.processBundle(bob);
  return [alice, bob];
}

function send(from: Party, to: Party, certificate: ours.SenderCertificate, text: string) {
  const { session, identity } = from.stores;
  return from.library.sealedSenderEncryptMessage(
    Uint8Array.from(Buffer.from(text)),
    from.addressOf(to),
    certificate,
    session,
    identity,
  );
}

/** Opens a seal and, as Tacet does, decrypts what is inside in a step of its own. */
async function openInSteps(party: Party, from: Party, sealed: Uint8Array<ArrayBuffer>): Promise<string> {
  const content = await party.library.sealedSenderDecryptToUsmc(sealed, party.stores.identity);
  const said = content.senderCertificate();
  if (said.senderUuid() !== from.address.name()) throw new Error('another sender');
  return Buffer.from(
    await party.decrypt(from, { type: content.msgType(), bytes: content.contents() }),
  ).toString();
}

async function openAtOnce(
  party: Party,
  sealed: Uint8Array<ArrayBuffer>,
  trustRoot: ours.PublicKey,
  over: { at?: number; localE164?: string | null; localUuid?: string; localDeviceId?: number } = {},
): Promise<ours.SealedSenderDecryptionResult> {
  const { session, identity, preKey, signedPreKey, kyberPreKey } = party.stores;
  return party.library.sealedSenderDecryptMessage(
    sealed,
    party.library.PublicKey.deserialize(trustRoot.serialize()),
    over.at ?? now,
    over.localE164 ?? null,
    over.localUuid ?? party.address.name(),
    over.localDeviceId ?? party.address.deviceId(),
    session,
    identity,
    preKey,
    signedPreKey,
    kyberPreKey,
  );
}

t.test('a conversation goes both ways under seal, in every pairing', async (t) => {
  for (const [first, second] of withOurs) {
    const [alice, bob] = await makePair(first, second);
    const aliceCertificate = certificateOf(alice, crypto.randomUUID());
    const bobCertificate = certificateOf(bob, crypto.randomUUID());
    for (let round = 0; round < 3; round += 1) {
      const there = await send(alice, bob, aliceCertificate, `there ${round}`);
      t.equal(await openInSteps(bob, alice, there), `there ${round}`, `${first} to ${second}`);
      const back = await send(bob, alice, bobCertificate, `back ${round}`);
      const opened = await openAtOnce(alice, back, bob.identity.publicKey);
      t.equal(Buffer.from(opened.message()).toString(), `back ${round}`, `${second} to ${first}`);
      t.equal(opened.senderUuid(), bob.address.name());
      t.equal(opened.senderE164(), bobCertificate.senderE164());
      t.equal(opened.deviceId(), 1);
      t.equal(opened.senderAci()?.getServiceIdString(), bob.address.name());
    }
  }
});

t.test('a certificate that its own key issued is valid to both engines, whoever made it', async (t) => {
  for (const [issuer, reader] of everyPairing) {
    const party = makeParty(issuer);
    const account = crypto.randomUUID();
    const made = certificateOf(party, account);
    const library = libraries[reader];
    const read = library.SenderCertificate.deserialize(made.serialize());
    const root = library.PublicKey.deserialize(party.identity.publicKey.serialize());
    t.equal(read.validate(root, expiresAt), true);
    t.equal(read.validate(root, expiresAt + 1), false, 'expired');
    t.equal(read.validate(library.PrivateKey.generate().getPublicKey(), now), false, 'another root');
    t.equal(read.validateWithTrustRoots([library.PrivateKey.generate().getPublicKey(), root], now), true);
    t.equal(read.senderUuid(), party.address.name());
    t.equal(read.senderE164(), account);
    t.equal(read.senderDeviceId(), 1);
    t.equal(read.expiration(), expiresAt);
    t.same(read.key().serialize(), party.identity.publicKey.serialize());
    t.same(read.serverCertificate().key().serialize(), party.identity.publicKey.serialize());
    t.equal(read.serverCertificate().keyId(), 1);
    t.same(read.serverCertificate().signature(), made.serverCertificate().signature());
    t.same(read.serialize(), made.serialize());
    t.same(read.certificate(), made.certificate());
    t.same(read.signature(), made.signature());
  }
});

t.test('both engines write the same certificate but for the signatures', async (t) => {
  const secret = ours.PrivateKey.generate();
  const device = crypto.randomUUID();
  const account = crypto.randomUUID();
  const made = ours.issueSelfSignedCertificate({
    accountId: account,
    deviceUuid: device,
    identityKeyPair: new ours.IdentityKeyPair(secret.getPublicKey(), secret),
    expiresAt,
  });
  const theirSecret = native.PrivateKey.deserialize(secret.serialize());
  const theirKey = theirSecret.getPublicKey();
  const server = native.ServerCertificate.deserialize(made.serverCertificate().serialize());
  const theirs = native.SenderCertificate.new(device, account, 1, theirKey, expiresAt, server, theirSecret);
  t.same(theirs.certificate(), made.certificate());
  const theirServer = native.ServerCertificate.new(1, theirKey, theirSecret);
  t.same(theirServer.certificateData(), made.serverCertificate().certificateData());
  const read = ours.parseSelfSignedCertificate(ours.SenderCertificate.deserialize(theirs.serialize()), now);
  t.equal(read.accountId, account);
  t.equal(read.deviceUuid, device);
});

t.test('contents of every type, hint and group read the same in both engines', async (t) => {
  const party = makeParty('native');
  const certificate = certificateOf(party, crypto.randomUUID());
  const ourCertificate = ours.SenderCertificate.deserialize(certificate.serialize());
  const error = native.DecryptionErrorMessage.deserialize(Uint8Array.of(0x10, 5));
  const theirMessage = native.PlaintextContent.from(error).asCiphertextMessage();
  for (const hint of [0, 1, 2, 7]) {
    for (const group of [null, new Uint8Array(0), Uint8Array.of(1, 2, 3)]) {
      const made = ours.UnidentifiedSenderMessageContent.new(
        { type: () => ours.CiphertextMessageType.Plaintext, serialize: () => theirMessage.serialize() },
        ourCertificate,
        hint,
        group,
      );
      const theirs = native.UnidentifiedSenderMessageContent.new(
        theirMessage,
        certificate as unknown as native.SenderCertificate,
        hint,
        group,
      );
      t.same(made.serialize(), theirs.serialize());
      t.same(made.groupId(), theirs.groupId());
      const read = ours.UnidentifiedSenderMessageContent.deserialize(theirs.serialize());
      const readThere = native.UnidentifiedSenderMessageContent.deserialize(made.serialize());
      t.equal(read.msgType(), readThere.msgType());
      t.equal(read.contentHint(), readThere.contentHint());
      t.same(read.groupId(), readThere.groupId());
      t.same(read.contents(), readThere.contents());
    }
  }
});

t.test('a seal for somebody else does not open, in either engine', async (t) => {
  for (const [first, second] of everyPairing) {
    const [alice, bob] = await makePair(first, second);
    const sealed = await send(alice, bob, certificateOf(alice, crypto.randomUUID()), 'for bob');
    const eve = makeParty(second);
    await t.rejects(eve.library.sealedSenderDecryptToUsmc(sealed, eve.stores.identity), /decrypt|open/);
    await t.rejects(alice.library.sealedSenderDecryptToUsmc(sealed, alice.stores.identity), /decrypt|open/);
    t.equal(await openInSteps(bob, alice, sealed), 'for bob', 'and still opens for bob');
  }
});

t.test(
  'a seal is refused when any byte is changed, cut or added, and leaves the stores as they were',
  async (t) => {
    for (const [first, second] of withOurs) {
      const [alice, bob] = await makePair(first, second);
      const sealed = await send(alice, bob, certificateOf(alice, crypto.randomUUID()), 'untouched');
      const before = bob.snapshot();
      const { identity } = bob.stores;
      const opens = async (bytes: Uint8Array<ArrayBuffer>): Promise<boolean> =>
        bob.library.sealedSenderDecryptToUsmc(bytes, identity).then(
          () => true,
          () => false,
        );
      const opened: number[] = [];
      for (const { at, bytes } of bitFlips(sealed)) {
        // Every byte of head, keys and boxes' ends; the long body by samples.
        if (at > 160 && at < sealed.length - 16 && at % 97 !== 0) continue;
        if (await opens(bytes)) opened.push(at);
      }
      t.same(opened, second === 'native' ? [0] : [], 'native takes version 0 for 1, we do not');
      for (const cut of truncations(sealed)) {
        if (cut.length > 100 && cut.length < sealed.length - 3 && cut.length % 97 !== 0) continue;
        if (await opens(cut)) t.fail(`opened when cut to ${cut.length}`);
      }
      t.equal(await opens(extended(sealed, 0)), false, 'a byte added');
      t.equal(await opens(extended(sealed, 0x0a, 0)), false, 'a field twice');
      t.equal(bob.snapshot(), before);
      t.equal(await openInSteps(bob, alice, sealed), 'untouched');
    }
  },
);

t.test('a certificate for another key than the one that sealed is refused by both engines', async (t) => {
  for (const [first, second] of everyPairing) {
    const [alice, bob] = await makePair(first, second);
    const victim = alice.library.PrivateKey.generate();
    const forged = [
      certificateOf(alice, crypto.randomUUID(), { key: victim.getPublicKey() }),
      certificateOf(alice, crypto.randomUUID(), {
        key: victim.getPublicKey(),
        signer: victim,
        server: alice.library.ServerCertificate.new(1, victim.getPublicKey(), victim),
      }),
    ];
    for (const certificate of forged) {
      const sealed = await send(alice, bob, certificate, 'from somebody else');
      const before = bob.snapshot();
      const attempt = bob.library.sealedSenderDecryptToUsmc(sealed, bob.stores.identity);
      if (second === 'ours') await t.rejects(attempt, because('bad-certificate'));
      else await t.rejects(attempt, /certificate key does not match/);
      await t.rejects(openAtOnce(bob, sealed, alice.identity.publicKey));
      t.equal(bob.snapshot(), before);
    }
  }
});

t.test(
  'opening at once refuses another root, an expired certificate and a foreign signature, as native does',
  async (t) => {
    for (const [first, second] of everyPairing) {
      const [alice, bob] = await makePair(first, second);
      const root = alice.identity.publicKey;
      const sealed = await send(alice, bob, certificateOf(alice, crypto.randomUUID()), 'valid');
      const before = bob.snapshot();
      const untrusted = /trust root validation failed/;
      await t.rejects(openAtOnce(bob, sealed, bob.identity.publicKey), untrusted);
      await t.rejects(openAtOnce(bob, sealed, root, { at: expiresAt + 1 }), untrusted);
      const foreign = alice.library.PrivateKey.generate();
      const signedByAnother = certificateOf(alice, crypto.randomUUID(), { signer: foreign });
      await t.rejects(openAtOnce(bob, await send(alice, bob, signedByAnother, 'no'), root), untrusted);
      const server = alice.library.ServerCertificate.new(1, alice.identity.publicKey, foreign);
      const rootedElsewhere = certificateOf(alice, crypto.randomUUID(), { server });
      await t.rejects(openAtOnce(bob, await send(alice, bob, rootedElsewhere, 'no'), root), untrusted);
      t.equal(bob.snapshot(), before);
      const opened = await openAtOnce(bob, sealed, root, { at: expiresAt });
      t.equal(Buffer.from(opened.message()).toString(), 'valid', 'valid to its last millisecond');
    }
  },
);

t.test(
  "one's own messages are refused by name and by number with the same device, as native does",
  async (t) => {
    for (const [first, second] of everyPairing) {
      const [alice, bob] = await makePair(first, second);
      const account = crypto.randomUUID();
      const root = alice.identity.publicKey;
      const sealed = await send(alice, bob, certificateOf(alice, account), 'to whom');
      const own = alice.address.name();
      await t.rejects(openAtOnce(bob, sealed, root, { localUuid: own }), { name: 'SealedSenderSelfSend' });
      await t.rejects(openAtOnce(bob, sealed, root, { localE164: account }), {
        name: 'SealedSenderSelfSend',
      });
      const [error] = await Promise.allSettled([openAtOnce(bob, sealed, root, { localUuid: own })]);
      t.equal(error?.status === 'rejected' && (error.reason as { code: number }).code, 2);
      const opened = await openAtOnce(bob, sealed, root, { localE164: '+1' });
      t.equal(Buffer.from(opened.message()).toString(), 'to whom');
    }
  },
);

t.test('opening at once refuses plaintext contents, as native does', async (t) => {
  for (const [first, second] of everyPairing) {
    const [alice, bob] = await makePair(first, second);
    const { library } = alice;
    const error = library.DecryptionErrorMessage.deserialize(Uint8Array.of(0x10, 5));
    const content = library.UnidentifiedSenderMessageContent.new(
      library.PlaintextContent.from(error).asCiphertextMessage(),
      certificateOf(alice, crypto.randomUUID()),
      0,
      null,
    );
    const sealed = await library.sealedSenderEncrypt(content, alice.addressOf(bob), alice.stores.identity);
    await t.rejects(openAtOnce(bob, sealed, alice.identity.publicKey), /unexpected message type/);
    const opened = await bob.library.sealedSenderDecryptToUsmc(sealed, bob.stores.identity);
    t.equal(opened.msgType(), 8);
  }
});

t.test(
  'nothing is sealed for an address without a known identity key, nor encrypted without a session',
  async (t) => {
    for (const engine of ['ours', 'native'] as const) {
      const [alice, bob] = await makePair(engine, 'ours');
      const certificate = certificateOf(alice, crypto.randomUUID());
      const stranger = makeParty(engine);
      await t.rejects(send(alice, stranger, certificate, 'nobody'), /session.*not found/);
      alice.identities.clear();
      const error = alice.library.DecryptionErrorMessage.deserialize(Uint8Array.of(0x10, 5));
      const content = alice.library.UnidentifiedSenderMessageContent.new(
        alice.library.PlaintextContent.from(error).asCiphertextMessage(),
        certificate,
        0,
        null,
      );
      await t.rejects(
        alice.library.sealedSenderEncrypt(content, alice.addressOf(bob), alice.stores.identity),
      );
    }
  },
);
