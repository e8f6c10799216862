/** What goes wrong on the device itself, with the server looking on: half of the storage gone, and two cores at one profile. */
import t from 'tap';
import { isOnline, openTestClient, signUp, textsOf } from '../support/make-client.ts';
import { openScene } from './scene.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());

t.test(
  'A85: half-wiped storage is told as damage, never made a new identity, and can be wiped whole',
  async (t) => {
    const { way, wire } = await scene.newWay();
    const first = openTestClient({ ...way });
    const username = scene.freshName('eve');
    const { passphrase } = await signUp(first, username, await scene.freshInvite());
    await first.close();
    const { disk } = first.ports;
    const halves: readonly (readonly [string, (copy: typeof disk) => void])[] = [
      ['the data without its key', (copy) => void copy.databases.get('tacet')!.set('vault', new Map())],
      ['the rest without the device', (copy) => void copy.databases.get('tacet')!.set('device', new Map())],
      [
        'the key without what unwraps it',
        (copy) => {
          copy.wrapKey = undefined;
        },
      ],
    ];
    const asked = wire.asked.length;
    for (const [what, lose] of halves) {
      const copy = disk.copy();
      lose(copy);
      await using left = openTestClient({ ...way, disk: copy });
      const { session } = await left.waitFor(what, (state) => state.session.kind === 'broken');
      t.match(session, { failure: { code: 'storage-damaged' } }, what);
      const request = { username: scene.freshName('eve2'), name: 'Eve', passphrase, invite: undefined };
      await t.rejects(left.commands.signUp(request), { code: 'cancelled' }, 'no other identity in its place');
    }
    t.equal(wire.asked.length, asked, 'the server hears nothing of it');

    disk.wrapKey = undefined;
    await using eve = openTestClient({ ...way, disk });
    await eve.waitFor('broken', ({ session }) => session.kind === 'broken');
    await eve.commands.signOut();
    t.same(eve.state.session, { kind: 'ended', why: 'signed-out' });
    await eve.commands.signIn({ username, passphrase });
    await isOnline(eve);
    t.equal(eve.state.devices.length, 2, 'the one that was is still listed, until it is removed');
    await scene.stillTalk();
  },
);

t.test('A86: a core whose database was claimed by another writes nothing any more', async (t) => {
  const { ada, ben } = scene;
  // Another core on the same profile, as if the first one were frozen when its lock was stolen and had not noticed yet.
  const { disk } = ada.client.ports;
  const other = openTestClient({ url: scene.origin, via: ada.proxy.url, disk });
  await isOnline(other);
  // The first write of all is told that another owns the database, and it may be one of the core's own; the others that a write has failed.
  await t.rejects(ada.client.commands.sendText(ada.talk, 'from the past'), {
    code: /^(?:cancelled|storage-unavailable)$/,
  });
  await ada.client.waitFor('a standstill', ({ session }) => session.kind === 'broken');
  await other.commands.sendText(ada.talk, 'from the owner');
  await ben.client.waitFor('it', (state) => textsOf(state).includes('from the owner'));
  t.notOk(textsOf(ben.client.state).includes('from the past'));
  await other.close();
  await scene.open(ada);
  await scene.stillTalk();
});
