/** What the details of a message say of the way it came: rows A11 and A22 of the hostile server's list. */
import t from 'tap';
import type { MessageDetails } from '@tacet/client/core/view';
import { changeDeliveries, makeHostileWire, type Deliver } from '../support/hostile-wire.ts';
import {
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import type { ConversationId } from '@tacet/client/core/view';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const HOUR_MS = 60 * 60_000;

/** The details of the message with this text in the open conversation. */
async function detailsOf(client: TestClient, id: ConversationId, text: string): Promise<MessageDetails> {
  const line = linesOf(client.state).find((each) => each.text === text);
  if (line === undefined) throw new Error(`no message ${text}`);
  return client.commands.readDetails(id, line.order);
}

t.test(
  'A11: messages of a session that began without a one-time prekey say so on both sides, until the first answer',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const wire = makeHostileWire();
    // The server keeps the one-time keys, and everything that Ada says: no answer has been heard when Ben writes.
    wire.change = (frame) => {
      if (frame.kind === 'deliver') return [];
      if (frame.kind !== 'bundles') return [frame];
      return [{ ...frame, bundles: frame.bundles.map(({ oneTime: _kept, ...bundle }) => bundle) }];
    };
    await using ben = openTestClient({ url: server.url, wire });
    await signUp(ben, 'ben', link);
    const toAda = await openWith(ben, 'ada');
    const toBen = await openWith(ada, 'Ben');
    await ben.commands.sendText(toAda, 'without');
    await ada.waitFor('it', (state) => textsOf(state).includes('without'));
    t.match(await detailsOf(ben, toAda, 'without'), { reduced: true });
    t.match(await detailsOf(ada, toBen, 'without'), { reduced: true, delayed: false });

    wire.change = undefined;
    ben.ports.dropSockets();
    await ben.waitFor('no connection', ({ connection }) => connection.kind !== 'online');
    await ben.commands.connectNow();
    await ada.commands.sendText(toBen, 'the answer');
    await ben.waitFor('the answer', (state) => textsOf(state).includes('the answer'));
    await ben.commands.sendText(toAda, 'with all');
    await ada.waitFor('it', (state) => textsOf(state).includes('with all'));
    t.match(await detailsOf(ada, toBen, 'the answer'), { reduced: false });
    t.match(await detailsOf(ben, toAda, 'with all'), { reduced: false });
    t.match(await detailsOf(ada, toBen, 'with all'), { reduced: false });
    t.match(await detailsOf(ada, toBen, 'without'), { reduced: true }, 'what was sent so stays so');
  },
);

t.test(
  'A22: a message that was held back says so; what waited while the device was away does not',
  async (t) => {
    await using server = await openTestServer();
    let skew = 0;
    const skewMs = (): number => skew;
    await using ada = openTestClient({ url: server.url, skewMs });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const wire = makeHostileWire();
    const ben = openTestClient({ url: server.url, wire, skewMs });
    await signUp(ben, 'ben', link);
    const toBen = await openWith(ada, 'Ben');
    const toAda = await openWith(ben, 'Ada');
    await ada.commands.sendText(toBen, 'hello');
    await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));

    const held: Deliver[] = [];
    wire.change = changeDeliveries((frame) => {
      held.push(frame);
      return [];
    });
    await ada.commands.sendText(toBen, 'held back');
    await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    skew = 3 * HOUR_MS;
    wire.change = changeDeliveries((frame) => [...held.splice(0), frame]);
    await ada.commands.sendText(toBen, 'at once');
    await ben.waitFor('both', (state) =>
      ['held back', 'at once'].every((text) => textsOf(state).includes(text)),
    );
    const sent = linesOf(ada.state).find(({ text }) => text === 'held back')?.sentAt;
    t.match(await detailsOf(ben, toAda, 'held back'), { delayed: true, sentAt: sent, reduced: false });
    t.match(await detailsOf(ben, toAda, 'at once'), { delayed: false });
    wire.change = undefined;
    const { disk } = ben.ports;
    await ben.close();

    await ada.commands.sendText(toBen, 'waited');
    await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    skew = 7 * HOUR_MS;
    await using again = openTestClient({ url: server.url, wire, disk, skewMs });
    await isOnline(again);
    await openWith(again, 'Ada');
    await again.waitFor('waited', (state) => textsOf(state).includes('waited'));
    t.match(await detailsOf(again, toAda, 'waited'), { delayed: false });
  },
);
