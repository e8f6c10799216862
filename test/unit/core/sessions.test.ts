/** Sessions that are put aside while something is under way with them. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { T } from '../../../client/core/db/stores.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';
import { SESSION_TABLES, Sessions } from '../../../client/core/sessions/sessions.ts';
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { makeDirectoryScene } from '../../support/directory-scene.ts';

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
