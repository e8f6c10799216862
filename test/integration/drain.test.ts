/** The server as a process: its start and its end. What was accepted is finished, sockets are told, the exit code is right. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { WebSocket } from 'ws';
import { encodeFrame, parseFrame } from '@tacet/protocol/frames/frame';
import { ANONYMOUS_PATH } from '@tacet/protocol/frames/client';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { signUp } from '@tacet/protocol/rest/accounts';
import { readInvite } from '@tacet/protocol/rest/people';
import { login } from '@tacet/protocol/rest/sessions';
import { TRANSPORT_VERSION } from '@tacet/protocol/version';
import { WITHOUT_CALLS } from '../support/call-settings.ts';
import { makeAccount, tryLogin, makeDevice } from '../support/make-account.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { callRoute } from '../support/rest-client.ts';
import { startServer } from '../support/server-process.ts';

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

/** Runs the entry with these settings until it ends by itself. */
async function runToEnd(settings: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'] ?? '', TACET_LOG_LEVEL: 'silent', ...WITHOUT_CALLS, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

t.test(
  'a wrong setting stops the start with one sentence that names it, its value and what is allowed',
  async (t) => {
    const dataDir = t.testdir();
    const cases: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [{ TACET_PORT: '80a' }, 'TACET_PORT is "80a"; allowed is a whole number from 0 to 65535.'],
      [
        { TACET_METRICS: 'token' },
        'TACET_METRICS_TOKEN is missing; allowed is a text of 16 to 256 printable characters without spaces.',
      ],
      [
        { TACET_CONFIG: join(dataDir, 'missing.json') },
        `TACET_CONFIG is ${JSON.stringify(join(dataDir, 'missing.json'))}; allowed is the path of a readable JSON file with an object of settings.`,
      ],
    ];
    for (const [settings, sentence] of cases) {
      const { code, out, err } = await runToEnd({ TACET_DATA_DIR: dataDir, ...settings });
      t.strictSame([code, out, err], [2, '', `${sentence}\n`]);
    }
  },
);

t.test('a taken port stops the start with one sentence and leaves nothing running', async (t) => {
  await using server = await openTestServer();
  const { code, err } = await runToEnd({
    TACET_DATA_DIR: t.testdir(),
    TACET_HOST: '127.0.0.1',
    TACET_PORT: String(server.port),
  });
  t.equal(code, 1);
  t.equal(err, 'TACET_PORT names a port that another program uses; choose another or stop that program.\n');
});

t.test('a data folder that is a file stops the start with one sentence', async (t) => {
  const folder = t.testdir({ file: '' });
  const { code, err } = await runToEnd({ TACET_DATA_DIR: join(folder, 'file'), TACET_PORT: '0' });
  t.equal(code, 1);
  t.match(err, /^Tacet could not use TACET_DATA_DIR[^\n]*\n$/);
});

t.test('the start prints the address and, until somebody administers, the first invite', async (t) => {
  const dataDir = t.testdir();
  const first = await startServer({ dataDir, settings: { TACET_OPEN_SIGN_UP: 'no' } });
  const link = /First invite, for the administrator: (\S+)/.exec(first.output())?.[1] ?? '';
  const code = link.split('/i/')[1] ?? '';
  t.equal(link, `${first.origin}/i/${code}`);
  const url = first.socketOrigin.replace('ws:', 'http:');
  t.equal((await callRoute(url, readInvite, { params: { code } })).status, 200);
  await makeAccount({ url }, { invite: code });
  t.equal(await first.stop(), 0);
  const second = await startServer({ dataDir });
  t.notMatch(second.output(), 'First invite');
  t.equal(await second.stop(), 0);
});

t.test(
  'a signal lets accepted requests finish, tells the sockets, closes idle connections and exits with 0',
  async (t) => {
    const dataDir = t.testdir();
    const server = await startServer({ dataDir });
    const url = server.socketOrigin.replace('ws:', 'http:');
    const account = await makeAccount({ url });

    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    await once(idle, 'connect');
    const socket = new WebSocket(server.socketOrigin + ANONYMOUS_PATH);
    await once(socket, 'open');
    socket.send(encodeFrame({ kind: 'hello', version: TRANSPORT_VERSION }));
    await once(socket, 'message');
    const frames: string[] = [];
    socket.on('message', (data: Buffer) => {
      const frame = parseFrame(ServerFrame, data);
      frames.push(frame.kind === 'refused' ? frame.code : frame.kind);
    });
    const socketClosed = once(socket, 'close');

    // The head has arrived and is being waited for when the signal comes; the body comes after it.
    const slow = connect(Number(new URL(url).port), '127.0.0.1');
    await once(slow, 'connect');
    const body = JSON.stringify({ bytes: 'AAAA', signature: 'A'.repeat(86) });
    slow.write(
      `POST ${signUp.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    t.equal(
      (await callRoute(url, login, { body: {} })).code,
      'malformed-request',
      'the head has been read by now',
    );
    let answer = '';
    slow.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    const slowClosed = once(slow, 'close');

    const code = server.stop();
    const [closeCode] = (await socketClosed) as [number];
    t.equal(closeCode, 1012);
    t.strictSame(frames, ['shutting-down']);
    slow.write(body);
    await slowClosed;
    t.match(
      answer,
      /^HTTP\/1\.1 400 [^]*\{"code":"malformed-request"\}/,
      'the slow request got its own answer',
    );
    t.equal(await code, 0);
    idle.destroy();

    const again = await startServer({ dataDir });
    const answerAgain = await tryLogin(
      { url: again.socketOrigin.replace('ws:', 'http:') },
      account,
      makeDevice(),
    );
    t.equal(answerAgain.code, undefined, 'what was answered is there after the restart');
    t.equal(await again.stop(), 0);
  },
);

t.test('closing twice is closing once, and what comes after it is refused', async (t) => {
  const server = await openTestServer();
  const [one, two] = [server.close(), server.close()];
  t.equal(one, two);
  await one;
  await t.rejects(fetch(server.url));
  await server[Symbol.asyncDispose]();
});

t.test('settings come from a file too, and the environment wins', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'data'));
  const file = join(folder, 'tacet.json');
  writeFileSync(
    file,
    JSON.stringify({ TACET_NAME: 'From the file', TACET_OPEN_SIGN_UP: false, TACET_PORT: 1 }),
  );
  const server = await startServer({
    dataDir: join(folder, 'data'),
    settings: { TACET_CONFIG: file, TACET_OPEN_SIGN_UP: 'yes' },
  });
  const answer = await fetch(`${server.socketOrigin.replace('ws:', 'http:')}/v1/server`);
  const { name, inviteOnly } = (await answer.json()) as {
    readonly name: string;
    readonly inviteOnly: boolean;
  };
  t.strictSame({ name, inviteOnly }, { name: 'From the file', inviteOnly: false });
  await server.stop();
});
