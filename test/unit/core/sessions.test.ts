/** Where sessions lie: under name and key of a device, put aside or not, and brought there from an older layout. */
import { randomBytes, randomUUID } from 'node:crypto';
import t from 'tap';
import { K, T } from '../../../client/core/db/stores.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';
import { makeSignedKeys } from '../../../client/core/prekeys.ts';
import { rekeySessions } from '../../../client/core/sessions/rekey.ts';
import { SESSION_TABLES, Sessions, type CheckedBundle } from '../../../client/core/sessions/sessions.ts';
import { asideKey } from '../../../client/core/sessions/stores.ts';
import { CiphertextMessageType, PrivateKey } from '@tacet/crypto';
import { idOf, uuidText, type DeviceId } from '@tacet/protocol/ids';
import { makeDirectoryScene } from '../../support/directory-scene.ts';

/** What a device with this identity would hand out. */
function bundleOf(device: DeviceId, identity = PrivateKey.generate()): CheckedBundle {
  const publicKey = PrivateKey.generate().getPublicKey().serialize();
  const kyber = ownEngine.KEMKeyPair.generate().getPublicKey().serialize();
  return {
    device: { device, identityKey: identity.getPublicKey().serialize(), registrationId: 5, addedAt: 1 },
    signed: { id: 1, publicKey, signature: identity.sign(publicKey) },
    kyber: { id: 1, publicKey: kyber, signature: identity.sign(kyber) },
  };
}

t.test('a device that is listed under another identity key has a session of its own', async (t) => {
  const { db, own, ports } = await makeDirectoryScene('by-invite');
  const sessions = new Sessions(ownEngine, db, own, ports.clock);
  const name = idOf<DeviceId>(new Uint8Array(randomBytes(16)));
  const [honest, other] = [bundleOf(name), bundleOf(name)];
  const started = await sessions.open(name, honest.device.identityKey);
  await sessions.start(started, honest);
  await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, started));

  const foreign = await sessions.open(name, other.device.identityKey);
  t.notOk(sessions.isUsable(foreign), 'the first one is not found under the other key');
  await sessions.start(foreign, other);
  await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, foreign));

  for (const each of [sessions, new Sessions(ownEngine, db, own, ports.clock)]) {
    const again = await each.open(name, honest.device.identityKey);
    t.same(again.session, started.session, 'and is where it was, in memory and on the disk');
  }
});

t.test('sessions of an older layout are moved once, and those of nobody go', async (t) => {
  const { db, own, ports, ben, device } = await makeDirectoryScene('by-invite');
  const [sessions, gone] = [
    new Sessions(ownEngine, db, own, ports.clock),
    idOf<DeviceId>(new Uint8Array(randomBytes(16))),
  ];
  const bundle = bundleOf(device(0), ben.identities[0]);
  const started = await sessions.open(device(0), bundle.device.identityKey);
  await sessions.start(started, bundle);
  const session = started.session ?? new Uint8Array(0);
  await db.write([T.sessions], async (tx) => {
    const before = K.device(db, device(0));
    tx.put(T.sessions, before, session);
    tx.put(T.sessions, asideKey(before), session);
    tx.put(T.sessions, K.device(db, gone), session);
  });

  await rekeySessions(db, own.value.list);
  const moved = await sessions.open(device(0), bundle.device.identityKey);
  t.ok(sessions.isUsable(moved));
  t.ok(await moved.turnAside(), 'what was put aside came along');
  const [keys, layout] = await db.read([T.sessions, T.layout], (tx) =>
    Promise.all([tx.keys(T.sessions, {}), tx.get(T.layout, 'layout')]),
  );
  t.equal(keys.length, 2);
  t.equal(layout, 1);

  await rekeySessions(db, own.value.list);
  const still = await new Sessions(ownEngine, db, own, ports.clock).open(
    device(0),
    bundle.device.identityKey,
  );
  t.ok(sessions.isUsable(still), 'a second time changes nothing');
});

t.test(
  'a last-resort key answers together with the signed prekey that it was made with, and once for a base key',
  async (t) => {
    const { db, own, ports } = await makeDirectoryScene('by-invite');
    const sessions = new Sessions(ownEngine, db, own, ports.clock);
    const { device } = own.value;
    await db.write([T.preKeys], async (tx) => {
      for (const id of [1, 2]) {
        const { made } = makeSignedKeys(ownEngine, own.identity, device, new Uint8Array(32), id, 0, 0);
        for (const { kind, record } of made) tx.put(T.preKeys, [kind, id], record);
      }
    });
    const stores = await sessions.open(idOf<DeviceId>(new Uint8Array(16)), own.identity.publicKey);
    const base = PrivateKey.generate().getPublicKey();
    await t.rejects(
      stores.markKyberPreKeyUsed(1, 2, base),
      { name: 'MissingPreKey' },
      'an older one as a one-time key',
    );
    await t.rejects(stores.markKyberPreKeyUsed(2, 1, base), { name: 'MissingPreKey' });
    await stores.markKyberPreKeyUsed(1, 1, base);
    await stores.markKyberPreKeyUsed(2, 2, base);
    await db.write(SESSION_TABLES, async (tx) => stores.put(tx));
    await t.rejects(stores.markKyberPreKeyUsed(1, 1, base), { name: 'MissingPreKey' }, 'a second time');
  },
);

