import { randomBytes } from 'node:crypto';
import { test, type Test } from 'tap';
import { encodeB64u } from '../../protocol/bytes.ts';
import { encodeCbor } from '../../protocol/cbor.ts';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { ANONYMOUS_PATH, SOCKET_PATH } from '../../protocol/frames/client.ts';
import { encodeFrame } from '../../protocol/frames/frame.ts';
import { idBytes, type AccountId, type DeviceId } from '../../protocol/ids.ts';
import { LIMITS, RATES } from '../../protocol/limits.ts';
import { frameBucket } from '../../protocol/padding.ts';
import { TRANSPORT_VERSION } from '../../protocol/version.ts';
import { first, run } from '../../server/store/transaction.ts';
import { openGateway, sendFrame, type TestGateway } from '../support/open-gateway.ts';
import { makeId, type StoredAccount } from '../support/open-store.ts';
import { openAnonymous, openSignedIn, openSocket, type SocketClient } from '../support/socket-client.ts';

type Path = typeof SOCKET_PATH | typeof ANONYMOUS_PATH;

async function expectRefusal(t: Test, client: SocketClient, code: ErrorCode, what: string): Promise<void> {
  const { frame } = await client.takeUntil('refused');
  t.equal(frame.code, code, what);
  t.equal(frame.re, undefined, `${what}: the connection, not a request`);
  t.same(await client.ended, { code: ERRORS[code].close, reason: code }, what);
}

async function signIn(gateway: TestGateway, account: StoredAccount, at = 0): Promise<SocketClient> {
  const client = await gateway.connect(account.account, account.devices[at] ?? makeId<DeviceId>());
  await client.takeUntil('drained');
  return client;
}

/** An item in a frame of the right size. */
function framed(item: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameBucket(4 + item.length));
  frame.writeUInt32BE(item.length);
  frame.set(item, 4);
  return frame;
}

async function rowCount(gateway: TestGateway): Promise<unknown> {
  const { build } = gateway.engine;
  return gateway.engine.read(function* () {
    const envelopes = yield* first(
      build.selectFrom('envelopes').select((row) => row.fn.countAll<number>().as('n')),
    );
    const devices = yield* first(
      build.selectFrom('devices').select((row) => row.fn.max<number>('start_counter').as('n')),
    );
    return [envelopes?.n, devices?.n];
  });
}

test('a socket without a hello is closed in time', async (t) => {
  const gateway = await openGateway(t, { times: { helloTimeoutMs: 20 } });
  for (const path of [SOCKET_PATH, ANONYMOUS_PATH] as const) {
    await expectRefusal(t, await openSocket(gateway.origin, path), 'authentication-timeout', path);
  }
});

test('the hello comes first and once', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const early: readonly (readonly [Path, unknown])[] = [
    [SOCKET_PATH, { kind: 'ping', re: 1 }],
    [SOCKET_PATH, { kind: 'acknowledge', envelopes: [randomBytes(16)] }],
    [ANONYMOUS_PATH, sendFrame(bob, 1, randomBytes(10))],
    [ANONYMOUS_PATH, { kind: 'ping', re: 1 }],
  ];
  for (const [path, frame] of early) {
    const client = await openSocket(gateway.origin, path);
    client.send(frame);
    await expectRefusal(t, client, 'unexpected-frame', `${path} before its hello`);
  }
  const token = gateway.issueToken(bob.account, bob.devices[0] ?? makeId<DeviceId>());
  const hello = { kind: 'hello', version: TRANSPORT_VERSION, token: encodeB64u(token), counter: 1 };
  const signedIn = await signIn(gateway, bob);
  signedIn.send(hello);
  await expectRefusal(t, signedIn, 'unexpected-frame', 'a second hello');
  const both = await openSocket(gateway.origin, SOCKET_PATH);
  both.send(hello);
  both.send({ kind: 'ping', re: 1 });
  await expectRefusal(t, both, 'unexpected-frame', 'a frame before the welcome');
  const anonymous = await openAnonymous(gateway.origin);
  anonymous.send({ kind: 'hello', version: TRANSPORT_VERSION });
  await expectRefusal(t, anonymous, 'unexpected-frame', 'a second anonymous hello');
});

