/** Our STUN responder over real sockets: what a client of the field learns from it, and what somebody who floods it gets. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { RATES } from '@tacet/protocol/limits';
import { MemoryLimits } from '../../server/limits/memory.ts';
import { openStunResponder } from '../../server/stun/responder.ts';

t.setTimeout(120_000);

/** Time stands still: no bucket drains. */
const stopped = { now: () => 1_795_000_000_000 };
const cookie = Buffer.from([0x21, 0x12, 0xa4, 0x42]);

function makeRequest(): Buffer {
  return Buffer.concat([Buffer.from([0, 1, 0, 0]), cookie, randomBytes(12)]);
}

/** A client at an address of its own, and what it has been answered. */
async function openClient(t: Test, from: string) {
  const socket: Socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  const answers: Buffer[] = [];
  let wake: (() => void) | undefined;
  socket.on('message', (bytes) => {
    answers.push(bytes);
    wake?.();
  });
  socket.on('error', () => undefined);
  socket.bind(0, from);
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return {
    answers,
    port: socket.address().port,
    send: (bytes: Buffer, port: number) =>
      new Promise<void>((resolve) => socket.send(bytes, port, from, () => resolve())),
    async until(count: number): Promise<void> {
      while (answers.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

t.test('who asks learns his address and port, over IPv4 and IPv6', async (t) => {
  for (const address of ['127.0.0.1', '::1']) {
    const responder = await openStunResponder(address, 0, new MemoryLimits(stopped, 1));
    t.teardown(() => responder.close());
    const client = await openClient(t, address);
    const request = makeRequest();
    await client.send(Buffer.from('what is no question'), responder.port);
    await client.send(request, responder.port);
    await client.until(1);
    const [answer = Buffer.alloc(0)] = client.answers;
    t.equal(client.answers.length, 1, 'what is no question has no answer');
    t.equal(answer.readUInt16BE(0), 0x0101);
    t.same(answer.subarray(4, 20), request.subarray(4, 20), 'in the same transaction');
    t.equal(answer.readUInt16BE(26) ^ 0x2112, client.port);
    responder.close();
    responder.close();
  }
});

t.test('each address gets few answers, others theirs', async (t) => {
  const responder = await openStunResponder('127.0.0.1', 0, new MemoryLimits(stopped, 0.1));
  t.teardown(() => responder.close());
  const [greedy, other] = [await openClient(t, '127.0.0.1'), await openClient(t, '127.0.0.2')];
  const allowed = RATES.stun.burst / 10;
  for (let i = 0; i < 3 * allowed; i += 1) await greedy.send(makeRequest(), responder.port);
  const toResponder = createSocket('udp4');
  t.teardown(() => toResponder.close());
  toResponder.on('message', (bytes) => other.answers.push(bytes));
  toResponder.bind(0, '127.0.0.2');
  await once(toResponder, 'listening');
  const answered = once(toResponder, 'message');
  toResponder.send(makeRequest(), responder.port, '127.0.0.1');
  await answered;
  await greedy.until(allowed);
  // Whatever else he was answered would have come before this.
  const last = once(toResponder, 'message');
  toResponder.send(makeRequest(), responder.port, '127.0.0.1');
  await last;
  t.equal(greedy.answers.length, allowed);
});

t.test('a flood closes the port for a while, and it opens again', async (t) => {
  const responder = await openStunResponder('127.0.0.1', 0, new MemoryLimits(stopped, 1000), 20);
  t.teardown(() => responder.close());
  const client = await openClient(t, '127.0.0.1');
  const { port } = responder;
  const isFree = async (): Promise<boolean> => {
    const probe = createSocket('udp4');
    try {
      probe.bind(port, '127.0.0.1');
      await once(probe, 'listening');
      return true;
    } catch {
      return false;
    } finally {
      probe.close();
    }
  };
  t.notOk(await isFree());
  const lot = Array.from({ length: 200 }, makeRequest);
  for (let sent = 0; !(await isFree()); sent += lot.length) {
    if (sent > 200_000) throw new Error('it never closed');
    for (const request of lot) await client.send(request, port);
    // Sending alone lets nobody read.
    await setImmediate();
  }
  const before = client.answers.length;
  for (let i = 0; client.answers.length === before; i += 1) {
    if (i > 600) throw new Error('it never opened again');
    await client.send(makeRequest(), port);
    await delay(50);
  }
  t.equal(responder.port, port, 'at the same port');
  const holder = await openClient(t, '127.0.0.1');
  await t.rejects(openStunResponder('127.0.0.1', holder.port, new MemoryLimits(stopped, 1)), {
    code: 'EADDRINUSE',
  });
});
