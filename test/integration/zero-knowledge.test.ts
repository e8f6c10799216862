/**
 * What the server is told and what it keeps, looked through byte by byte: every request and frame of two clients, every file of the data
 * folder with its write-ahead log, every log line at its wordiest, every metric.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { ANONYMOUS_PATH } from '@tacet/protocol/frames/client';
import { accountOf, isOnline, linesOf, openTestClient, openWith, textsOf } from '../support/make-client.ts';
import { holds } from '../support/needles.ts';
import type { Wire } from '../support/node-ports.ts';
import { recordLog } from '../support/recorded-log.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';

t.setTimeout(300_000);

/** A secret of 24 letters and digits that stands nowhere by chance. */
function makeCanary(): string {
  return randomBytes(12).toString('hex');
}

/** Everything that a client tells a server, by the path that it goes to. */
class Ear implements Wire {
  readonly #heard: { readonly path: string; readonly bytes: Buffer }[] = [];

  request(request: Parameters<NonNullable<Wire['request']>>[0]): void {
    const { path, headers, body } = request;
    this.#heard.push({ path, bytes: Buffer.from(JSON.stringify({ path, headers, body })) });
  }
  toServer(path: string, bytes: Uint8Array): Uint8Array {
    this.#heard.push({ path, bytes: Buffer.from(bytes) });
    return bytes;
  }
  all(path?: string): Buffer {
    const heard = this.#heard.filter((each) => path === undefined || each.path === path);
    return Buffer.concat(heard.map(({ bytes }) => bytes));
  }
}