test('a version that the server does not speak is told, on both sockets', async (t) => {
  const gateway = await openGateway(t);
  const token = encodeB64u(randomBytes(32));
  for (const version of [0, TRANSPORT_VERSION + 1]) {
    const signedIn = await openSocket(gateway.origin, SOCKET_PATH);
    signedIn.send({ kind: 'hello', version, token, counter: 1 });
    await expectRefusal(t, signedIn, 'unsupported-version', `signed in, ${version}`);
    const anonymous = await openSocket(gateway.origin, ANONYMOUS_PATH);
    anonymous.send({ kind: 'hello', version });
    await expectRefusal(t, anonymous, 'unsupported-version', `anonymous, ${version}`);
  }
});

test('unknown, ended and pending tokens are refused, and nothing is noted', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const [device = makeId<DeviceId>()] = bob.devices;
  await expectRefusal(t, await openSignedIn(gateway.origin, randomBytes(32), 9), 'unauthorized', 'unknown');
  const ended = gateway.issueToken(bob.account, device);
  gateway.endTokens(device);
  await expectRefusal(t, await openSignedIn(gateway.origin, ended, 9), 'session-ended', 'ended');
  const pending = gateway.issueToken(bob.account, makeId<DeviceId>(), true);
  await expectRefusal(t, await openSignedIn(gateway.origin, pending, 9), 'device-pending', 'pending');
  const gone = gateway.issueToken(bob.account, makeId<DeviceId>());
  await expectRefusal(t, await openSignedIn(gateway.origin, gone, 9), 'session-ended', 'no such device');
  t.same(await rowCount(gateway), [0, 0]);
});

test('a replayed hello replaces the first socket and neither loses nor repeats an acknowledged delivery', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const token = gateway.issueToken(bob.account, bob.devices[0] ?? makeId<DeviceId>());
  const sender = await openAnonymous(gateway.origin);
  sender.send(sendFrame(bob, 1, Buffer.from('one')));
  sender.send(sendFrame(bob, 2, Buffer.from('two')));
  await sender.take('sent');
  await sender.take('sent');
  const old = await openSignedIn(gateway.origin, token);
  const { before } = await old.takeUntil('drained');
  const delivered = before.find((frame) => frame.kind === 'deliver');
  old.acknowledge(delivered?.id ?? randomBytes(16));
  await old.barrier();
  const next = await openSignedIn(gateway.origin, token);
  await expectRefusal(t, old, 'replaced', 'the first socket');
  t.equal((await next.take('welcome')).queued, 1);
  t.equal(Buffer.from((await next.take('deliver')).body).toString(), 'two');
  sender.send(sendFrame(bob, 3, Buffer.from('three')));
  await sender.take('sent');
  await next.take('drained');
  t.equal(Buffer.from((await next.take('deliver')).body).toString(), 'three');
});

