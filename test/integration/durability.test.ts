import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { test, type Test } from 'tap';
import { sendTo } from '../support/account-requests.ts';
import { bytesOf, makeAccount, tryRenew, type WireAccount } from '../support/make-account.ts';
import { makeFolder } from '../support/open-store.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { openAnonymous, openSignedIn, type SocketClient } from '../support/socket-client.ts';

const ROUNDS = process.env['TACET_SOAK'] === '1' ? 200 : 3;
/** A round takes some seconds, on a busy machine many. */
const TIMEOUT_MS = 60_000 + ROUNDS * 30_000;
const SETTINGS = { TACET_RATE_FACTOR: '1000' } as const;
const SENDERS = 4;
const RECIPIENTS = 4;
/** Sends of one sender under way. */
const IN_FLIGHT = 8;
/** The server is killed when this many sends have been acknowledged. */
const KILL_AFTER = 400;

t.setTimeout(TIMEOUT_MS);

/** One message as its sender knows it. */
interface Message {
  readonly sender: number;
  readonly number: number;
  readonly recipient: number;
  readonly id: Buffer;
  readonly body: Buffer;
}

/** What the outside knows of all messages, over all rounds. */
interface Ledger {
  readonly sent: Map<string, Message>;
  /** Acknowledged by the server: must arrive. */
  readonly promised: Set<string>;
  /** Delivered before the kill. */
  readonly seen: Set<string>;
  /** Acknowledged by the recipient, and that acknowledgement confirmed: must not come again. */
  readonly finished: Set<string>;
}

function textOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}

async function signIn(server: ServerProcess, account: WireAccount): Promise<SocketClient> {
  const [device] = account.devices;
  if (device === undefined) throw new Error('no device');
  const renewed = await tryRenew({ url: server.origin }, device);
  if (renewed.code !== undefined) throw new Error(renewed.code);
  return openSignedIn(server.socketOrigin, bytesOf(device.token));
}

/** Sends until the connection breaks, `IN_FLIGHT` at a time, numbered in order. */
async function sendAll(
  server: ServerProcess,
  accounts: readonly WireAccount[],
  sender: number,
  numbers: { next: number },
  ledger: Ledger,
  onPromised: () => void,
): Promise<void> {
  const client = await openAnonymous(server.socketOrigin);
  const underWay = new Map<number, Message>();
  const one = (): void => {
    const number = numbers.next++;
    const recipient = number % RECIPIENTS;
    const account = accounts[recipient];
    if (account === undefined) throw new Error('no recipient');
    const body = Buffer.concat([Buffer.from(`${String(sender)} ${String(number)} `), randomBytes(1000)]);
    const message = { sender, number, recipient, id: randomBytes(16), body };
    ledger.sent.set(textOf(message.id), message);
    underWay.set(number, message);
    client.send(sendTo(account, { ...message, re: number }));
  };
  for (let i = 0; i < IN_FLIGHT; i++) one();
  try {
    for (;;) {
      const answer = await client.next();
      if (answer.kind !== 'sent') throw new Error(JSON.stringify(answer));
      const message = underWay.get(answer.re);
      underWay.delete(answer.re);
      if (message !== undefined) ledger.promised.add(textOf(message.id));
      onPromised();
      one();
    }
  } catch {
    // The server is gone.
  }
}

/** Receives and acknowledges until the connection breaks; every tenth time it makes sure of it. */
async function receiveAll(server: ServerProcess, account: WireAccount, ledger: Ledger): Promise<void> {
  const client = await signIn(server, account);
  const unsure: string[] = [];
  let confirming: string[] = [];
  try {
    for (;;) {
      const frame = await client.next();
      if (frame.kind === 'pong') {
        for (const id of confirming) ledger.finished.add(id);
        confirming = [];
      } else if (frame.kind === 'deliver') {
        client.acknowledge(frame.id);
        ledger.seen.add(textOf(frame.id));
        unsure.push(textOf(frame.id));
        if (confirming.length === 0 && unsure.length >= 10) {
          confirming = unsure.splice(0);
          client.send({ kind: 'ping', re: 1 });
        }
      }
    }
  } catch {
    // The server is gone.
  }
}

/** Signs in after the restart, takes everything that waits, and acknowledges it for good. */
async function drain(server: ServerProcess, account: WireAccount): Promise<readonly Uint8Array[]> {
  const client = await signIn(server, account);
  await client.take('welcome');
  const ids: Uint8Array[] = [];
  let window: Uint8Array[] = [];
  for (;;) {
    const frame = await client.next();
    if (frame.kind === 'drained') break;
    if (frame.kind !== 'deliver') throw new Error(frame.kind);
    ids.push(frame.id);
    window.push(frame.id);
    if (window.length === 64) {
      client.acknowledge(...window);
      window = [];
    }
  }
  if (window.length > 0) client.acknowledge(...window);
  await client.barrier();
  await client.close();
  return ids;
}

function checkDrained(t: Test, recipient: number, ids: readonly Uint8Array[], ledger: Ledger): void {
  const texts = ids.map(textOf);
  t.equal(new Set(texts).size, texts.length, 'nothing was delivered twice');
  t.equal(texts.filter((id) => ledger.finished.has(id)).length, 0, 'nothing acknowledged came again');
  t.ok(
    texts.every((id) => ledger.sent.get(id)?.recipient === recipient),
    'nothing came that was not sent here',
  );
  const newest = new Map<number, number>();
  let inOrder = true;
  for (const id of texts) {
    const message = ledger.sent.get(id);
    if (message === undefined) continue;
    if (message.number <= (newest.get(message.sender) ?? -1)) inOrder = false;
    newest.set(message.sender, message.number);
  }
  t.ok(inOrder, 'each sender’s messages kept their order');
}

