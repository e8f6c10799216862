/** Finding people by name against those who lie about it: a person who claims another's name, a server that shows a contact under another key. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import type { SealedDb } from '@tacet/client/core/db/sealed';
import { T } from '@tacet/client/core/db/stores';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord } from '@tacet/protocol/content/record';
import { lookup } from '@tacet/protocol/rest/people';
import type { ViewState } from '@tacet/client/core/view';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  accountOf,
  eventsOf,
  hasContact,
  isOnline,
  makePair,
  openTestClient,
  openWith,
  signUp,
} from '../support/make-client.ts';
import { openNodePorts, type Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { lookupUnderKey } from '../support/other-key.ts';

t.setTimeout(120_000);

/** Changes what a closed client has stored. */
async function change(disk: Disk, url: string, work: (db: SealedDb) => Promise<unknown>): Promise<void> {
  const found = await openLocalDatabase(openNodePorts({ url, disk }), () => undefined);
  if (found.kind !== 'device') throw new Error('no device');
  await work(found.db);
  found.db.close();
}

t.test('nobody is found by a name that he only claims', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  await using carol = openTestClient({ url: server.url });
  await signUp(carol, 'carol', (await ada.commands.makeInvite()).link.split('#')[0]);
  await using liar = openTestClient({ url: server.url });
  await signUp(liar, 'mallory', (await ada.commands.makeInvite()).link.split('#')[0]);
  await liar.close();
  const { disk } = liar.ports;
  await change(disk, server.url, (db) =>
    db.write([T.own], async (tx) => {
      const own = await tx.get(T.own, 'own');
      if (own !== undefined) tx.put(T.own, 'own', { ...own, username: 'carol' });
    }),
  );
  await using claims = openTestClient({ url: server.url, disk });
  await isOnline(claims);
  await claims.commands.setName('Carol');
  await claims.commands.followInvite((await ada.commands.makeInvite()).link);
  const shown = await hasContact(ada, 'Carol');
  t.equal(shown, accountOf(claims));
  const told = await ada.waitFor('what she says of herself', ({ conversations }) =>
    conversations.some(({ person }) => person.claims === 'carol'),
  );
  const usernames = (state: ViewState): readonly (string | undefined)[] =>
    state.conversations.map(({ person }) => person.username);
  t.strictSame(usernames(told), [undefined], 'it is shown as her word, and as nobody’s username');
  t.equal(await ada.commands.startConversation('carol'), accountOf(carol));
  const looked = await ada.waitFor(
    'the one who was looked up',
    ({ conversations }) => conversations.length === 2,
  );
  t.strictSame(
    looked.conversations.filter(({ person }) => person.username === 'carol').map(({ id }) => id),
    [accountOf(carol)],
  );
});

t.test(
  'a lookup that shows a verified contact under another key is refused, told, and breaks nothing',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    await openWith(ben, 'Ada');
    await ada.close();
    const { disk } = ada.ports;
    await change(disk, server.url, (db) =>
      db.write([T.record], async (tx) => {
        const stored = await tx.get(T.record, 'record');
        if (stored === undefined) throw new Error('no record');
        const record = parseCbor(AccountRecord, stored.plain);
        const contacts = record.contacts.map((contact) => ({ ...contact, trust: 'verified' as const }));
        tx.put(T.record, 'record', { ...stored, plain: encodeCbor({ ...record, contacts }) });
      }),
    );
    const wire = makeHostileWire();
    await using again = openTestClient({ url: server.url, disk, wire });
    await isOnline(again);
    const toBen = await openWith(again, 'Ben');
    const key = PrivateKey.generate();
    wire.answer = (request, reply) => {
      if (request.path !== lookup.path || reply.status !== 200) return reply;
      // The entry of whoever was asked for becomes one of Ben's account under a key of the server's own.
      const account = new Uint8Array(Buffer.from(toBen, 'base64url'));
      const body = lookupUnderKey(reply.body, key, (list) => ({ ...list, account, counter: 9 }));
      return { ...reply, body: JSON.stringify({ ...body, account: toBen }) };
    };
    await using carol = openTestClient({ url: server.url });
    await signUp(carol, 'carol', (await again.commands.makeInvite()).link.split('#')[0]);
    await t.rejects(again.commands.startConversation('carol'), { code: 'key-changed' });
    t.equal(again.state.session.kind, 'signed-in', 'the client goes on');
    t.ok(eventsOf(again.state).includes('key-changed'), 'the person is told');
    await again.close();
    await using later = openTestClient({ url: server.url, disk });
    await openWith(later, 'Ben');
    t.ok(eventsOf(later.state).includes('key-changed'), 'and it stays');
  },
);