test('anything that is not a frame of this socket is refused and changes nothing', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const send = sendFrame(bob, 1, randomBytes(10));
  const [part] = send.to;
  const good = Buffer.from(encodeFrame(send));
  const wrongSize = Buffer.concat([good, Buffer.alloc(4096)]);
  const bad: readonly (readonly [string, Buffer])[] = [
    ['empty message', Buffer.alloc(0)],
    ['three bytes', Buffer.alloc(3)],
    ['length beyond the frame', Buffer.alloc(256, 0xff)],
    ['wrong step', wrongSize],
    ['truncated', good.subarray(0, 255)],
    ['no CBOR', framed(Buffer.from('ff', 'hex'))],
    ['trailing bytes', framed(Buffer.concat([encodeCbor(send), Buffer.of(0)]))],
    ['indefinite map', framed(Buffer.from('bfff', 'hex'))],
    ['duplicate key', framed(Buffer.from('a2646b696e646470696e67646b696e646470696e67', 'hex'))],
    ['tag', framed(Buffer.from('c100', 'hex'))],
    ['undefined', framed(Buffer.from('f7', 'hex'))],
    ['NaN', framed(Buffer.from('f97e00', 'hex'))],
    ['deep nesting', framed(Buffer.alloc(5000, 0x81))],
    ['prototype key', framed(Buffer.from('a1695f5f70726f746f5f5fa0', 'hex'))],
    ['a number', framed(encodeCbor(5))],
    ['null', framed(encodeCbor(null))],
    ['a list', framed(encodeCbor([send]))],
    ['no kind', framed(encodeCbor({ re: 1 }))],
    ['unknown kind', framed(encodeCbor({ kind: 'shout', re: 1 }))],
    ['kind of another type', framed(encodeCbor({ kind: 5 }))],
    ['a frame of the server', framed(encodeCbor({ kind: 'sent', re: 1 }))],
    [
      'a frame of the other socket',
      framed(encodeCbor({ kind: 'acknowledge', envelopes: [randomBytes(16)] })),
    ],
    ['further property', framed(encodeCbor({ ...send, extra: 1 }))],
    ['missing property', framed(encodeCbor({ ...send, online: undefined, to: [] }).subarray(0))],
    ['text for bytes', framed(encodeCbor({ ...send, account: encodeB64u(send.account) }))],
    ['short id', framed(encodeCbor({ ...send, account: randomBytes(15) }))],
    ['negative request', framed(encodeCbor({ ...send, re: -1 }))],
    ['fractional request', framed(encodeCbor({ ...send, re: 1.5 }))],
    ['request beyond 32 bits', framed(encodeCbor({ ...send, re: 2 ** 32 }))],
    ['no recipients', framed(encodeCbor({ ...send, to: [] }))],
    ['nine recipients', framed(encodeCbor({ ...send, to: Array.from({ length: 9 }, () => part) }))],
    [
      'empty envelope',
      framed(
        encodeCbor({ ...send, to: [{ ...part, envelope: { id: randomBytes(16), body: Buffer.alloc(0) } }] }),
      ),
    ],
    [
      'envelope over its limit',
      framed(
        encodeCbor({
          ...send,
          to: [
            { ...part, envelope: { id: randomBytes(16), body: Buffer.alloc(LIMITS.envelopeMaxBytes + 1) } },
          ],
        }),
      ),
    ],
  ];
  for (const [what, bytes] of bad) {
    const client = await openAnonymous(gateway.origin);
    client.socket.send(bytes);
    await expectRefusal(t, client, 'malformed-frame', what);
  }
  const text = await openAnonymous(gateway.origin);
  text.socket.send('{"kind":"ping","re":1}');
  await expectRefusal(t, text, 'malformed-frame', 'a text message');
  const large = await openAnonymous(gateway.origin);
  large.socket.send(Buffer.alloc(LIMITS.frameMaxBytes + 1));
  await expectRefusal(t, large, 'too-large', 'a frame over its limit');
  const huge = await openAnonymous(gateway.origin);
  huge.socket.send(Buffer.alloc(3 * LIMITS.frameMaxBytes));
  t.equal((await huge.ended).code, 1009, 'a message that is not read at all');
  t.same(await rowCount(gateway), [0, 0]);
  t.same(gateway.failures, []);
  const still = await openAnonymous(gateway.origin);
  still.send(send);
  await still.take('sent');
});

test('a signed-in socket refuses frames that are not its own, and sends of the anonymous one', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const bad: readonly unknown[] = [
    sendFrame(bob, 1, randomBytes(10)),
    { kind: 'fetch-profile', re: 1, account: idBytes(bob.account), deliveryKey: bob.deliveryKey },
    { kind: 'acknowledge', envelopes: [] },
    { kind: 'acknowledge', envelopes: Array.from({ length: LIMITS.ackBatch + 1 }, () => randomBytes(16)) },
    { kind: 'acknowledge', envelopes: [randomBytes(17)] },
  ];
  for (const frame of bad) {
    const client = await signIn(gateway, bob);
    client.send(frame);
    await expectRefusal(t, client, 'malformed-frame', JSON.stringify(frame).slice(0, 40));
  }
  t.same(await rowCount(gateway), [0, 1]);
});

test('the end of a session closes its socket at once, and only its own', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(2);
  const [gone, stays] = [await signIn(gateway, bob, 0), await signIn(gateway, bob, 1)];
  gateway.bus.publish({ kind: 'session-ended', device: bob.devices[0] ?? makeId<DeviceId>() });
  await expectRefusal(t, gone, 'session-ended', 'its own');
  t.same(await stays.barrier(), []);
});

