import { randomBytes } from 'node:crypto';
import { test } from 'tap';
import { idBytes, type DeviceId } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { run } from '../../server/store/transaction.ts';
import { openGateway, sendFrame, type TestGateway } from '../support/open-gateway.ts';
import { makeId, type StoredAccount } from '../support/open-store.ts';
import { openAnonymous, type SocketClient } from '../support/socket-client.ts';

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

async function signIn(gateway: TestGateway, account: StoredAccount, at = 0): Promise<SocketClient> {
  const device = account.devices[at] ?? makeId<DeviceId>();
  const client = await gateway.connect(account.account, device);
  await client.takeUntil('drained');
  return client;
}

test('what is sent while the recipient is connected arrives at each device, and nothing after its acknowledgement', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const devices = [await signIn(gateway, bob, 0), await signIn(gateway, bob, 1)];
  const sender = await openAnonymous(gateway.origin);
  const frame = sendFrame(bob, 7, randomBytes(500));
  sender.send(frame);
  t.equal((await sender.take('sent')).re, 7);
  for (const [i, device] of devices.entries()) {
    const delivered = await device.take('deliver');
    t.ok(same(delivered.id, frame.to[i]?.envelope.id));
    t.ok(same(delivered.body, frame.to[i]?.envelope.body));
    device.acknowledge(delivered.id);
    await device.barrier();
    await device.close();
  }
  const again = await gateway.connect(bob.account, bob.devices[0] ?? makeId<DeviceId>());
  t.equal((await again.take('welcome')).queued, 0);
  t.equal((await again.next()).kind, 'drained');
});

test('what is sent while the recipient is away waits, in order, until it is acknowledged', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  const frames = Array.from({ length: 300 }, (_, re) => sendFrame(bob, re, randomBytes(20)));
  for (const frame of frames) sender.send(frame);
  for (const frame of frames) t.equal((await sender.take('sent')).re, frame.re);
  const device = bob.devices[0] ?? makeId<DeviceId>();

  const first = await gateway.connect(bob.account, device);
  t.equal((await first.take('welcome')).queued, 300);
  const seen: Uint8Array[] = [];
  while (seen.length < LIMITS.deliveryWindow) seen.push((await first.take('deliver')).id);
  t.ok((await first.barrier()).length === 0, 'no more than the window leaves before an acknowledgement');
  first.acknowledge(...seen.slice(0, 10));
  await first.barrier();
  await first.close();

  const second = await gateway.connect(bob.account, device);
  t.equal((await second.take('welcome')).queued, 290);
  const rest: Uint8Array[] = [];
  for (;;) {
    const next = await second.next();
    if (next.kind === 'drained') break;
    if (next.kind !== 'deliver') throw new Error(next.kind);
    rest.push(next.id);
    second.acknowledge(next.id);
  }
  t.equal(rest.length, 290);
  t.ok(rest.every((id, i) => same(id, frames[i + 10]?.to[0]?.envelope.id)));
});

test('sends that arrive during the back-fill follow it, each once and in order', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  for (let re = 0; re < 200; re++) sender.send(sendFrame(bob, re, Buffer.from(String(re))));
  for (let re = 0; re < 200; re++) await sender.take('sent');
  const device = await gateway.connect(bob.account, bob.devices[0] ?? makeId<DeviceId>());
  for (let re = 200; re < 400; re++) sender.send(sendFrame(bob, re, Buffer.from(String(re))));
  const bodies: string[] = [];
  while (bodies.length < 400) {
    const frame = await device.next();
    if (frame.kind !== 'deliver') continue;
    bodies.push(Buffer.from(frame.body).toString());
    device.acknowledge(frame.id);
  }
  t.same(
    bodies,
    Array.from({ length: 400 }, (_, i) => String(i)),
  );
});

test('a repeated send is acknowledged again and delivered once', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  const frame = sendFrame(bob, 1, randomBytes(10));
  sender.send(frame);
  await sender.take('sent');
  sender.send({ ...frame, re: 2 });
  t.equal((await sender.take('sent')).re, 2);
  const device = await gateway.connect(bob.account, bob.devices[0] ?? makeId<DeviceId>());
  const { before } = await device.takeUntil('drained');
  t.equal(before.filter((one) => one.kind === 'deliver').length, 1);
});

