/** A device that is being added while the server lies: whose account, record, vault and contacts it is shown. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { getCredentials, getRecord } from '@tacet/protocol/rest/accounts';
import { getDirectory } from '@tacet/protocol/rest/devices';
import type { Route } from '@tacet/protocol/route';
import {
  accountOf,
  eventsOf,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  textsOf,
} from '../support/make-client.ts';
import { lie, underOtherKey } from '../support/other-key.ts';
import { entryOf } from './forged-lists.ts';
import { openScene } from './scene.ts';
import { readAs } from './servers-word.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());

/** The same document under the version that would follow. */
function underNextVersion(body: string): unknown {
  const document = JSON.parse(body) as { readonly version: number };
  return { ...document, version: document.version + 1 };
}

t.test(
  'A01: a new device takes no other record, vault or account key, and no contact in the place of one that the record names',
  async (t) => {
    const { ada, ben } = scene;
    const { way, wire } = await scene.newWay();
    await using tablet = openTestClient({ ...way });
    await tablet.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    const request = { username: ada.username, passphrase: ada.passphrase };
    const foreign = Buffer.from(PrivateKey.generate().getPublicKey().serialize()).toString('base64url');
    const bens = await readAs(ben, getRecord);
    const lies: readonly (readonly [string, Route, (body: string) => unknown])[] = [
      ['a record under another version', getRecord, underNextVersion],
      ['somebody else’s record', getRecord, () => JSON.parse(bens)],
      ['wraps under another version', getCredentials, underNextVersion],
      [
        'another account key',
        getDirectory,
        (body) => ({ ...(JSON.parse(body) as object), accountKey: foreign }),
      ],
    ];
    for (const [what, route, change] of lies) {
      wire.answer = ({ path, method }, reply) =>
        path === route.path && method === route.method
          ? { ...reply, body: JSON.stringify(change(reply.body)) }
          : reply;
      // The passphrase is right, and nobody is told that it is not.
      await t.rejects(tablet.commands.signIn(request), { code: 'server-dishonest' }, what);
      t.same(tablet.state.session, { kind: 'signed-out' });
    }
    wire.behave();

    lie(wire, underOtherKey(await entryOf(ben), PrivateKey.generate(), 0));
    await tablet.commands.signIn(request);
    await isOnline(tablet);
    t.equal(accountOf(tablet), accountOf(ada.client));
    const talk = await openWith(tablet, ben.name);
    t.equal(tablet.state.open?.person.trust, 'by-invite', 'how he was checked came with the record');
    await tablet.commands.sendText(talk, 'for Ben alone');
    const state = await tablet.waitFor('refused', (now) => linesOf(now).at(-1)?.delivery.kind === 'failed');
    t.match(linesOf(state).at(-1)?.delivery, { failure: { code: 'server-dishonest' } });
    await tablet.client.background.settled();
    t.notOk(
      wire.said.some(({ kind }) => kind === 'send'),
      'nothing was encrypted for whoever it is',
    );
    t.notOk(eventsOf(state).includes('key-changed'));
    t.equal(tablet.state.open?.person.trust, 'by-invite');

    wire.behave();
    await tablet.commands.retrySend(linesOf(state).at(-1)!.id);
    await ben.client.waitFor('it', (now) => textsOf(now).includes('for Ben alone'));
    t.equal(ben.client.state.conversations.length, 1, 'from the person that he knows');
    await scene.stillTalk();
  },
);