test('notices reach the device that they are for', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const client = await signIn(gateway, bob);
  for (const what of ['record', 'list', 'credentials', 'prekeys-low'] as const) {
    gateway.bus.publish({ kind: 'notice', device: bob.devices[0] ?? makeId<DeviceId>(), what });
    t.same(await client.next(), { kind: 'notice', what });
  }
});

test('sends beyond the connection’s rate are refused with a time, and the connection goes on', async (t) => {
  let now = 1_795_000_000_000;
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => now } });
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  for (let re = 0; re < RATES.send.burst + 2; re++) sender.send(sendFrame(bob, re, randomBytes(5), true));
  const answers = [];
  for (let re = 0; re < RATES.send.burst + 2; re++) answers.push(await sender.next());
  t.equal(answers.filter((frame) => frame.kind === 'sent').length, RATES.send.burst);
  t.same(
    answers.filter((frame) => frame.kind === 'refused').map(({ code, retryAfterMs }) => [code, retryAfterMs]),
    [
      ['rate-limited', RATES.send.everyMs],
      ['rate-limited', RATES.send.everyMs],
    ],
  );
  now += RATES.send.everyMs;
  sender.send(sendFrame(bob, 1, randomBytes(5), true));
  await sender.take('sent');
});

test('mail for one account beyond its rate is refused whoever sends it', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => 1_795_000_000_000 } });
  const bob = await gateway.makeAccount(1);
  let sent = 0;
  let refused = 0;
  while (refused === 0) {
    const sender = await openAnonymous(gateway.origin);
    for (let re = 0; re < RATES.send.burst; re++) sender.send(sendFrame(bob, re, randomBytes(5), true));
    for (let re = 0; re < RATES.send.burst; re++) {
      const answer = await sender.next();
      if (answer.kind === 'sent') sent += 1;
      else if (answer.kind === 'refused' && answer.code === 'rate-limited') refused += 1;
    }
    await sender.close();
  }
  t.equal(sent, RATES.receive.burst);
});

test('an address beyond its rate is refused whatever number of sockets it opens, and a signed-in device behind it is not', async (t) => {
  let now = 1_795_000_000_000;
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => now } });
  const bob = await gateway.makeAccount(1);
  const unknown = { ...bob, account: makeId<AccountId>() };
  const device = await signIn(gateway, bob);
  const fullSockets = RATES.sendAddress.burst / RATES.send.burst;
  const refusedOf = async (sender: SocketClient, count: number): Promise<number> => {
    for (let re = 0; re < count; re++) sender.send(sendFrame(unknown, re, randomBytes(5), true));
    let refused = 0;
    for (let re = 0; re < count; re++) {
      const answer = await sender.take('refused');
      if (answer.code === 'rate-limited') refused += 1;
    }
    return refused;
  };
  for (let i = 0; i < fullSockets; i++) {
    const sender = await openAnonymous(gateway.origin);
    t.equal(await refusedOf(sender, RATES.send.burst), 0, `socket ${String(i)}`);
    await sender.close();
  }
  const late = await openAnonymous(gateway.origin);
  t.equal(await refusedOf(late, 3), 3, 'a new socket of the same address');
  t.same(await device.barrier(), [], 'the signed-in one is served');
  now += 8 * RATES.sendAddress.everyMs;
  t.equal(await refusedOf(late, 9), 1, 'after a while it goes on, by as much as has drained');
});

test('a device gets no more by opening another socket', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => 1_795_000_000_000 } });
  const bob = await gateway.makeAccount(2);
  for (const [socket, asked, refused] of [
    ['the first', RATES.send.burst, 0],
    ['the second', 1, 1],
  ] as const) {
    const client = await signIn(gateway, bob);
    for (let re = 0; re < asked; re++) client.send({ kind: 'ping', re });
    let count = 0;
    for (let i = 0; i < asked; i++) if ((await client.next()).kind === 'refused') count += 1;
    t.equal(count, refused, socket);
  }
  t.same(await (await signIn(gateway, bob, 1)).barrier(), [], 'another device of his is served');
});

