/** What a fault of the storage or a lying answer may not do to the own account: lose its keys, lock its person out, or pass unseen. */
import t from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import { hashRecordKey, keyFrom, type RecordKey } from '@tacet/crypto/vault';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { isOnline, makePair, openTestClient, openWith, signIn, signUp } from '../support/make-client.ts';
import { openNodePorts, type Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const WORDS = 'violet tractor omelette canyon';

t.test('a device that signed in keeps the record key that its list names', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  const { passphrase } = await signUp(ada, 'ada');
  await ada.close();
  await using next = openTestClient({ url: server.url });
  await signIn(next, 'ada', passphrase);
  await next.commands.setName('Ada from here');
  await next.close();
  const ports = openNodePorts({ url: server.url, disk: next.ports.disk });
  const found = await openLocalDatabase(ports, () => undefined);
  if (found.kind !== 'device') return t.fail('no device');
  const list = signedDeviceList.parse(new Uint8Array(found.own.list.bytes));
  t.strictSame(hashRecordKey(keyFrom<RecordKey>(found.own.recordKey)), new Uint8Array(list.recordKeyHash));
  found.db.close();

  await using third = openTestClient({ url: server.url });
  await signIn(third, 'ada', passphrase);
  t.match(third.state.session, { me: { name: 'Ada from here' } }, 'what it changed is in the record');
  return undefined;
});

t.test('a device without its own row beside other data is damage, never a free place', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  await ada.close();
  const { disk } = ada.ports;
  const stores = disk.databases.get('tacet')!;
  stores.set('device', new Map());
  await using again = openTestClient({ url: server.url, disk });
  const { session } = await again.waitFor('broken', (state) => state.session.kind === 'broken');
  t.match(session, { failure: { code: 'storage-damaged' } });
  t.ok(stores.get('prekeys')!.size > 0, 'nothing was destroyed');
});

t.test('a new device that cannot start is broken, and no second sign-up takes its place', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  const { passphrase } = await signUp(ada, 'ada');
  const wire = makeHostileWire();
  await using next = openTestClient({ url: server.url, wire });
  await next.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  wire.answer = (request, reply) => {
    // The storage goes at the moment at which the device is on the list.
    if (request.path === '/v1/account/devices') damageRecord(next.ports.disk);
    return reply;
  };
  await t.rejects(next.commands.signIn({ username: 'ada', passphrase }), { code: 'storage-damaged' });
  t.match(next.state.session, { kind: 'broken', failure: { code: 'storage-damaged' } });
  await t.rejects(next.commands.signIn({ username: 'ada', passphrase }), { code: 'cancelled' });
  t.ok(next.ports.disk.databases.has('tacet'), 'what it holds stays until its person wipes it');
});

/** Flips the stored account record. */
function damageRecord(disk: Disk): void {
  const device = new Map(disk.databases.get('tacet')!.get('device'));
  for (const [text, row] of device) {
    if (row.key === 'record') device.set(text, { ...row, value: new Uint8Array(64) });
  }
  disk.databases.get('tacet')!.set('device', device);
}

t.test('whoever signs in anew after a removal is not behind the lock of before', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  const { passphrase } = await signUp(ada, 'ada');
  await using other = openTestClient({ url: server.url });
  await signIn(other, 'ada', passphrase);
  await other.commands.setLock({ passphrase: WORDS, afterMs: 60_000 });
  const { devices } = await ada.waitFor('two devices', (state) => state.devices.length === 2);
  const gone = devices.find(({ isThis }) => !isThis)!;
  await ada.commands.removeDevice(gone.device, passphrase);
  await other.waitFor('the end', ({ session }) => session.kind === 'ended');
  await t.rejects(other.commands.signIn({ username: 'ada', passphrase }), { code: 'cancelled' });
  await other.commands.wipe();
  await other.commands.signIn({ username: 'ada', passphrase });
  await isOnline(other);
  t.equal(other.state.lock, undefined);
  await other.commands.lock();
  t.equal(other.state.session.kind, 'signed-in', 'there is no lock to go behind');
});

t.test('what the system shows of messages is taken back when the app is locked', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ada.commands.setNotices('full');
  await ada.commands.setLock({ passphrase: WORDS, afterMs: undefined });
  const toAda = await openWith(ben, 'Ada');
  await ben.commands.sendText(toAda, 'for nobody who passes by');
  await ada.waitFor('the message', ({ unreadTotal }) => unreadTotal === 1);
  await ada.commands.lock();
  t.equal(ada.state.unreadTotal, 0);
  const last = ada.ports.shownNotices.at(-1);
  t.ok(last !== undefined && 'withdrawn' in last, 'the last word is to take it back');
});

t.test(
  'work with a passphrase is announced before it begins, so that no tab takes its owner for dead',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    await ada.commands.setLock({ passphrase: WORDS, afterMs: undefined });
    await ada.commands.lock();
    const seen: string[] = [];
    const view = ada.client.attach((slices) => {
      if ('progress' in slices) seen.push(slices.progress?.kind ?? 'none');
      if (slices.session !== undefined) seen.push(slices.session.kind);
    });
    t.teardown(() => view.close());
    seen.length = 0;
    await ada.commands.unlock(WORDS);
    t.strictSame(seen, ['stretching', 'signed-in', 'none']);
  },
);
