/** Invites at a server that lies about them: another inviter once the account is made, one that was used and is shown again. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { signLabelled } from '@tacet/crypto/vault';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { hasContact, isOnline, openTestClient, openWith, signUp } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(120_000);

t.test(
  'an inviter whose key is another one after the sign-up is not believed, and the person is told',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const wire = makeHostileWire();
    await using ben = openTestClient({ url: server.url, wire });
    const key = PrivateKey.generate();
    wire.answer = (request, reply) => {
      if (request.path !== '/v1/accounts') return reply;
      wire.change = (frame) => {
        if (frame.kind !== 'bundles') return [frame];
        const { bytes } = frame.directory.list;
        const list = { bytes, signature: signLabelled(key, SIGNED_LABELS.deviceList, bytes) };
        const accountKey = key.getPublicKey().serialize();
        return [{ ...frame, directory: { ...frame.directory, accountKey, list } }];
      };
      return reply;
    };
    await signUp(ben, 'ben', link);
    const { refusedInvite } = await ben.waitFor('the warning', (state) => state.refusedInvite !== undefined);
    t.same(refusedInvite, { username: 'ada' });
    t.strictSame(ben.state.conversations, [], 'nobody became a contact');
    await ben.close();

    const later = makeHostileWire();
    await using again = openTestClient({ url: server.url, disk: ben.ports.disk, wire: later });
    await isOnline(again);
    await again.client.background.settled();
    t.same(again.state.refusedInvite, { username: 'ada' }, 'it stays until it was seen');
    t.notOk(
      later.said.some(({ kind }) => kind === 'fetch-bundles'),
      'and is not tried again',
    );
    await again.commands.seeRefusedInvite();
    t.equal(again.state.refusedInvite, undefined);
    t.strictSame(
      ada.state.conversations,
      [],
      'the inviter got no answer under a key that the link does not name',
    );
  },
);

t.test(
  'A37: an invite that was answered once vouches for nobody else, though the server shows it again',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const { link: other } = await ada.commands.makeInvite();
    const shown = { path: '', body: '' };
    const bensWire = makeHostileWire();
    bensWire.answer = (request, reply) => {
      if (request.path.startsWith('/v1/invites/'))
        Object.assign(shown, { path: request.path, body: reply.body });
      return reply;
    };
    await using ben = openTestClient({ url: server.url, wire: bensWire });
    await signUp(ben, 'ben', link);
    await hasContact(ada, 'Ben');

    // Eve has got hold of Ben's link; the server says once more that it is good.
    const wire = makeHostileWire();
    wire.answer = (request, reply) =>
      request.path === shown.path ? { ...reply, status: 200, body: shown.body } : reply;
    await using eve = openTestClient({ url: server.url, wire });
    await signUp(eve, 'eve', other.split('#')[0]);
    await eve.commands.followInvite(link);
    const toAda = await openWith(eve, 'ada');
    await eve.commands.sendText(toAda, 'Ben gave me this');
    const state = await ada.waitFor('a request', ({ conversations }) =>
      conversations.some(({ last }) => last?.text === 'Ben gave me this'),
    );
    const request = state.conversations.find(({ last }) => last?.text === 'Ben gave me this');
    t.match(request, { state: 'request', person: { trust: 'unverified' } });
  },
);
