/** Details of a message on the real server: each device of the other person is named with what it has told. */
import t from 'tap';
import {
  isDeliveredTo,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  isOnline,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(120_000);

t.test('each device that has a message is listed with its times, one that has not with none', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const second = openTestClient({ url: server.url });
  t.teardown(() => second.close());
  await second.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await second.commands.signIn({ username: 'ada', passphrase: adasPassphrase });
  await isOnline(second);
  const toAda = await openWith(ben, 'Ada');
  // The first message tells ben of the second device, so that the next one goes to both.
  await ben.commands.sendText(toAda, 'for one');
  await openWith(second, 'Ben');
  await ben.commands.sendText(toAda, 'for both');
  await second.waitFor('the message', (state) => linesOf(state).some(({ text }) => text === 'for both'));
  await ben.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  const order = linesOf(ben.state).at(-1)?.order ?? 0;
  await isDeliveredTo(ben, toAda, 2);
  const { devices, sentAt } = await ben.commands.readDetails(toAda, order);
  t.equal(devices.length, 2);
  t.ok(devices.every(({ deliveredAt }) => deliveredAt !== undefined && deliveredAt >= sentAt - 1));
  t.ok(devices.every(({ readAt }) => readAt === undefined));
});

t.test('a message of the other side has its times and no devices; an unknown one is refused', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toAda = await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  await ada.commands.sendText(toBen, 'hello');
  await ben.waitFor('the message', (state) => linesOf(state).some(({ text }) => text === 'hello'));
  const line = linesOf(ben.state).at(-1);
  const details = await ben.commands.readDetails(toAda, line?.order ?? 0);
  t.strictSame(details, {
    sentAt: line?.sentAt,
    receivedAt: line?.receivedAt,
    devices: [],
    reduced: false,
    delayed: false,
  });
  await t.rejects(ben.commands.readDetails(toAda, 999));
});
