/** Whether the passphrase is still at hand, asked after growing times; and the word of a change of it on another own device. */
import t from 'tap';
import {
  makePair,
  openTestClient,
  reconnect,
  signIn,
  signUp,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

const DAY_MS = 24 * 60 * 60_000;

t.setTimeout(120_000);

/** Connects anew, which makes the client look at its clock, and gives whether it asks. */
async function asks(client: TestClient): Promise<boolean> {
  await reconnect(client);
  return client.state.passphrase.asked;
}

t.test('it is asked for after growing times, and after short ones again once it was wrong', async (t) => {
  await using server = await openTestServer();
  let skew = 0;
  const ada = openTestClient({ url: server.url, skewMs: () => skew });
  const { passphrase } = await signUp(ada, 'ada');
  t.teardown(() => ada.close());
  t.equal(ada.state.passphrase.asked, false, 'not on the day of the sign-up');

  for (const days of [1, 3, 7]) {
    skew += days * DAY_MS - 60_000;
    t.equal(await asks(ada), false, `not before ${days} days`);
    skew += 120_000;
    t.equal(await asks(ada), true, `after ${days} days`);
    await ada.commands.checkPassphrase(passphrase);
    await ada.waitFor('the question gone', (state) => !state.passphrase.asked);
  }

  skew += 14 * DAY_MS + 60_000;
  t.equal(await asks(ada), true);
  await t.rejects(ada.commands.checkPassphrase(`${passphrase}s`), { code: 'passphrase-wrong' });
  t.equal(ada.state.passphrase.asked, true, 'a wrong one is no answer');
  await ada.commands.checkPassphrase(passphrase);
  skew += 3 * DAY_MS + 60_000;
  t.equal(await asks(ada), true, 'soon again after a wrong one');

  await ada.commands.postponePassphrase();
  await ada.waitFor('put off', (state) => !state.passphrase.asked);
  skew += 3 * DAY_MS + 60_000;
  t.equal(await asks(ada), true, 'put off by as much');
  t.strictSame(ada.client.background.failures, []);
});

t.test(
  'what was asked stays asked over a restart; a clock that was set back does not silence it',
  async (t) => {
    await using server = await openTestServer();
    let skew = 0;
    const ada = openTestClient({ url: server.url, skewMs: () => skew });
    await signUp(ada, 'ada');
    skew = 2 * DAY_MS;
    t.equal(await asks(ada), true);
    const { disk } = ada.ports;
    await ada.close();
    const again = openTestClient({ url: server.url, disk, skewMs: () => skew });
    await again.waitFor('the question', (state) => state.passphrase.asked);
    await again.commands.postponePassphrase();
    await again.waitFor('put off', (state) => !state.passphrase.asked);
    await again.close();
    skew = -60 * DAY_MS;
    const back = openTestClient({ url: server.url, disk, skewMs: () => skew });
    t.teardown(() => back.close());
    await back.waitFor('the question', (state) => state.passphrase.asked);
  },
);

t.test('using it for something else counts as an answer', async (t) => {
  await using server = await openTestServer();
  let skew = 0;
  const ada = openTestClient({ url: server.url, skewMs: () => skew });
  const { passphrase } = await signUp(ada, 'ada');
  t.teardown(() => ada.close());
  skew = DAY_MS + 60_000;
  t.equal(await asks(ada), true);
  await ada.commands.changePassphrase({
    current: passphrase,
    next: await ada.commands.suggestPassphrase(),
  });
  await ada.waitFor('the question gone', (state) => !state.passphrase.asked);
  t.equal(ada.state.passphrase.changed, undefined, 'who changed it is not told of it');
});

t.test('the other own devices are told of a change, by name, until it was seen there', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const other = openTestClient({ url: server.url });
  await signIn(other, 'ada', adasPassphrase);
  const away = openTestClient({ url: server.url });
  await signIn(away, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), other.close()]));
  const { disk } = away.ports;
  await away.close();
  const here = ada.state.devices.find(({ isThis }) => isThis)?.device;
  if (here === undefined) throw new Error('no device');
  await ada.commands.renameDevice(here, 'Kitchen');
  await other.waitFor('its name', ({ devices }) => devices.some(({ name }) => name === 'Kitchen'));

  const next = await ada.commands.suggestPassphrase();
  await ada.commands.changePassphrase({ current: adasPassphrase, next });
  const told = await other.waitFor('the word', ({ passphrase }) => passphrase.changed !== undefined);
  t.equal(told.passphrase.changed?.deviceName, 'Kitchen');
  t.ok(Math.abs((told.passphrase.changed?.at ?? 0) - Date.now()) < 60_000);
  t.equal(ada.state.passphrase.changed, undefined);
  t.equal(ben.state.passphrase.changed, undefined);
  await other.commands.checkPassphrase(next);
  t.not(other.state.passphrase.changed, undefined, 'until it was seen');
  await other.commands.seePassphraseChange();
  await other.waitFor('seen', ({ passphrase }) => passphrase.changed === undefined);

  const later = openTestClient({ url: server.url, disk });
  t.teardown(() => later.close());
  await later.waitFor(
    'the word after its return, with the name',
    ({ passphrase }) => passphrase.changed?.deviceName === 'Kitchen',
  );
  for (const client of [ada, ben, other, later]) t.strictSame(client.client.background.failures, []);
});