function filesOf(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

t.test(
  'messages, names, passphrases and contacts are in nothing that the server is told, keeps or logs',
  async (t) => {
    const { lines, logger } = recordLog('debug');
    await using server = await openTestServer({ overrides: { logger } });
    const ear = new Ear();
    const canaries = {
      adasName: makeCanary(),
      bensName: makeCanary(),
      toBen: makeCanary(),
      toAda: makeCanary(),
      waiting: makeCanary(),
    };

    const ada = openTestClient({ url: server.url, wire: ear });
    const ben = openTestClient({ url: server.url, wire: ear });
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    await ada.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    const adasPassphrase = await ada.commands.suggestPassphrase();
    await ada.commands.signUp({
      username: 'public-name-ada',
      name: canaries.adasName,
      passphrase: adasPassphrase,
      invite: undefined,
    });
    await isOnline(ada);
    const { link } = await ada.commands.makeInvite();
    await ben.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    const bensPassphrase = await ben.commands.suggestPassphrase();
    await ben.commands.signUp({
      username: 'public-name-ben',
      name: canaries.bensName,
      passphrase: bensPassphrase,
      invite: link,
    });
    const toAda = await openWith(ben, canaries.adasName);
    const toBen = await openWith(ada, canaries.bensName);
    await ada.commands.sendText(toBen, canaries.toBen);
    await ben.waitFor('the message', (state) => textsOf(state).includes(canaries.toBen));
    await ben.commands.sendText(toAda, canaries.toAda);
    await ada.waitFor('the answer', (state) => textsOf(state).includes(canaries.toAda));
    await ben.close();
    await ada.commands.sendText(toBen, canaries.waiting);
    await ada.waitFor('on the server', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');

    const metrics = Buffer.from(await (await fetch(`${server.url}/metrics`)).text());
    const places = {
      told: ear.all(),
      kept: filesOf(server.dataDir),
      logged: Buffer.from(lines.join('')),
      metrics,
    };
    t.ok(places.logged.length > 100 && metrics.length > 100, 'there were logs and metrics');
    t.ok(
      holds(places.told, 'public-name-ada') && holds(places.kept, 'public-name-ada'),
      'what is public is found',
    );
    const [, fragment = ''] = link.split('#');
    const secrets = { ...canaries, adasPassphrase, bensPassphrase, fragment: fragment.slice(0, 24) };
    for (const [place, bytes] of Object.entries(places))
      for (const [name, secret] of Object.entries(secrets))
        t.notOk(holds(bytes, secret), `${name} is not ${place}`);
    t.notOk(
      holds(places.logged, 'public-name-ada') || holds(metrics, 'public-name-ada'),
      'usernames are not logged',
    );

    const { accounts = [], records = [], credentials = [] } = readTables(server.dataDir);
    const ids = accounts.map(({ id }) => id as Uint8Array);
    t.equal(ids.length, 2);
    for (const id of ids)
      for (const row of [...records, ...credentials])
        t.notOk(
          holds((row['sealed'] ?? row['vault']) as Uint8Array, id),
          'a contact list does not show who is on it',
        );
  },
);

t.test('no envelope, stored or delivered, and no frame that brings one says who sent it', async (t) => {
  await using server = await openTestServer();
  const adasEar = new Ear();
  const delivered: Uint8Array[] = [];
  const bensWire: Wire = {
    toClient(_path, bytes) {
      delivered.push(bytes);
      return [bytes];
    },
  };
  const ada = openTestClient({ url: server.url, wire: adasEar });
  await ada.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  const passphrase = await ada.commands.suggestPassphrase();
  await ada.commands.signUp({ username: 'sender-of-it-all', name: 'Ada', passphrase, invite: undefined });
  await isOnline(ada);
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url: server.url, wire: bensWire });
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ben.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await ben.commands.signUp({ username: 'recipient', name: 'Ben', passphrase, invite: link });
  await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  await ada.commands.sendText(toBen, 'first');
  await ben.waitFor('the first', (state) => textsOf(state).includes('first'));
  await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');

  // From here on nothing but Ada's messages reaches Ben: some while he is there, some while he is not.
  const told = adasEar.all(ANONYMOUS_PATH).length;
  delivered.length = 0;
  await ada.commands.sendText(toBen, 'while he is there');
  await ben.waitFor('the second', (state) => textsOf(state).includes('while he is there'));
  const live = Buffer.concat(delivered);
  ben.crash();
  await ada.commands.sendText(toBen, 'while he is away');
  await ada.waitFor('on the server', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');

  const tables = readTables(server.dataDir);
  const sender = tables['accounts']?.find(({ username }) => username === 'sender-of-it-all') ?? {};
  const recipient = tables['accounts']?.find(({ username }) => username === 'recipient') ?? {};
  const ofSender = ({ account }: Readonly<Record<string, unknown>>): boolean =>
    Buffer.compare(account as Uint8Array, sender['id'] as Uint8Array) === 0;
  const device = tables['devices']?.find(ofSender) ?? {};
  const session = tables['sessions']?.find(ofSender) ?? {};
  const isSenders = (row: Readonly<Record<string, unknown>>): boolean =>
    Buffer.compare(row['device'] as Uint8Array, device['id'] as Uint8Array) === 0;
  // The sender's own queue names her device, of course; the recipient's must not.
  const queue = tables['queues']?.find((row) => !isSenders(row)) ?? {};
  const waiting = (tables['envelopes'] ?? []).filter((row) => row['queue'] === queue['number']);
  t.ok(waiting.length > 0, 'an envelope waits');
  const stored = Buffer.concat(
    [queue, ...waiting]
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)))),
  );
  const marks: Readonly<Record<string, Uint8Array | string>> = {
    account: sender['id'] as Uint8Array,
    'account key': sender['account_key'] as Uint8Array,
    username: 'sender-of-it-all',
    device: device['id'] as Uint8Array,
    'signed prekey': device['signed_key'] as Uint8Array,
    'session key': session['session_key'] as Uint8Array,
    'conversation id': accountOf(ada),
  };
  const sent = adasEar.all(ANONYMOUS_PATH).subarray(told);
  const places = { stored, delivered: live, brought: sent };
  t.ok(holds(sent, recipient['id'] as Uint8Array), 'the recipient is found where he must stand');
  for (const [place, bytes] of Object.entries(places)) {
    t.ok(bytes.length > 500, `something was ${place}`);
    for (const [name, mark] of Object.entries(marks)) t.notOk(holds(bytes, mark), `no ${name} is ${place}`);
  }
});

t.test('the search finds a secret in each form', (t) => {
  const secret = makeCanary();
  for (const before of ['', 'a', 'ab']) {
    const text = Buffer.from(`${before}${secret}behind`);
    for (const dress of ['base64', 'base64url', 'hex', 'utf8'] as const)
      t.ok(holds(Buffer.from(text.toString(dress)), secret), `${dress} after ${before.length}`);
  }
  t.ok(holds(Buffer.from(secret, 'utf16le'), secret));
  t.notOk(holds(Buffer.from(makeCanary()), secret));
  t.end();
});
