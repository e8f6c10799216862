/** A device's keys over weeks: it states them anew, others stop writing to one that has gone silent, and no server makes it spend itself. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { signedStatement } from '@tacet/protocol/signed/statement';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import {
  isDeliveredTo,
  eventsOf,
  isOnline,
  openTestClient,
  openWith,
  reconnect,
  reconnectAndSettle,
  signIn,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const DAY = 24 * 60 * 60_000;
type Bundle = Extract<ServerFrame, { readonly kind: 'bundles' }>['bundles'][number];

function deviceOf(client: TestClient): DeviceId {
  const { session } = client.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  return session.me.device;
}

/** The bundles that a client was shown, newest last, by device. */
function bundlesSeen(wire: HostileWire): Map<DeviceId, Bundle[]> {
  const seen = new Map<DeviceId, Bundle[]>();
  wire.change = (frame) => {
    if (frame.kind === 'bundles') {
      for (const bundle of frame.bundles) {
        const device = idOf<DeviceId>(bundle.device);
        seen.set(device, [...(seen.get(device) ?? []), bundle]);
      }
    }
    return [frame];
  };
  return seen;
}

/** Whether the newest message that a client sent has an envelope for a device; `undefined`: the device is not in it. */
function wroteTo({ said }: HostileWire, device: DeviceId): boolean | undefined {
  const sent = said.findLast(({ kind }) => kind === 'send') as
    { readonly to: readonly { readonly device: Uint8Array; readonly envelope?: unknown }[] } | undefined;
  const part = sent?.to.find((each) => idOf<DeviceId>(each.device) === device);
  return part === undefined ? undefined : part.envelope !== undefined;
}

t.test(
  'a device states its keys anew, and one that has said nothing for a month is not written to until it does',
  async (t) => {
    await using server = await openTestServer();
    let days = 0;
    const skewMs = (): number => days * DAY;
    await using ada = openTestClient({ url: server.url, skewMs });
    const { passphrase } = await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    await using tablet = openTestClient({ url: server.url, skewMs });
    await signIn(tablet, 'ada', passphrase);
    await reconnectAndSettle(ada);
    const wire = makeHostileWire();
    const seen = bundlesSeen(wire);
    await using ben = openTestClient({ url: server.url, wire, skewMs });
    await signUp(ben, 'ben', link);
    const toAda = await openWith(ben, 'Ada');
    await openWith(ada, 'Ben');
    await openWith(tablet, 'Ben');
    await ben.commands.sendText(toAda, 'to both');
    for (const client of [ada, tablet]) {
      await client.waitFor('the text', (state) => textsOf(state).includes('to both'));
    }
    // Whose receipt came a month later would be in touch again.
    await isDeliveredTo(ben, toAda, 2);
    const [adas, tablets] = [deviceOf(ada), deviceOf(tablet)];
    t.equal(wroteTo(wire, tablets), true);
    const before = seen.get(tablets)!;
    await tablet.close();

    days = 31;
    await reconnectAndSettle(ada);
    await reconnectAndSettle(ben);
    // The server would keep the silent device in the conversation: it shows the bundle of a month ago.
    await ben.commands.sendText(toAda, 'a month later');
    await ada.waitFor('the text', (state) => textsOf(state).includes('a month later'));
    t.equal(wroteTo(wire, adas), true);
    t.equal(wroteTo(wire, tablets), false, 'the silent device is skipped');
    const asked = seen.get(tablets)!;
    t.ok(asked.length > before.length, 'it was asked for');
    t.strictSame(
      asked.at(-1)!.statement,
      before.at(-1)!.statement,
      'and the server had nothing newer to show',
    );
    const [first, last] = [seen.get(adas)!.at(0)!, seen.get(adas)!.at(-1)!];
    t.ok(
      signedStatement.parse(last.statement.bytes).statedAt -
        signedStatement.parse(first.statement.bytes).statedAt >=
        30 * DAY,
      'the other one has stated its keys anew',
    );
    t.not(last.signed.id, first.signed.id, 'which are new ones');

    days = 33;
    await using back = openTestClient({ url: server.url, disk: tablet.ports.disk, skewMs });
    await isOnline(back);
    await back.client.background.settled();
    await ben.commands.sendText(toAda, 'welcome back');
    await openWith(back, 'Ben');
    await back.waitFor('the text', (state) => textsOf(state).includes('welcome back'));
    t.equal(wroteTo(wire, tablets), true);
  },
);

t.test('what was begun with the keys of an absent device opens after as long as it could wait', async (t) => {
  await using server = await openTestServer();
  let days = 0;
  const skewMs = (): number => days * DAY;
  await using ada = openTestClient({ url: server.url, skewMs });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  await using ben = openTestClient({ url: server.url, skewMs });
  const { passphrase } = await signUp(ben, 'ben', link);
  await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  await Promise.all([ada.client.background.settled(), ben.client.background.settled()]);
  await ada.close();
  await ben.close();

  // On the last day on which her statement is believed, another device of his begins a session with the keys that it names.
  days = 29;
  await using late = openTestClient({ url: server.url, skewMs });
  await signIn(late, 'ben', passphrase);
  const toAda = await late.commands.startConversation('ada');
  await late.commands.sendText(toAda, 'on the last day');
  await late.client.background.settled();

  // It waits as long as it may, and comes only after she has looked after her keys.
  days = 29 + LIMITS.queueAgeMs / DAY;
  const wire = makeHostileWire();
  wire.change = (frame) => (frame.kind === 'deliver' ? [] : [frame]);
  await using back = openTestClient({ url: server.url, disk: ada.ports.disk, skewMs, wire });
  const opened = openWith(back, 'Ben');
  await isOnline(back);
  await back.client.background.settled();
  await opened;
  wire.change = (frame) => [frame];
  await reconnect(back);
  const seen = await back.waitFor('the text', (state) => textsOf(state).includes('on the last day'));
  t.notOk(eventsOf(seen).includes('unreadable'), 'it opened, and was not asked for again');
});

t.test('a server that calls keys low or wrong without end gets a bounded number of new ones', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  let uploads = 0;
  let signed = 0;
  wire.answer = (request, reply) => {
    if (request.path !== '/v1/keys') return reply;
    if (request.method === 'PUT') {
      uploads += 1;
      if ('signed' in (JSON.parse(request.body ?? '{}') as object)) signed += 1;
      return reply;
    }
    const held = JSON.parse(reply.body) as Record<string, { ids: number[]; digest: string }>;
    held['oneTime'] = { ids: [], digest: Buffer.from(randomBytes(32)).toString('base64url') };
    return { ...reply, body: JSON.stringify(held) };
  };
  await using ada = openTestClient({ url: server.url, wire });
  await signUp(ada, 'ada');
  for (let i = 0; i < 16; i += 1) await reconnectAndSettle(ada);
  t.ok(signed >= 1 && signed <= 4, `signed keys were made ${signed} times`);
  t.ok(uploads <= 10, `${uploads} uploads`);
  const made = ada.ports.disk.databases.get('tacet')!.get('prekeys')!.size;
  t.ok(made <= 10 * 2 * LIMITS.prekeyBatch + 10, `${made} secrets are kept`);
});
