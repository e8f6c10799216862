/** What the server is caught at is refused, and the person is told once. Row A48 of the hostile server's list. */
import t from 'tap';
import type { HttpReply } from '@tacet/client/core/ports';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import { isOnline, openTestClient, signUp, type TestClient } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

const DAY_MS = 24 * 60 * 60_000;
const RECORD = '/v1/account/record';

t.setTimeout(300_000);

/** Connects anew: the server's welcome says what it has. */
async function connectAnew(client: TestClient): Promise<void> {
  client.ports.dropSockets();
  await client.waitFor('no connection', ({ connection }) => connection.kind !== 'online');
  await client.commands.connectNow();
  await isOnline(client);
}

/** Has the server answer the next readings of a path with something else. Gives what resolves with each of them. */
function lieAbout(
  wire: HostileWire,
  path: string,
  lie: (reply: HttpReply) => HttpReply,
): () => Promise<void> {
  let heard: () => void = () => undefined;
  wire.answer = (request, reply) => {
    if (request.path !== path || request.method !== 'GET') return reply;
    heard();
    return lie(reply);
  };
  return () => new Promise((resolve) => (heard = resolve));
}

/** Everything that followed from an answer has been done. */
async function isDone({ client }: TestClient): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds += 1) await client.background.settled();
}

/** Signs up, and changes the record once, so that there is an older one. */
async function signUpAndRename(ada: TestClient, wire: HostileWire): Promise<void> {
  await signUp(ada, 'ada');
  const uploaded = new Promise<void>((resolve) => {
    wire.answer = (request, reply) => {
      if (request.path === RECORD && request.method === 'PUT') resolve();
      return reply;
    };
  });
  await ada.commands.setName('Countess');
  await uploaded;
  await isDone(ada);
}

function olderRecord(reply: HttpReply): HttpReply {
  const document = JSON.parse(reply.body) as { readonly version: number };
  return { ...reply, body: JSON.stringify({ ...document, version: document.version - 1 }) };
}

t.test(
  'an older record is told of once, also over a restart, and again a week after it was seen',
  async (t) => {
    await using server = await openTestServer();
    const wire = makeHostileWire();
    let skew = 0;
    const ada = openTestClient({ url: server.url, wire, skewMs: () => skew });
    await signUpAndRename(ada, wire);
    t.strictSame(ada.state.alerts, []);

    const next = lieAbout(wire, RECORD, olderRecord);
    wire.change = (frame) =>
      frame.kind === 'welcome' ? [{ ...frame, recordVersion: frame.recordVersion - 1 }] : [frame];
    await connectAnew(ada);
    await ada.waitFor('the word', ({ alerts }) => alerts.some(({ what }) => what === 'older-state'));
    t.ok(
      ada.client.background.failures.some(({ error }) => String(error).includes('an older account record')),
    );
    t.match(ada.state.session, { me: { name: 'Countess' } }, 'nothing was taken over');
    const { disk } = ada.ports;
    await ada.close();

    const again = openTestClient({ url: server.url, wire, disk, skewMs: () => skew });
    t.teardown(() => again.close());
    await again.waitFor('the word', ({ alerts }) => alerts.some(({ what }) => what === 'older-state'));
    await isOnline(again);
    await again.commands.seeAlert('older-state');
    await again.waitFor('seen', ({ alerts }) => alerts.length === 0);
    const answered = next();
    await connectAnew(again);
    await answered;
    await isDone(again);
    t.strictSame(again.state.alerts, [], 'once');

    skew = 8 * DAY_MS;
    await connectAnew(again);
    await again.waitFor('the word', ({ alerts }) => alerts.some(({ what }) => what === 'older-state'));
  },
);

t.test('an answer that makes no sense is no older state', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url, wire });
  t.teardown(() => ada.close());
  await signUpAndRename(ada, wire);
  const next = lieAbout(wire, RECORD, (reply) => ({ ...reply, body: '<h1>Welcome to the hotel</h1>' }));
  wire.change = (frame) =>
    frame.kind === 'welcome' ? [{ ...frame, recordVersion: frame.recordVersion + 1 }] : [frame];
  const answered = next();
  await connectAnew(ada);
  await answered;
  await isDone(ada);
  t.ok(ada.client.background.failures.some(({ error }) => String(error).includes('breaks its schema')));
  t.strictSame(ada.state.alerts, []);
});
