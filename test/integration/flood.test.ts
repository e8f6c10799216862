/**
 * Somebody who asks for more than he may over sockets: the limits answer, what he is refused costs the server no memory and is soon not read
 * any more, who goes on is cut, and what honest people write meanwhile arrives. How much slower is for `bench flood`.
 */
import { setImmediate } from 'node:timers/promises';
import { test, type Test } from 'tap';
import { encodeFrame } from '../../protocol/frames/frame.ts';
import { idOf, type AccountId } from '../../protocol/ids.ts';
import { ERRORS } from '../../protocol/errors.ts';
import { LIMITS, RATES } from '../../protocol/limits.ts';
import { openGateway, sendFrame, type TestGateway } from '../support/open-gateway.ts';
import { openAnonymous, type SocketClient } from '../support/socket-client.ts';
import { randomBytes } from 'node:crypto';

/** Time stands still: no bucket drains, however slow the machine is. */
const clock = { now: () => 1_795_000_000_000 };

/** An honest message, from a sender of its own to somebody who is there. */
async function honest(t: Test, gateway: TestGateway): Promise<() => Promise<void>> {
  const bob = await gateway.makeAccount(1);
  const [device] = bob.devices;
  if (device === undefined) throw new Error('no device');
  const receiver = await gateway.connect(bob.account, device);
  await receiver.takeUntil('drained');
  const sender = await openAnonymous(gateway.origin);
  t.teardown(() => Promise.all([receiver.close(), sender.close()]));
  return async () => {
    const body = randomBytes(500);
    sender.send(sendFrame(bob, 1, body));
    await sender.take('sent');
    const { id, body: arrived } = await receiver.take('deliver');
    t.same(Buffer.from(arrived), body, 'the honest message arrived');
    receiver.acknowledge(id);
  };
}

/** Pours the same frame until the server reads no more of it; what it has taken by then. */
async function pour(client: SocketClient, frame: Uint8Array, most: number): Promise<number> {
  let poured = 0;
  for (; poured < most && client.socket.bufferedAmount < LIMITS.socketBufferedBytes; poured++) {
    client.socket.send(frame);
    if (poured % 64 === 0) await setImmediate();
  }
  return poured;
}

test('a socket that asks for more than it may is refused, is not read on, and keeps nobody waiting', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock });
  const send = await honest(t, gateway);
  const unknown = { ...(await gateway.makeAccount(1)), account: idOf<AccountId>(randomBytes(16)) };
  const abuser = await openAnonymous(gateway.origin);
  const frame = encodeFrame(sendFrame(unknown, 1, randomBytes(1_024), true));
  const most = 100_000;
  const poured = await pour(abuser, frame, most);
  t.ok(poured < most, `after ${String(poured)} frames the server reads no more`);
  t.ok(poured > RATES.send.burst, 'what is allowed was read');
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 20; i++) await send();
  t.ok(process.memoryUsage().rss - before < 64 * 2 ** 20, 'and holds no more for it');
  const codes = new Map<string, number>();
  for (const one of abuser.frames)
    if (one.kind === 'refused') codes.set(one.code, (codes.get(one.code) ?? 0) + 1);
  t.equal(codes.get('delivery-refused'), RATES.send.burst, 'what is allowed was answered');
  t.ok((codes.get('rate-limited') ?? 0) > 0, 'the rest was refused with a code');
  abuser.socket.terminate();
  t.same(gateway.failures, []);
});

test('a connection that was refused for a while is read again', async (t) => {
  let now = 1_795_000_000_000;
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => now } });
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  for (let re = 0; re <= RATES.send.burst; re++) sender.send(sendFrame(bob, re, randomBytes(5), true));
  const answers = [];
  for (let re = 0; re <= RATES.send.burst; re++) answers.push(await sender.next());
  t.same(
    answers.flatMap((frame) => (frame.kind === 'refused' ? [frame.code] : [])),
    ['rate-limited'],
  );
  now += RATES.send.everyMs;
  sender.send(sendFrame(bob, 1, randomBytes(5), true));
  await sender.take('sent');
});

test('a client that is refused while it leaves is gone, and leaves nothing behind', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock });
  const bob = await gateway.makeAccount(1);
  for (let i = 0; i < 3; i++) {
    const gone = gateway.next('closed');
    const sender = await openAnonymous(gateway.origin);
    for (let re = 0; re <= RATES.send.burst; re++) sender.send(sendFrame(bob, re, randomBytes(5), true));
    await sender.takeUntil('refused');
    sender.socket.terminate();
    await gone;
  }
  t.same(gateway.failures, []);
});

test('a large frame counts for as many as it has room for', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock });
  const bob = await gateway.makeAccount(1);
  const sender = await openAnonymous(gateway.origin);
  const body = randomBytes(LIMITS.envelopeMaxBytes);
  const frame = sendFrame(bob, 1, body, true);
  const cost = 1 + Math.floor(encodeFrame(frame).length / LIMITS.countedFrameBytes);
  const allowed = Math.floor(RATES.send.burst / cost);
  t.ok(cost > 4);
  for (let i = 0; i <= allowed; i++) sender.send(frame);
  for (let i = 0; i < allowed; i++) await sender.take('sent');
  t.equal((await sender.take('refused')).code, 'rate-limited');
  sender.socket.terminate();
});

test('a socket that is told too often that it asks too much is cut', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 0.1, clock });
  const send = await honest(t, gateway);
  const bob = await gateway.makeAccount(1);
  const abuser = await openAnonymous(gateway.origin);
  const [allowed, told] = [RATES.send.burst / 10, RATES.refusal.burst / 10];
  const frame = encodeFrame(sendFrame(bob, 1, randomBytes(5), true));
  for (let i = 0; i <= allowed + told; i++) abuser.socket.send(frame);
  const { code } = await abuser.ended;
  t.equal(code, ERRORS['rate-limited'].close);
  const refusals = abuser.frames.filter(({ kind }) => kind === 'refused');
  t.equal(refusals.length, told + 1, 'the last one is for good');
  await send();
  t.same(gateway.failures, []);
});

test('pings of the WebSocket itself are bounded', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock });
  const send = await honest(t, gateway);
  const abuser = await openAnonymous(gateway.origin);
  let pongs = 0;
  abuser.socket.on('pong', () => (pongs += 1));
  for (let i = 0; i <= RATES.control.burst; i++) abuser.socket.ping();
  const { code } = await abuser.ended;
  t.equal(code, ERRORS['rate-limited'].close);
  t.ok(pongs <= RATES.control.burst + 1, 'answered as often as is allowed');
  const again = await openAnonymous(gateway.origin);
  for (let i = 0; i < RATES.control.burst; i++) again.socket.ping();
  await again.barrier();
  again.socket.terminate();
  await send();
});

test('a client that goes on after it was told to go is cut, however much it sends', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock });
  const abuser = await openAnonymous(gateway.origin);
  const over = gateway.next('closed');
  // It reads nothing, so it never closes its side.
  abuser.socket.pause();
  abuser.socket.send(randomBytes(10));
  const most = 100_000;
  const poured = await pour(abuser, encodeFrame({ kind: 'ping', re: 1 }), most);
  t.ok(poured < most, `after ${String(poured)} frames the connection is over or not read`);
  await over;
  abuser.socket.terminate();
});