test('acknowledging ids that were never delivered is bounded', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => 1_795_000_000_000 } });
  const bob = await gateway.makeAccount(1);
  const client = await signIn(gateway, bob);
  for (let i = 0; i < 4; i++) {
    client.acknowledge(...Array.from({ length: LIMITS.ackBatch }, () => randomBytes(16)));
  }
  await expectRefusal(t, client, 'rate-limited', 'four full frames');
});

test('a client may have far more requests under way than the server takes at a time', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  const count = 8 * LIMITS.socketInFlight;
  for (let re = 0; re < count; re++) sender.send(sendFrame(bob, re, randomBytes(5)));
  for (let re = 0; re < count; re++) t.equal((await sender.take('sent')).re, re);
});

test('a recipient who does not read is told and closed; what waits stays queued', async (t) => {
  const gateway = await openGateway(t, { times: { stalledMs: 50, heartbeatMs: 50 } });
  const bob = await gateway.makeAccount(1);
  const [device = makeId<DeviceId>()] = bob.devices;
  const client = await signIn(gateway, bob);
  const refused = gateway.next('refused');
  client.socket.pause();
  const sender = await openAnonymous(gateway.origin);
  const count = 2 * LIMITS.deliveryWindow;
  for (let re = 0; re < count; re++) sender.send(sendFrame(bob, re, Buffer.alloc(LIMITS.envelopeMaxBytes)));
  for (let re = 0; re < count; re++) await sender.take('sent');
  await refused;
  client.socket.resume();
  const { before, frame } = await client.takeUntil('refused');
  t.equal(frame.code, 'slow-reader');
  t.equal((await client.ended).code, ERRORS['slow-reader'].close);
  t.ok(before.length < LIMITS.deliveryWindow, 'not everything that waited was put into the connection');
  t.equal((await gateway.envelopes.page(device, 0, 1000, 1e9)).length, count);
});

test('an anonymous client that asks and does not read is told and closed', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const account = idBytes(bob.account);
  await gateway.engine.write(() =>
    run(
      gateway.engine.build
        .insertInto('profiles')
        .values({ account, version: 1, sealed: Buffer.alloc(LIMITS.profileMaxBytes) }),
    ),
  );
  const client = await openAnonymous(gateway.origin);
  client.socket.pause();
  const refused = gateway.next('refused');
  for (let re = 0; re < 500; re++) {
    client.send({ kind: 'fetch-profile', re, account, deliveryKey: bob.deliveryKey });
  }
  await refused;
  client.socket.resume();
  const { before, frame } = await client.takeUntil('refused');
  t.equal(frame.code, 'slow-reader');
  t.ok(before.length < 500);
});

test('a silent client is dropped, one that answers pings stays', async (t) => {
  const gateway = await openGateway(t, { times: { heartbeatMs: 20, heartbeatTimeoutMs: 200 } });
  const bob = await gateway.makeAccount(2);
  const alive = await signIn(gateway, bob, 0);
  const dead = await signIn(gateway, bob, 1);
  // What a vanished machine looks like: nothing is read, nothing answered.
  dead.socket.pause();
  await gateway.next('closed');
  t.equal(alive.socket.readyState, alive.socket.OPEN);
  t.same(await alive.barrier(), []);
});

test('a server that stops answers what it has taken, tells everybody, and keeps what it acknowledged', async (t) => {
  const gateway = await openGateway(t);
  const bob = await gateway.makeAccount(1);
  const [device = makeId<DeviceId>()] = bob.devices;
  const receiver = await signIn(gateway, bob);
  const sender = await openAnonymous(gateway.origin);
  for (let re = 0; re < 100; re++) sender.send(sendFrame(bob, re, randomBytes(100)));
  await sender.take('sent');
  const stored = gateway.whenDrained((envelopes) => envelopes.page(device, 0, 1000, 1e9));
  const closing = gateway.close();
  const { before, frame } = await sender.takeUntil('refused');
  t.equal(frame.code, 'shutting-down');
  t.equal((await sender.ended).code, ERRORS['shutting-down'].close);
  await expectRefusal(t, receiver, 'shutting-down', 'the receiver');
  await closing;
  const sent = 1 + before.filter(({ kind }) => kind === 'sent').length;
  t.equal((await stored).length, sent);
});