test(
  `nothing acknowledged is lost, repeated or reordered when the server is killed under load (${ROUNDS} times)`,
  { timeout: TIMEOUT_MS },
  async (t) => {
    const dataDir = makeFolder(t);
    let server = await startServer({ dataDir, settings: SETTINGS });
    t.teardown(() => server.kill());
    const accounts: WireAccount[] = [];
    for (let i = 0; i < RECIPIENTS; i++) {
      accounts.push(await makeAccount({ url: server.origin }, { oneTimeKeys: 0 }));
    }
    const numbers = Array.from({ length: SENDERS }, () => ({ next: 0 }));
    for (let round = 0; round < ROUNDS; round++) {
      const ledger: Ledger = { sent: new Map(), promised: new Set(), seen: new Set(), finished: new Set() };
      const received = new Set<string>();
      const running = server;
      let promised = 0;
      let tellEnough: (() => void) | undefined;
      const enough = new Promise<void>((resolve) => (tellEnough = resolve));
      const onPromised = (): void => {
        promised += 1;
        if (promised === KILL_AFTER) tellEnough?.();
      };
      // Half of the recipients are there and acknowledge, the others are away.
      const load = [
        ...numbers.map((own, sender) => sendAll(running, accounts, sender, own, ledger, onPromised)),
        ...accounts.filter((_, i) => i % 2 === 0).map((account) => receiveAll(running, account, ledger)),
      ];
      await Promise.race([enough, Promise.all(load)]);
      await server.kill();
      await Promise.all(load);
      t.ok(promised >= KILL_AFTER, 'the server was killed under load');
      t.ok(ledger.finished.size > 0, 'some acknowledgements were confirmed before');

      server = await startServer({ dataDir, settings: SETTINGS });
      for (const [recipient, account] of accounts.entries()) {
        const ids = await drain(server, account);
        checkDrained(t, recipient, ids, ledger);
        for (const id of ids) received.add(textOf(id));
      }
      const lost = [...ledger.promised].filter((id) => !ledger.seen.has(id) && !received.has(id));
      t.equal(lost.length, 0, 'nothing that was acknowledged is lost');
    }
    t.equal(await server.stop(), 0);
  },
);

test('a send that was not acknowledged before the kill is repeated by its id and arrives once', async (t) => {
  const dataDir = makeFolder(t);
  let server = await startServer({ dataDir, settings: SETTINGS });
  t.teardown(() => server.kill());
  const account = await makeAccount({ url: server.origin }, { oneTimeKeys: 0 });
  const messages = Array.from({ length: 200 }, (_, number): Message => {
    return { sender: 0, number, recipient: 0, id: randomBytes(16), body: randomBytes(100) };
  });
  const client = await openAnonymous(server.socketOrigin);
  for (const message of messages) client.send(sendTo(account, { ...message, re: message.number }));
  await client.take('sent');
  await server.kill();
  await client.ended;
  server = await startServer({ dataDir, settings: SETTINGS });
  const again = await openAnonymous(server.socketOrigin);
  for (const message of messages) again.send(sendTo(account, { ...message, re: message.number }));
  // What the queue holds already may be answered before what has to be written.
  const answered: number[] = [];
  for (const _ of messages) answered.push((await again.take('sent')).re);
  t.strictSame(
    answered.toSorted((a, b) => a - b),
    messages.map(({ number }) => number),
  );
  const ids = await drain(server, account);
  t.same(ids.map(textOf).toSorted(), messages.map(({ id }) => textOf(id)).toSorted());
  t.equal(await server.stop(), 0);
});

const hasStrace = spawnSync('strace', ['-V']).status === 0;

test(
  'every acknowledgement follows an fsync of its own batch',
  { skip: hasStrace ? false : 'strace is not installed' },
  async (t) => {
    const folder = makeFolder(t);
    const server = await startServer({ dataDir: join(folder, 'data'), settings: SETTINGS });
    t.teardown(() => server.kill());
    const account = await makeAccount({ url: server.origin }, { oneTimeKeys: 0 });
    const client = await openAnonymous(server.socketOrigin);
    const trace = join(folder, 'trace');
    const calls = 'trace=fsync,fdatasync,write,writev,sendmsg';
    const strace = spawn('strace', [
      '-f',
      '-y',
      '-s',
      '0',
      '-e',
      calls,
      '-o',
      trace,
      '-p',
      String(server.pid),
    ]);
    await once(strace.stderr, 'data');
    const one = async (number: number): Promise<void> => {
      const message = { sender: 0, number, recipient: 0, id: randomBytes(16), body: randomBytes(1000) };
      client.send(sendTo(account, { ...message, re: number }));
      await client.take('sent');
    };
    const count = 40;
    for (let number = 0; number < count; number++) await one(number);
    strace.kill('SIGINT');
    await once(strace, 'exit');
    const events = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => /\d\s+(?:fsync|fdatasync)\(|(?:write|writev|sendmsg)\(\d+<(?:socket|TCP)/.test(line))
      .map((line) => (/sync\(/.test(line) ? 'sync' : 'answer'));
    t.equal(
      events.filter((event) => event === 'answer').length,
      count,
      'each send was answered by one write',
    );
    const unsynced = events.filter((event, i) => event === 'answer' && events[i - 1] !== 'sync');
    t.equal(unsynced.length, 0, 'no answer without a sync since the answer before');
    t.equal(await server.stop(), 0);
  },
);