t.test(
  'a message that names a prekey which is not here is broken, and no fault of the storage',
  async (t) => {
    const { db, own, ports } = await makeDirectoryScene('by-invite');
    const sessions = new Sessions(ownEngine, db, own, ports.clock);
    const stores = await sessions.open(idOf<DeviceId>(new Uint8Array(16)), own.identity.publicKey);
    await t.rejects(stores.getPreKey(9), { name: 'MissingPreKey' });
    await t.rejects(stores.getSignedPreKey(9), { name: 'MissingPreKey' });
    await t.rejects(stores.getKyberPreKey(9), { name: 'MissingPreKey' });
  },
);

t.test(
  'only the two kinds of session messages are taken out of a seal, and only from a device’s one address',
  async (t) => {
    const { db, own, ports } = await makeDirectoryScene('by-invite');
    const sessions = new Sessions(ownEngine, db, own, ports.clock);
    const mallory = ownEngine.IdentityKeyPair.generate();
    const recipient = ownEngine.ProtocolAddress.new(uuidText(own.value.device), 1);
    const [account, device] = [randomUUID(), randomUUID()];
    const seal = (
      type: CiphertextMessageType,
      said: { readonly account?: string | null; readonly device?: string; readonly number?: number } = {},
    ): Promise<Uint8Array<ArrayBuffer>> => {
      const certificate = ownEngine.SenderCertificate.new(
        said.device ?? device,
        said.account === undefined ? account : said.account,
        said.number ?? 1,
        mallory.publicKey,
        Date.now() + 60_000,
        ownEngine.ServerCertificate.new(1, mallory.publicKey, mallory.privateKey),
        mallory.privateKey,
      );
      const message = { type: () => type, serialize: () => new Uint8Array(randomBytes(64)) };
      const content = ownEngine.UnidentifiedSenderMessageContent.new(message, certificate, 0, null);
      const keys = {
        getIdentityKeyPair: async () => mallory,
        getIdentityKey: async () => mallory.privateKey,
        getLocalRegistrationId: async () => 1,
        getIdentity: async () => own.identity.publicKey,
        saveIdentity: async () => 0 as const,
        isTrustedIdentity: async () => true,
      };
      return ownEngine.sealedSenderEncrypt(content, recipient, keys);
    };
    const { Whisper, PreKey, SenderKey, Plaintext } = CiphertextMessageType;
    t.equal((await sessions.unseal(await seal(Whisper))).type, 'whisper');
    t.equal((await sessions.unseal(await seal(PreKey))).type, 'preKey');
    const wrong = [
      seal(Plaintext),
      seal(SenderKey),
      seal(Whisper, { account: null }),
      seal(Whisper, { account: '+49 123' }),
      seal(Whisper, { device: 'ben' }),
      seal(Whisper, { number: 2 }),
    ];
    for (const sealed of wrong) await t.rejects(sessions.unseal(await sealed), { code: 'server-dishonest' });
  },
);

t.test('what was opened before all sessions were put aside does not come back in their place', async (t) => {
  const { db, own, ports } = await makeDirectoryScene('by-invite');
  const sessions = new Sessions(ownEngine, db, own, ports.clock);
  const identity = ownEngine.IdentityKeyPair.generate();
  const device = {
    device: idOf<DeviceId>(new Uint8Array(randomBytes(16))),
    identityKey: identity.publicKey.serialize(),
    registrationId: 5,
    addedAt: 1,
  };
  const publicKey = ownEngine.PrivateKey.generate().getPublicKey().serialize();
  const kyber = ownEngine.KEMKeyPair.generate().getPublicKey().serialize();
  const bundle = {
    device,
    signed: { id: 1, publicKey, signature: identity.privateKey.sign(publicKey) },
    kyber: { id: 1, publicKey: kyber, signature: identity.privateKey.sign(kyber) },
  };
  const started = await sessions.open(device.device, device.identityKey);
  await sessions.start(started, bundle);
  await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, started));

  const late = await sessions.open(device.device, device.identityKey);
  t.ok(sessions.isUsable(late));
  t.notOk(sessions.isStale(late));
  await sessions.encrypt(late, new Uint8Array(256));
  await db.write([T.sessions], (tx) => sessions.putAsideAll(tx));
  t.ok(sessions.isStale(late), 'what it has encrypted must not leave');
  await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, late));

  const next = await sessions.open(device.device, device.identityKey);
  t.notOk(sessions.isUsable(next), 'a new session has to be started');
  t.ok(await next.turnAside(), 'and the old one still reads');
});