test('a send for another list is answered with the directory entry and queues nothing', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const sender = await openAnonymous(gateway.origin);
  const good = sendFrame(bob, 1, randomBytes(10));
  const [first, second] = good.to;
  t.ok(first !== undefined && second !== undefined);
  if (first === undefined || second === undefined) return;
  const wrong = [
    { ...good, listHash: randomBytes(32) },
    { ...good, to: [first] },
    { ...good, to: [first, first] },
    { ...good, to: [first, second, { ...second, device: randomBytes(16) }] },
    { ...good, to: [first, { ...second, device: randomBytes(16) }] },
  ];
  for (const frame of wrong) {
    sender.send(frame);
    const { directory } = await sender.take('mismatch');
    t.ok(same(directory.account, idBytes(bob.account)));
    t.equal(directory.departures.length, 0);
  }
  for (const device of bob.devices) t.same(await gateway.envelopes.page(device, 0, 10, 1e6), []);
});

test('a device that is named but skipped gets nothing, the others do', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const sender = await openAnonymous(gateway.origin);
  const frame = sendFrame(bob, 1, randomBytes(10));
  const [first, second] = frame.to;
  sender.send({ ...frame, to: [first, { device: second?.device }] });
  await sender.take('sent');
  const [one = makeId<DeviceId>(), two = makeId<DeviceId>()] = bob.devices;
  t.equal((await gateway.envelopes.page(one, 0, 10, 1e6)).length, 1);
  t.equal((await gateway.envelopes.page(two, 0, 10, 1e6)).length, 0);
});

test('an envelope for a departed device is answered with its departure; a skip is accepted', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const [stays = makeId<DeviceId>(), leaves = makeId<DeviceId>()] = bob.devices;
  const sender = await openAnonymous(gateway.origin);
  const frame = sendFrame(bob, 1, randomBytes(10));
  sender.send(frame);
  await sender.take('sent');
  const { build } = gateway.engine;
  await gateway.engine.write(function* () {
    yield* run(build.deleteFrom('devices').where('id', '=', idBytes(leaves)));
    yield* run(
      build.insertInto('departures').values({
        device: idBytes(leaves),
        account: idBytes(bob.account),
        notice: randomBytes(40),
        signature: randomBytes(64),
      }),
    );
  });
  // As seen between commit and event: the store itself finds the device gone.
  sender.send(sendFrame(bob, 2, randomBytes(10)));
  t.equal((await sender.take('mismatch')).directory.departures.length, 1);
  sender.send(sendFrame(bob, 3, randomBytes(10)));
  t.equal((await sender.take('mismatch')).re, 3);
  const [first, second] = frame.to;
  sender.send({ ...frame, re: 4, to: [first, { device: second?.device }] });
  t.equal((await sender.take('sent')).re, 4);
  t.equal((await gateway.envelopes.page(stays, 0, 10, 1e6)).length, 1);
});

test('a device that left without a notice does not hold up its account’s mail', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const [stays = makeId<DeviceId>(), leaves = makeId<DeviceId>()] = bob.devices;
  const { build } = gateway.engine;
  await gateway.engine.write(() => run(build.deleteFrom('devices').where('id', '=', idBytes(leaves))));
  const sender = await openAnonymous(gateway.origin);
  sender.send(sendFrame(bob, 1, randomBytes(10)));
  await sender.take('sent');
  t.equal((await gateway.envelopes.page(stays, 0, 10, 1e6)).length, 1);
});

test('a wrong delivery key and an unknown account get the same refusal', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  const frame = sendFrame(bob, 1, randomBytes(10));
  const answers: unknown[] = [];
  for (const bad of [
    { deliveryKey: randomBytes(32) },
    { account: randomBytes(16) },
    { deliveryKey: new Uint8Array(32) },
  ]) {
    sender.send({ ...frame, ...bad });
    answers.push(await sender.take('refused'));
    sender.send({
      kind: 'fetch-bundles',
      re: 1,
      account: frame.account,
      deliveryKey: frame.deliveryKey,
      devices: [],
      ...bad,
    });
    answers.push(await sender.take('refused'));
    sender.send({
      kind: 'fetch-profile',
      re: 1,
      account: frame.account,
      deliveryKey: frame.deliveryKey,
      ...bad,
    });
    answers.push(await sender.take('refused'));
  }
  t.same(
    answers,
    Array.from({ length: 9 }, () => ({ kind: 'refused', re: 1, code: 'delivery-refused' })),
  );
});

