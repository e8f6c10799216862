// `npm run hostile -- ADDRESS` writes to no server that was not meant, and ends by itself, whatever is typed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { makeInvite } from '@tacet/protocol/rest/people';
import { objectionTo, readArguments } from './hostile/target.ts';
import { makeAccount } from './support/make-account.ts';
import { openTestServer } from './support/open-test-server.ts';
import { readTables } from './support/read-tables.ts';
import { mustCall } from './support/rest-client.ts';

const MAIN = join(import.meta.dirname, 'hostile', 'main.ts');

t.setTimeout(900_000);

async function run(...args: readonly string[]) {
  // Without tap's own marks, which would make a nested runner speak to its parent.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TAP')));
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { status: status as number | null, stdout, stderr };
}

/** A web server that is no Tacet; gives its origin and what it was asked for. */
async function openOther(t: Test, answer: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

t.test('what is neither an address nor part of a test file is told without its secrets', async (t) => {
  const files = ['test/hostile/sessions.test.ts', 'test/e2e/hostile-pages.spec.ts'];
  const wrong: Readonly<Record<string, readonly string[]>> = {
    'another scheme': ['ftp://127.0.0.1/'],
    'a scheme with a letter missing': ['htp://127.0.0.1:1/i/AAAAAAAAAAAAAAAAAAAAAA'],
    'no scheme': ['127.0.0.1:1/i/AAAAAAAAAAAAAAAAAAAAAA'],
    'a host as a scheme': ['localhost:8080'],
    'a page that is no invite': ['http://127.0.0.1:1/settings'],
    'an invite cut short': ['http://127.0.0.1:1/i/AAAA'],
    'an invite whose secret is cut short': ['http://127.0.0.1:1/i/AAAAAAAAAAAAAAAAAAAAAA#secret'],
    'a name and password': ['http://name:password@127.0.0.1:1/'],
    'two addresses': ['http://127.0.0.1:1/', 'http://127.0.0.1:2/'],
    'a file that there is not': ['no-such-file-anywhere'],
    'an option': ['--help'],
    nothing: [''],
  };
  for (const [what, args] of Object.entries(wrong)) {
    const asked = readArguments(args, files);
    t.match(asked, { kind: 'wrong', why: /^[A-Z][^\n]+\.$/ }, what);
    t.notMatch(asked, { why: /password|secret|AAAA/ });
  }
  const invite = 'https://a.example/i/AAAAAAAAAAAAAAAAAAAAAA';
  t.match(readArguments(['sessions', `${invite}#${'A'.repeat(128)}`], files), {
    parts: ['sessions'],
    target: { origin: 'https://a.example', invite: { link: /#A{128}$/ } },
  });
  t.match(readArguments(['https://a.example'], files), {
    parts: [],
    target: { origin: 'https://a.example' },
  });
  t.strictSame(readArguments([], files), { kind: 'rows', parts: [], target: undefined });

  const { status, stdout, stderr } = await run('htp://127.0.0.1:1/');
  t.strictSame([status, stdout], [2, '']);
  t.match(stderr, /^Argument 1 [^\n]+\.\n$/);
});

t.test('a server that is none of ours is asked what it is, and nothing more', async (t) => {
  const answers: Readonly<Record<string, RequestListener>> = {
    'a page for everything': (_request, response) => response.end('<!doctype html>'),
    'a place elsewhere': (_request, response) => response.writeHead(302, { location: '/login' }).end(),
    'nothing there': (_request, response) => response.writeHead(404).end('{}'),
    'no answer': () => undefined,
  };
  for (const [what, answer] of Object.entries(answers)) {
    const { origin, asked } = await openOther(t, answer);
    const objection = await objectionTo({
      origin,
      invite: { link: `${origin}/i/AAAAAAAAAAAAAAAAAAAAAA`, code: 'AAAAAAAAAAAAAAAAAAAAAA' },
    });
    t.match(objection, /^There is no Tacet at [^\n]+\.$/, what);
    t.strictSame(asked, ['GET /v1/server']);
  }
  const nobody = await objectionTo({ origin: 'http://127.0.0.1:9', invite: undefined });
  t.match(nobody, /^There is no Tacet/);
});

t.test('the first invite of a server makes nobody its administrator', async (t) => {
  await using server = await openTestServer({ settings: { TACET_OPEN_SIGN_UP: 'no' } });
  const origin = server.url;
  const first = server.firstInviteLink?.split('/i/')[1] ?? '';
  const objections = await Promise.all(
    ['AAAAAAAAAAAAAAAAAAAAAA', undefined].map((code) =>
      objectionTo({ origin, invite: code === undefined ? undefined : { link: `${origin}/i/${code}`, code } }),
    ),
  );
  t.match(objections, [/^The invite is not good/, /^Nobody comes in/]);
  const { status, stdout, stderr } = await run(`${origin}/i/${first}`, 'foundation');
  t.strictSame([status, stdout], [1, '']);
  t.match(stderr, /^This is the first invite [^\n]+\.\n$/);
  t.strictSame(readTables(server.dataDir)['accounts'], []);

  const settings = { TACET_OPEN_SIGN_UP: 'no' };
  await using other = await openTestServer({ settings });
  const ada = await makeAccount(other, { invite: other.firstInviteLink?.split('/i/')[1] ?? '' });
  const token = ada.devices[0]?.token;
  const { code } = await mustCall(other.url, makeInvite, { token, body: { uses: 1, ageMs: 60_000 } });
  t.equal(
    await objectionTo({ origin: other.url, invite: { link: '', code } }),
    undefined,
    'an ordinary one is good',
  );
});
