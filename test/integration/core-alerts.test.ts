/** What the server is caught at is refused, and the person is told once. Rows A14, A43 and A48 of the hostile server's list. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { signLabelled } from '@tacet/crypto/vault';
import type { HttpReply } from '@tacet/client/core/ports';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import {
  isOnline,
  openTestClient,
  openWith,
  signIn,
  signUp,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

const DAY_MS = 24 * 60 * 60_000;
const RECORD = '/v1/account/record';
const LIST = '/v1/account/directory';
const KEYS = '/v1/keys';

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

/** What the person is told, by kind. */
function toldOf({ state }: TestClient): readonly string[] {
  return state.alerts.map(({ what }) => what);
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

t.test('an older list of the own devices is told of', async (t) => {
  await using server = await openTestServer();
  const [wire, otherWire] = [makeHostileWire(), makeHostileWire()];
  const ada = openTestClient({ url: server.url, wire });
  const { passphrase } = await signUp(ada, 'ada');
  let first: HttpReply | undefined;
  lieAbout(otherWire, LIST, (reply) => (first ??= reply));
  const other = openTestClient({ url: server.url, wire: otherWire });
  t.teardown(() => Promise.all([ada.close(), other.close()]));
  await other.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await signIn(other, 'ada', passphrase);
  await ada.waitFor('the other device', ({ alerts }) => alerts.length > 0);
  t.strictSame(toldOf(ada), ['device-added']);

  lieAbout(wire, LIST, (reply) => first ?? reply);
  wire.change = (frame) => (frame.kind === 'welcome' ? [{ ...frame, listCounter: 1 }] : [frame]);
  await connectAnew(ada);
  await ada.waitFor('the word', ({ alerts }) => alerts.some(({ what }) => what === 'older-state'));
  t.equal(ada.state.devices.length, 2, 'no device has gone');
});

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

/** The own directory entry with a device more, signed by nobody who may. */
function withGhost(reply: HttpReply): HttpReply {
  const entry = JSON.parse(reply.body) as { list: { bytes: string; signature: string } };
  const list = signedDeviceList.parse(new Uint8Array(Buffer.from(entry.list.bytes, 'base64url')));
  const ghost = {
    device: new Uint8Array(randomBytes(16)),
    identityKey: PrivateKey.generate().getPublicKey().serialize(),
    registrationId: 7,
    addedAt: 0,
  };
  const bytes = signedDeviceList.encode({
    ...list,
    counter: list.counter + 1,
    devices: [...list.devices, ghost],
  });
  const signature = signLabelled(PrivateKey.generate(), SIGNED_LABELS.deviceList, bytes);
  entry.list = {
    bytes: Buffer.from(bytes).toString('base64url'),
    signature: Buffer.from(signature).toString('base64url'),
  };
  return { ...reply, body: JSON.stringify(entry) };
}

t.test(
  'A43: a list of the own devices that the account has not signed is told of, and shows no device',
  async (t) => {
    await using server = await openTestServer();
    const wire = makeHostileWire();
    const ada = openTestClient({ url: server.url, wire });
    await signUp(ada, 'ada');
    await isDone(ada);
    t.strictSame(toldOf(ada), []);
    const next = lieAbout(wire, LIST, withGhost);
    wire.change = (frame) => (frame.kind === 'welcome' ? [{ ...frame, listCounter: 9 }] : [frame]);
    await connectAnew(ada);
    await ada.waitFor('the word', ({ alerts }) => alerts.length > 0);
    t.strictSame(toldOf(ada), ['forged-devices']);
    t.equal(ada.state.devices.length, 1, 'no device was added');
    const { disk } = ada.ports;
    await ada.close();

    const again = openTestClient({ url: server.url, wire, disk });
    t.teardown(() => again.close());
    await again.waitFor('the word', ({ alerts }) => alerts.length > 0);
    await isOnline(again);
    await again.commands.seeAlert('forged-devices');
    const answered = next();
    await connectAnew(again);
    await answered;
    await isDone(again);
    t.strictSame(toldOf(again), [], 'once');
  },
);

type HeldJson = Record<
  'oneTime' | 'oneTimeKyber' | 'signed' | 'lastResort',
  { ids: number[]; digest: string }
>;

/**
 * What the person is told once the server says something else of the held keys: `lie` changes its answer, and gets the first one that it
 * gave. `before`: what happens while it is honest.
 */
async function toldAfter(
  t: Test,
  lie: (held: HeldJson, first: HeldJson) => HeldJson,
  before: (ada: TestClient, url: string) => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  await using ada = openTestClient({ url: server.url, wire });
  let first: string | undefined;
  let isLying = false;
  wire.answer = (request, reply) => {
    if (request.path !== KEYS || request.method !== 'GET') return reply;
    first ??= reply.body;
    if (!isLying) return reply;
    const held = lie(JSON.parse(reply.body) as HeldJson, JSON.parse(first) as HeldJson);
    return { ...reply, body: JSON.stringify(held) };
  };
  await signUp(ada, 'ada');
  await isDone(ada);
  await before(ada, server.url);
  await connectAnew(ada);
  await isDone(ada);
  t.strictSame(toldOf(ada), [], 'an honest server is caught at nothing');
  isLying = true;
  await connectAnew(ada);
  await ada.waitFor('the word', ({ alerts }) => alerts.length > 0);
  return toldOf(ada);
}

t.test('A14: another prekey under an id that this device gave to one of its own is told of', async (t) => {
  const digest = Buffer.from(randomBytes(32)).toString('base64url');
  const told = await toldAfter(t, (held) => ({ ...held, oneTime: { ...held.oneTime, digest } }));
  t.strictSame(told, ['foreign-keys']);
});

t.test('A14: a prekey that the server gave away and still holds is told of', async (t) => {
  const told = await toldAfter(
    t,
    (_held, first) => first,
    async (ada, url) => {
      const { link } = await ada.commands.makeInvite();
      await using ben = openTestClient({ url });
      await signUp(ben, 'ben', link);
      await openWith(ada, 'Ben');
    },
  );
  t.strictSame(told, ['foreign-keys']);
});
