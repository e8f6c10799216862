/** Somebody lists another person's device, by its name, under an identity key of his own: what he begins takes nobody's session away. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import { idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { makeImpostor } from '../support/impostor.ts';
import { accountOf, eventsOf, linesOf, textsOf, type TestClient } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';

t.setTimeout(300_000);

function deviceOf(client: TestClient): DeviceId {
  const { session } = client.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  return session.me.device;
}

t.test(
  'a first message under the name of a contact’s device leaves that device’s session alone',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, link, toAda, toBen } = await makeSpokenPair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));

    const stranger = idOf<AccountId>(randomBytes(16));
    const mallory = await makeImpostor(server.url, link, accountOf(ada), stranger, deviceOf(ben));
    t.teardown(() => mallory.stop());
    await mallory.say((honest) => honest);
    await ada.waitFor('a request', ({ conversations }) =>
      conversations.some(({ id, last }) => id === stranger && last?.text === 'it is me'),
    );

    await ada.commands.sendText(toBen, 'to Ben');
    await ben.waitFor('to Ben', (state) => textsOf(state).includes('to Ben'));
    await ben.commands.sendText(toAda, 'from Ben');
    await ada.waitFor('from Ben', (state) => textsOf(state).includes('from Ben'));
    await ada.waitFor('delivered', (state) => linesOf(state)[2]?.delivery.kind === 'delivered');
    for (const client of [ada, ben]) {
      t.notOk(eventsOf(client.state).some((what) => what === 'unreadable' || what === 'key-changed'));
      t.strictSame(client.client.background.failures, []);
    }

    // Both sessions go on, each under its own key.
    await mallory.say((honest) => ({ ...honest, id: randomBytes(16), body: encodeCbor({ text: 'again' }) }));
    await ada.waitFor('the second', ({ conversations }) =>
      conversations.some(({ id, last }) => id === stranger && last?.text === 'again'),
    );
    await ada.commands.sendText(toBen, 'to Ben still');
    await ben.waitFor('to Ben still', (state) => textsOf(state).includes('to Ben still'));
  },
);