test('a rotated delivery key is refused from the moment of its commit', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  sender.send(sendFrame(bob, 1, randomBytes(10)));
  await sender.take('sent');
  await gateway.engine.write(() =>
    run(
      gateway.engine.build
        .updateTable('accounts')
        .set({ delivery_key_hash: randomBytes(32) })
        .where('id', '=', idBytes(bob.account)),
    ),
  );
  gateway.bus.publish({ kind: 'list-changed', account: bob.account });
  sender.send(sendFrame(bob, 2, randomBytes(10)));
  t.equal((await sender.take('refused')).code, 'delivery-refused');
});

test('an online envelope reaches connected devices only and is never stored', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const device = await signIn(gateway, bob, 0);
  const sender = await openAnonymous(gateway.origin);
  const frame = sendFrame(bob, 1, randomBytes(10), true);
  sender.send(frame);
  await sender.take('sent');
  t.ok(same((await device.take('deliver')).id, frame.to[0]?.envelope.id));
  for (const one of bob.devices) t.same(await gateway.envelopes.page(one, 0, 10, 1e6), []);
  const late = await gateway.connect(bob.account, bob.devices[1] ?? makeId<DeviceId>());
  t.equal((await late.take('welcome')).queued, 0);
  t.equal((await late.next()).kind, 'drained');
});

test('copies go to the other own devices and leave out the sending one', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(3);
  const mine = await signIn(gateway, bob, 0);
  const other = await signIn(gateway, bob, 1);
  const { listHash, to } = sendFrame(bob, 1, randomBytes(10));
  const own = { kind: 'send-own', re: 4, listHash, online: false };
  mine.send({ ...own, to: to.slice(1) });
  t.equal((await mine.take('sent')).re, 4);
  t.ok(same((await other.take('deliver')).id, to[1]?.envelope.id));
  const [first = makeId<DeviceId>(), , third = makeId<DeviceId>()] = bob.devices;
  t.equal((await gateway.envelopes.page(third, 0, 10, 1e6)).length, 1);
  for (const wrong of [to, to.slice(0, 2), to.slice(2)]) {
    mine.send({ ...own, to: wrong });
    await mine.take('mismatch');
  }
  t.same(await gateway.envelopes.page(first, 0, 10, 1e6), []);
});

test('an introduction reaches every device without a delivery key, until the strangers’ share is full', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const introduce = () => {
    const { listHash, to } = sendFrame(bob, 1, randomBytes(10));
    return gateway.delivery.introduce(bob.account, { listHash, to });
  };
  for (let i = 0; i < LIMITS.queueStrangerEnvelopes; i++) t.same(await introduce(), { kind: 'sent' });
  t.same(await introduce(), { kind: 'refused', code: 'queue-full' });
  const unknown = await gateway.delivery.introduce(makeId(), { listHash: randomBytes(32), to: [] });
  t.same(unknown, { kind: 'refused', code: 'account-unknown' });
  const sender = await openAnonymous(gateway.origin);
  sender.send(sendFrame(bob, 1, randomBytes(10)));
  t.equal((await sender.take('sent')).re, 1);
});

test('bundles and the profile are handed to who has the delivery key, for devices of that account only', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const eve = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  const who = { account: idBytes(bob.account), deliveryKey: bob.deliveryKey };
  const devices = [...bob.devices, ...eve.devices, ...bob.devices].map((device) => idBytes(device));
  sender.send({ kind: 'fetch-bundles', re: 1, ...who, devices });
  const { bundles, directory } = await sender.take('bundles');
  t.ok(same(directory.account, who.account));
  t.same(
    bundles.map((bundle) => bob.devices.findIndex((device) => same(idBytes(device), bundle.device))),
    [0, 1],
  );
  sender.send({ kind: 'fetch-profile', re: 2, ...who });
  t.equal((await sender.take('refused')).code, 'delivery-refused', 'this account has no profile');
  const profile = { version: 3, sealed: randomBytes(40) };
  await gateway.engine.write(() =>
    run(gateway.engine.build.insertInto('profiles').values({ account: who.account, ...profile })),
  );
  sender.send({ kind: 'fetch-profile', re: 3, ...who });
  const answer = await sender.take('profile');
  t.equal(answer.profile.version, 3);
  t.ok(same(answer.profile.sealed, profile.sealed));
});

test('the hello’s counter is kept per device and the highest one before it is told', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const device = bob.devices[0] ?? makeId<DeviceId>();
  for (const [told, before] of [
    [5, 0],
    [3, 5],
    [6, 5],
    [6, 6],
  ] as const) {
    const client = await gateway.connect(bob.account, device, told);
    t.equal((await client.take('welcome')).counter, before);
    await client.close();
  }
});
