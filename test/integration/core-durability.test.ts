/** Nothing is lost and nothing shown twice: closed clients, lost networks, restarted servers. Power that goes: crash-points.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  hasContact,
  isOnline,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { Power } from '../support/power.ts';
import { findLastingPort } from '../support/lasting-port.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(600_000);

/** Opens a client again on the disk of one that is gone. */
async function reopen(client: TestClient, power = new Power()): Promise<TestClient> {
  const again = openTestClient({ url: client.ports.origin, disk: client.ports.disk, power });
  await isOnline(again);
  return again;
}

t.test('messages wait for a closed client and come once it is opened again', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => ada.close());
  const toBen = await openWith(ada, 'Ben');
  await hasContact(ben, 'Ada');
  await ben.close();
  for (const text of ['one', 'two', 'three']) await ada.commands.sendText(toBen, text);
  await ada.waitFor('sent', (state) => linesOf(state).every(({ delivery }) => delivery.kind === 'sent'));
  const again = await reopen(ben);
  t.teardown(() => again.close());
  await openWith(again, 'Ada');
  await again.waitFor('all three', (state) => textsOf(state).length === 3);
  t.strictSame(textsOf(again.state), ['one', 'two', 'three']);
  await ada.waitFor('delivered', (state) =>
    linesOf(state).every(({ delivery }) => delivery.kind === 'delivered'),
  );
});

t.test(
  'a text to somebody in touch is stored, encrypted and ready to leave in one transaction',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    const { power } = ada.ports;
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const toBen = await openWith(ada, 'Ben');
    await hasContact(ben, 'Ada');
    await ada.commands.sendText(toBen, 'one');
    await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
    const steps = (): number =>
      [...power.taken].reduce((sum, [kind, count]) => sum + (kind === 'timer' ? 0 : count), 0);
    const before = steps();
    await ada.commands.sendText(toBen, 'two');
    await ada.waitFor('sent', (state) => linesOf(state)[1]?.delivery.kind !== 'sending');
    // Stored, sent, noted as sent. Encrypted on its own it would take a reading and a transaction more.
    t.ok(steps() - before <= 8, `${steps() - before} steps`);
    await ada.waitFor('delivered too', (state) => linesOf(state)[1]?.delivery.kind === 'delivered');
  },
);

t.test('what is written offline leaves when the network is back, in order', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toBen = await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  ada.ports.setNetwork(false);
  await ada.waitFor('offline', ({ connection }) => connection.kind === 'offline');
  for (const text of ['first', 'second']) await ada.commands.sendText(toBen, text);
  t.ok(linesOf(ada.state).every(({ delivery }) => delivery.kind === 'sending'));
  ada.ports.setNetwork(true);
  await ben.waitFor('both', (state) => textsOf(state).length === 2);
  t.strictSame(textsOf(ben.state), ['first', 'second']);
});

t.test('clients come back by themselves after the server was restarted', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tacet-restart-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const settings = { TACET_PORT: await findLastingPort() };
  const first = await openTestServer({ dataDir, settings });
  const { ada, ben } = await makePair(first.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toBen = await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  await first.close();
  await ada.waitFor('no connection', ({ connection }) => connection.kind !== 'online');
  await ada.commands.sendText(toBen, 'while it was away');
  await using _second = await openTestServer({ dataDir, settings });
  await ben.waitFor('it arrives', (state) => textsOf(state).includes('while it was away'));
  await ada.waitFor('sent', (state) => linesOf(state)[0]?.delivery.kind !== 'sending');
  t.equal(textsOf(ben.state).length, 1);
});

t.test('answers that are lost make nobody see a message twice', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toBen = await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  for (let i = 0; i < 12; i += 1) {
    const sent = ada.commands.sendText(toBen, `message ${i}`);
    if (i % 3 === 0) ada.ports.dropSockets();
    if (i % 3 === 1) ben.ports.dropSockets();
    await sent;
    await ada.commands.connectNow();
    await ben.commands.connectNow();
  }
  const expected = Array.from({ length: 12 }, (_, i) => `message ${i}`);
  await ben.waitFor('all twelve', (state) => textsOf(state).length >= 12);
  t.strictSame(textsOf(ben.state), expected);
  await ada.waitFor('all delivered', (state) =>
    linesOf(state).every(({ delivery }) => delivery.kind === 'delivered'),
  );
  t.strictSame(textsOf(ben.state), expected);
});
