/**
 * What an answer tells beside its words: nothing. A sign-in under a name that exists and under one that does not are the same answer after
 * the same work; what stands in one bucket is equally long on the wire; names are tried one at a time, as often as the limit allows.
 */
import Sqlite from 'better-sqlite3';
import t from 'tap';
import { ANONYMOUS_PATH, SOCKET_PATH } from '@tacet/protocol/frames/client';
import { idBytes } from '@tacet/protocol/ids';
import { RATES } from '@tacet/protocol/limits';
import { lookup } from '@tacet/protocol/rest/people';
import { login } from '@tacet/protocol/rest/sessions';
import { signedLogin } from '@tacet/protocol/signed/requests';
import {
  freshChallenge,
  makeAccount,
  makeDevice,
  makeSigningKey,
  makeUsername,
  signRequest,
  trySignUp,
} from '../support/make-account.ts';
import { linesOf, textsOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { callRoute } from '../support/rest-client.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';
import type { Wire } from '../support/node-ports.ts';

t.setTimeout(300_000);

/** Notes every statement that any database of this process runs, until `stop`. */
function noteStatements(): { readonly run: string[]; stop(): void } {
  const database = new Sqlite(':memory:');
  const prototype = Object.getPrototypeOf(database.prepare('select 1')) as Record<
    'get' | 'all' | 'run',
    (this: { readonly source: string }, ...values: readonly unknown[]) => unknown
  >;
  const honest = { get: prototype.get, all: prototype.all, run: prototype.run };
  const run: string[] = [];
  for (const name of ['get', 'all', 'run'] as const)
    prototype[name] = function (...values) {
      run.push(this.source);
      return Reflect.apply(honest[name], this, values) as unknown;
    };
  return {
    run,
    stop() {
      Object.assign(prototype, honest);
      database.close();
    },
  };
}

t.test(
  'a sign-in under a known and an unknown name is one answer, byte for byte, after the same work',
  async (t) => {
    await using server = await openTestServer();
    const { username: known } = await makeAccount(server);
    const device = makeDevice();
    const key = makeSigningKey();

    async function attempt(username: string) {
      const request = {
        origin: server.url,
        challenge: await freshChallenge(server),
        username,
        device: idBytes(device.id),
        sessionKey: device.sessionKey.publicKey,
      };
      const body = JSON.stringify(signRequest(signedLogin, request, key));
      const noted = noteStatements();
      try {
        const response = await fetch(server.url + login.path, {
          method: login.method,
          headers: { 'content-type': 'application/json' },
          body,
        });
        const text = await response.text();
        const headers = [...response.headers].filter(([name]) => name !== 'date');
        return { status: response.status, headers, text, work: [...noted.run] };
      } finally {
        noted.stop();
      }
    }

    // The first of each may compile what the others find compiled.
    await attempt(known);
    for (let round = 0; round < 3; round++) {
      const unknown = await attempt(makeUsername());
      t.strictSame(await attempt(known), unknown);
      t.match(unknown, { status: 401, text: '{"code":"login-refused"}' });
      t.equal(unknown.work.length, 1, 'the work was seen');
    }
  },
);

t.test(
  'short and longer texts, reactions and receipts are equally long on the wire, sent and delivered',
  async (t) => {
    await using server = await openTestServer();
    const sizes = { sent: new Set<number>(), delivered: new Set<number>() };
    let isListening = false;
    const adas: Wire = {
      toServer(path, bytes) {
        if (isListening && path === ANONYMOUS_PATH && bytes.length > 256) sizes.sent.add(bytes.length);
        return bytes;
      },
    };
    const bens: Wire = {
      toClient(path, bytes) {
        if (isListening && path === SOCKET_PATH && bytes.length > 256) sizes.delivered.add(bytes.length);
        return [bytes];
      },
    };
    const { ada, ben, toBen } = await makeSpokenPair(server.url, {
      adas: { wire: adas },
      bens: { wire: bens },
    });
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    isListening = true;
    const texts = ['y', 'no', 'See you at half past five, at the usual place', 'x'.repeat(150)];
    for (const text of texts) {
      await ada.commands.sendText(toBen, text);
      await ben.waitFor(text, (state) => textsOf(state).includes(text));
    }
    const [hello] = linesOf(ada.state);
    if (hello === undefined) throw new Error('no line');
    await ada.commands.react(toBen, { id: hello.id, mine: true }, '👍');
    await ben.waitFor('the reaction', (state) => linesOf(state)[0]?.reactions?.length === 1);
    t.equal(sizes.sent.size, 1, `sent: ${[...sizes.sent].join(', ')}`);
    t.equal(sizes.delivered.size, 1, `delivered: ${[...sizes.delivered].join(', ')}`);
  },
);

t.test(
  'names are tried one at a time, as often as the limit allows, and no account tries for another',
  async (t) => {
    // The time stands still, so that no bucket drains however slow the machine is.
    const clock = { now: () => 1_790_000_000_000 };
    await using server = await openTestServer({ settings: { TACET_RATE_FACTOR: '1' }, overrides: { clock } });
    const ada = await makeAccount(server, { username: 'ada' });
    const ben = await makeAccount(server, { username: 'ben' });
    const [adas, bens] = [ada, ben].map(({ devices }) => devices[0]?.token ?? '');
    const many: readonly unknown[] = [
      { username: ['ada', 'ben'] },
      { usernames: ['ada', 'ben'] },
      [{ username: 'ada' }, { username: 'ben' }],
      { username: 'ada,ben' },
      { username: 'ad*' },
      { username: '' },
    ];
    for (const body of many)
      t.equal((await callRoute(server.url, lookup, { body, token: adas })).code, 'malformed-request');
    t.equal((await callRoute(server.url, lookup, { body: { username: 'ben' } })).code, 'unauthorized');

    // Found or not, refused for its form or not: each try counts.
    const answers: (string | undefined)[] = [];
    for (let i = 0; i < RATES.lookup.burst + 1 - many.length; i++) {
      const username = i % 2 === 0 ? 'ben' : makeUsername();
      answers.push((await callRoute(server.url, lookup, { body: { username }, token: adas })).code);
    }
    t.equal(answers.at(-1), 'rate-limited');
    t.strictSame(new Set(answers.slice(0, -1)), new Set([undefined, 'account-unknown']));
    t.equal(
      (await callRoute(server.url, lookup, { body: { username: 'ada' }, token: bens })).code,
      undefined,
    );

    // The other question that tells of a name, asked by whoever makes an account, is limited by address.
    const taken: (string | undefined)[] = [];
    for (let i = 0; i < RATES.signUp.burst; i++)
      taken.push((await trySignUp(server, { username: 'ada' })).answer.code);
    t.strictSame(new Set(taken), new Set(['username-taken', 'rate-limited']));
    t.equal(taken.at(-1), 'rate-limited');
  },
);
