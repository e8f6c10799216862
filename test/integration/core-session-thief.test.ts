/** Somebody lists another person's device, by its name, under an identity key of his own: what he begins takes nobody's session away. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import { idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { makeImpostor } from '../support/impostor.ts';
import {
  accountOf,
  eventsOf,
  linesOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

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
    const ada = openTestClient({ url: server.url });
    t.teardown(() => ada.close());
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const ben = openTestClient({ url: server.url });
    t.teardown(() => ben.close());
    await signUp(ben, 'ben', link);
    const toAda = await openWith(ben, 'Ada');
    const toBen = await openWith(ada, 'Ben');
    await ada.commands.sendText(toBen, 'hello');
    await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
    await ben.commands.sendText(toAda, 'hi');
    await ada.waitFor('hi', (state) => textsOf(state).includes('hi'));

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
