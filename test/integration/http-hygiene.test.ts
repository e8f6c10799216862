/** What holds for every route and path: typed refusals of bad input, headers, limits, the static client, operations, logs. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { ERRORS, isErrorCode } from '@tacet/protocol/errors';
import { RATES } from '@tacet/protocol/limits';
import { ROUTES } from '@tacet/protocol/rest/index';
import { readInvite, readServer } from '@tacet/protocol/rest/people';
import { login } from '@tacet/protocol/rest/sessions';
import type { Route } from '@tacet/protocol/route';
import { openTestServer } from '../support/open-test-server.ts';
import {
  linkDevice,
  makeAccount,
  makeDevice,
  makeSigningKey,
  tryLogin,
  type WireAccount,
} from '../support/make-account.ts';
import { readTables } from '../support/read-tables.ts';
import { recordLog } from '../support/recorded-log.ts';
import { callRoute, mustCall, type RestCall } from '../support/rest-client.ts';

const tokenOf = (account: WireAccount): string => account.devices[0]?.token ?? '';
const withBody = ROUTES.filter((route) => 'body' in route);
const withSession = ROUTES.filter((route) => route.auth !== 'none');
const params = { code: encodeB64u(randomBytes(16)) };

/** Calls any route, without knowing which. */
function call(url: string, route: Route, options: RestCall) {
  return callRoute(url, route, { params, ...options });
}

t.test(
  'every route with a session refuses a call without a token, and every body limit is enforced',
  async (t) => {
    await using server = await openTestServer();
    const token = tokenOf(await makeAccount(server));
    const before = readTables(server.dataDir);
    for (const route of withSession) {
      const answer = await call(server.url, route, 'body' in route ? { body: {} } : {});
      t.equal(answer.code, 'unauthorized', route.name);
      t.equal(answer.status, 401);
    }
    for (const route of withBody) {
      const body = JSON.stringify({ bytes: 'A'.repeat(route.bodyMaxBytes) });
      const answer = await call(server.url, route, { token, body });
      t.equal(answer.code, 'too-large', route.name);
      t.equal(answer.status, 413);
    }
    t.strictSame(readTables(server.dataDir), before);
  },
);

t.test('every route with a body refuses what is not exactly its schema, and nothing changes', async (t) => {
  await using server = await openTestServer();
  const token = tokenOf(await makeAccount(server));
  const before = readTables(server.dataDir);
  const bad: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['broken JSON', '{"bytes":'],
    ['no object', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['an unknown property', '{"unknown":1}'],
    ['the prototype', '{"__proto__":{"bytes":"AA"}}'],
    ['the constructor', '{"constructor":{"prototype":{"x":1}}}'],
    [
      'a wrong type',
      '{"bytes":1,"signature":2,"version":"1","username":7,"account":{},"hash":[],"uses":"1","departure":3}',
    ],
    ['a lone surrogate', '"\ud800"'],
  ];
  for (const route of withBody) {
    for (const [title, body] of bad) {
      const headers = { 'content-type': 'application/json' };
      const answer = await call(server.url, route, { token, body, headers });
      t.equal(answer.code, 'malformed-request', `${route.name}: ${title}`);
      t.equal(answer.status, 400);
    }
  }
  t.strictSame(readTables(server.dataDir), before);
});

t.test(
  'every signed request refuses wrong base64, wrong lengths, wrong CBOR and foreign labels',
  async (t) => {
    await using server = await openTestServer();
    const token = tokenOf(await makeAccount(server));
    const before = readTables(server.dataDir);
    const signature = encodeB64u(randomBytes(64));
    const label = (text: string, rest: Uint8Array): string =>
      encodeB64u(Buffer.concat([Buffer.from(`${text}\0`), rest]));
    const bodies = [
      { bytes: 'AA=', signature },
      { bytes: 'AB', signature },
      { bytes: 'A', signature },
      { bytes: '+/+/', signature },
      { bytes: 'AAAA', signature: signature.slice(1) },
      { bytes: 'AAAA', signature: `${signature}AA` },
      { bytes: '', signature },
      { bytes: encodeB64u(randomBytes(200)), signature },
      { bytes: label('Tacet/login/v1', Buffer.of(0xa0)), signature },
      { bytes: label('Tacet/login/v2', Buffer.of(0xa0)), signature },
      { bytes: label('Tacet/sign-up/v1', Buffer.of(0xbf, 0xff)), signature },
      { bytes: label('Tacet/add-device/v1', Buffer.alloc(5_000, 0x81)), signature },
      { bytes: label('Tacet/renewal/v1', Buffer.from('a2616101616102', 'hex')), signature },
      { bytes: label('Tacet/renewal/v1', Buffer.from('a1695f5f70726f746f5f5fa0', 'hex')), signature },
    ];
    const signed = ROUTES.filter(
      (route) => 'body' in route && 'bytes' in (route.body as { properties: object }).properties,
    );
    t.equal(signed.length, 11, 'all signed requests are tried');
    for (const route of signed) {
      for (const body of bodies) {
        const answer = await call(server.url, route, { token, body });
        t.equal(answer.code, 'malformed-request', `${route.name}: ${JSON.stringify(body).slice(0, 50)}`);
      }
    }
    t.strictSame(readTables(server.dataDir), before);
  },
);

t.test('other media types, methods, paths and versions have a refusal of their own', async (t) => {
  await using server = await openTestServer();
  const body = '{}';
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/cbor',
  ]) {
    const answer = await call(server.url, login, { body, headers: { 'content-type': type } });
    t.equal(answer.code, 'unsupported-media-type', type);
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const known: readonly string[] = ROUTES.filter((route) => route.path === path).map(
      (route) => route.method,
    );
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (known.includes(method)) continue;
      const response = await fetch(server.url + path.replace(':code', params.code), { method });
      t.equal(response.status, 405, `${method} ${path}`);
      t.equal(response.headers.get('allow'), known.join(', '));
    }
  }
  for (const path of [
    '/v1',
    '/v1/nothing',
    '/v2/server',
    '/v1/server/',
    '/V1/server',
    '/metrics/x',
    '/health',
    '/.env',
    '/a.b',
  ]) {
    const response = await fetch(server.url + path);
    t.strictSame([response.status, await response.json()], [404, { code: 'not-found' }], path);
  }
  for (const version of ['0', '2', 'x', '1.5']) {
    const answer = await call(server.url, readServer, { headers: { 'tacet-version': version } });
    t.equal(answer.code, 'unsupported-version', version);
  }
  t.equal((await call(server.url, readServer, { headers: { 'tacet-version': '1' } })).status, 200);
});

t.test('every refusal is a code of the catalogue with its status, and holds no text', async (t) => {
  await using server = await openTestServer();
  const paths = [
    '/v1/nothing',
    '/v1/account/record',
    `/v1/invites/${params.code}`,
    '/v1/invites/x',
    '/%zz',
    `/v1/invites/${'A'.repeat(300)}`,
  ];
  for (const path of paths) {
    const response = await fetch(server.url + path);
    const reply = (await response.json()) as { code: string };
    t.strictSame(Object.keys(reply), ['code'], path);
    t.ok(isErrorCode(reply.code), `${path}: ${reply.code}`);
    if (isErrorCode(reply.code)) t.equal(response.status, ERRORS[reply.code].status);
    t.equal(response.headers.get('cache-control'), 'no-store');
    t.ok(response.headers.get('content-security-policy'), 'the headers stand on refusals too');
  }
});

/** Sends bytes as they are and gives the whole answer. */
function speakRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

t.test('what is not HTTP gets a typed refusal and the connection ends', async (t) => {
  await using server = await openTestServer();
  t.match(
    await speakRaw(server.port, 'NONSENSE\r\n\r\n'),
    /^HTTP\/1\.1 400 [^]*\{"code":"malformed-request"\}$/,
  );
  const huge = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`;
  t.match(await speakRaw(server.port, huge), /^HTTP\/1\.1 413 [^]*\{"code":"too-large"\}$/);
  const smuggled =
    'POST /v1/challenges HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
  t.match(await speakRaw(server.port, smuggled), /^HTTP\/1\.1 400 /);
});

const PAGE = '<!doctype html><title>Tacet</title>';
function makeClient(folder: string): string {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'assets', 'main-AbC123.js'), `/* ${'tacet '.repeat(2_000)}*/`);
  writeFileSync(join(folder, 'assets', 'core.wasm'), randomBytes(2_000));
  writeFileSync(join(folder, 'manifest.webmanifest'), '{}');
  writeFileSync(join(folder, 'notes.secret'), 'not a file of the client');
  return folder;
}

t.test('every response has the security headers', async (t) => {
  const client = makeClient(join(t.testdir(), 'client'));
  await using server = await openTestServer({ settings: { TACET_CLIENT_DIR: client } });
  for (const path of [
    '/',
    '/c/somebody',
    '/assets/main-AbC123.js',
    '/v1/server',
    '/v1/nothing',
    '/health/live',
    '/metrics',
    '/openapi.json',
  ]) {
    const { headers } = await fetch(server.url + path);
    if (/json/.test(headers.get('content-type') ?? '')) {
      // Neither a document nor a worker: shown as a page it may do nothing at all.
      const policy = "default-src 'none'; frame-ancestors 'none'; sandbox";
      t.equal(headers.get('content-security-policy'), policy, path);
    } else {
      const csp = new Map(
        (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
          const [name = '', ...values] = directive.split(' ');
          return [name, values.join(' ')] as const;
        }),
      );
      t.strictSame(
        Object.fromEntries(csp),
        {
          'default-src': "'none'",
          'script-src': "'self' 'wasm-unsafe-eval'",
          'style-src': "'self'",
          'img-src': "'self' blob:",
          'media-src': "'self' blob:",
          'font-src': "'self'",
          'connect-src': `'self' ws://localhost:${server.port} ws://127.0.0.1:${server.port}`,
          'worker-src': "'self'",
          'manifest-src': "'self'",
          'form-action': "'self'",
          'frame-ancestors': "'none'",
          'base-uri': "'none'",
          'require-trusted-types-for': "'script'",
          'trusted-types': 'tacet',
        },
        path,
      );
    }
    t.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
    t.equal(headers.get('cross-origin-embedder-policy'), 'require-corp');
    t.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
    t.equal(headers.get('x-content-type-options'), 'nosniff');
    t.equal(headers.get('referrer-policy'), 'no-referrer');
    // It means something to documents alone.
    const features = headers.get('permissions-policy');
    if (path === '/' || path === '/c/somebody') t.match(features, /camera=\(self\).*geolocation=\(\)/);
    else t.equal(features, null, path);
    t.equal(headers.get('strict-transport-security'), null, 'not without TLS');
    t.equal(headers.get('access-control-allow-origin'), null);
    t.equal(headers.get('x-powered-by'), null);
    t.equal(headers.get('server'), null);
  }
});

t.test('behind TLS the browser is told to stay there', async (t) => {
  await using server = await openTestServer({ settings: { TACET_ORIGIN: 'https://chat.example.org' } });
  const { headers } = await fetch(`${server.url}/metrics`);
  t.equal(headers.get('strict-transport-security'), 'max-age=31536000');
  t.match(headers.get('content-security-policy'), /connect-src 'self' wss:\/\/chat\.example\.org;/);
});

t.test('the client is served compressed, hashed names for ever, the page anew each time', async (t) => {
  const client = makeClient(join(t.testdir(), 'client'));
  await using server = await openTestServer({ settings: { TACET_CLIENT_DIR: client } });
  const script = await fetch(`${server.url}/assets/main-AbC123.js`, {
    headers: { 'accept-encoding': 'gzip' },
  });
  t.equal(script.headers.get('content-encoding'), 'gzip');
  t.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
  t.equal(script.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  t.equal(script.headers.get('vary'), 'accept-encoding');
  t.ok(Number(script.headers.get('content-length')) < 500);
  t.match(await script.text(), /tacet tacet/);
  const plain = await fetch(`${server.url}/assets/main-AbC123.js`, {
    headers: { 'accept-encoding': 'gzip;q=0, identity' },
  });
  t.equal(plain.headers.get('content-encoding'), null);
  t.equal((await fetch(`${server.url}/assets/core.wasm`)).headers.get('content-type'), 'application/wasm');

  for (const path of [
    '/',
    '/c/x1_-',
    '/i/0PlbeIUD4wJJyXfRjnfN_w',
    '/settings',
    '/settings/devices',
    '/?q=1',
  ]) {
    const page = await fetch(server.url + path);
    t.equal(await page.text(), PAGE, path);
    t.equal(page.headers.get('cache-control'), 'no-cache');
    t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  }
  const etag = (await fetch(`${server.url}/`)).headers.get('etag') ?? '';
  const again = await fetch(`${server.url}/`, { headers: { 'if-none-match': etag } });
  t.equal(again.status, 304);
  const head = await fetch(`${server.url}/assets/main-AbC123.js`, { method: 'HEAD' });
  t.equal(head.status, 200);

  for (const path of [
    '/notes.secret',
    '/assets/missing.js',
    '/assets/',
    '/../package.json',
    '/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/index.html/x',
  ]) {
    t.equal((await fetch(server.url + path)).status, 404, path);
  }
  t.equal((await fetch(`${server.url}/settings`, { method: 'POST' })).status, 404);
});

t.test('compressed forms that the build made are served as they are', async (t) => {
  const client = makeClient(join(t.testdir(), 'client'));
  writeFileSync(join(client, 'assets', 'main-AbC123.js.br'), 'made by the build');
  await using server = await openTestServer({ settings: { TACET_CLIENT_DIR: client } });
  const answer = await speakRaw(
    server.port,
    'GET /assets/main-AbC123.js HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip, br\r\nconnection: close\r\n\r\n',
  );
  t.match(answer, /content-encoding: br\r\n[^]*made by the build$/);
});

t.test('a client that is not built leaves the routes as they are', async (t) => {
  await using server = await openTestServer();
  const response = await fetch(server.url);
  t.strictSame([response.status, await response.json()], [404, { code: 'not-found' }]);
});

t.test('public reads, unknown paths and refused tokens are limited by address', async (t) => {
  await using server = await openTestServer({ settings: { TACET_RATE_FACTOR: '1' } });
  const until = async (most: number, ask: () => Promise<number>): Promise<number> => {
    for (let i = 1; i <= most; i++) if ((await ask()) === 429) return i;
    return 0;
  };
  const unknown = await until(
    RATES.unknown.burst + 20,
    async () => (await fetch(`${server.url}/v1/nothing`)).status,
  );
  t.ok(unknown > RATES.unknown.burst, String(unknown));
  const tokens = await until(RATES.public.burst + 40, async () => {
    const token = encodeB64u(randomBytes(32));
    return (await fetch(`${server.url}/v1/account/record`, { headers: { authorization: `Bearer ${token}` } }))
      .status;
  });
  t.ok(tokens > RATES.public.burst, String(tokens));
});

t.test(
  'addresses are those of the connection unless a proxy is trusted; an IPv6 household is one address',
  async (t) => {
    const ask = (url: string, from: string) =>
      fetch(`${url}/v1/nothing`, { headers: { 'x-forwarded-for': from } });
    const limitedAfter = async (url: string, from: (i: number) => string): Promise<boolean> => {
      for (let i = 0; i < RATES.unknown.burst + 20; i++)
        if ((await ask(url, from(i))).status === 429) return true;
      return false;
    };
    const settings = { TACET_RATE_FACTOR: '1' } as const;
    await using plain = await openTestServer({ settings });
    t.ok(await limitedAfter(plain.url, (i) => `192.0.2.${i}`), 'a header of the client is not believed');
    await using proxied = await openTestServer({ settings: { ...settings, TACET_TRUST_PROXY: 'loopback' } });
    t.notOk(await limitedAfter(proxied.url, (i) => `192.0.2.${i}`));
    t.ok(await limitedAfter(proxied.url, (i) => `2001:db8:1:2:${i.toString(16)}::1`), 'one /64');
    t.notOk(await limitedAfter(proxied.url, (i) => `2001:db8:1:${(i + 16).toString(16)}::1`), 'many');
  },
);

t.test('health tells life and readiness', async (t) => {
  await using server = await openTestServer();
  for (const [path, status] of [
    ['/health/live', 'live'],
    ['/health/ready', 'ready'],
  ] as const) {
    const response = await fetch(server.url + path);
    t.strictSame([response.status, await response.json()], [200, { status }]);
  }
});

t.test('metrics are for this machine, or for who has the token, and name nobody', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server, { username: 'metricsname' });
  await callRoute(server.url, readInvite, { params });
  const response = await fetch(`${server.url}/metrics`);
  t.equal(response.status, 200);
  const text = await response.text();
  t.match(text, /tacet_http_request_seconds_count\{route="\/v1\/accounts",status="2xx"\} 1/);
  t.match(text, /tacet_http_request_seconds_count\{route="\/v1\/invites\/:code",status="4xx"\} 1/);
  t.match(text, /tacet_http_refusals_total\{code="invite-invalid"\} 1/);
  for (const trace of ['metricsname', account.id, account.devices[0]?.id ?? '?', params.code, '127.0.0.1'])
    t.notMatch(text, trace);
  t.equal(
    (await fetch(`${server.url}/metrics`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status,
    404,
    'not through a proxy',
  );

  const token = 'a-token-for-metrics';
  await using guarded = await openTestServer({
    settings: { TACET_METRICS: 'token', TACET_METRICS_TOKEN: token },
  });
  const ask = async (authorization?: string) =>
    (await fetch(`${guarded.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } }))
      .status;
  t.equal(await ask(), 404);
  t.equal(await ask('Bearer wrong'), 404);
  t.equal(await ask(`Bearer ${token}`), 200);
  await using off = await openTestServer({ settings: { TACET_METRICS: 'off' } });
  t.equal((await fetch(`${off.url}/metrics`)).status, 404);
});

t.test('the OpenAPI document has every route', async (t) => {
  await using server = await openTestServer();
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  };
  t.match(document.openapi, /^3\./);
  const found = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  t.strictSame(found.toSorted(), ROUTES.map(({ name }) => name as string).toSorted());
});

t.test(
  'no log line at any level holds an address, a name, a token, a code or anything a client sent',
  async (t) => {
    const { lines, logger } = recordLog('debug');
    await using server = await openTestServer({
      settings: { TACET_LOG_LEVEL: 'debug', TACET_TRUST_PROXY: 'loopback' },
      overrides: { logger },
    });
    const headers = { 'x-forwarded-for': '203.0.113.77', 'user-agent': 'telltale-agent' };
    const account = await makeAccount(server, { username: 'telltale' });
    const device = await linkDevice(server, account);
    await callRoute(server.url, readInvite, { params, headers });
    await callRoute(server.url, login, {
      body: '{"telltale',
      headers: { ...headers, 'content-type': 'application/json' },
    });
    await callRoute(server.url, login, { body: { telltale: 1 }, headers });
    await tryLogin(server, { ...account, loginKey: makeSigningKey() }, makeDevice());
    await fetch(`${server.url}/telltale?telltale=1`, { headers });
    await fetch(`${server.url}/%telltale`, { headers });
    await mustCall(server.url, readServer, { headers: { referer: 'http://telltale.example/' } });
    await speakRaw(server.port, 'telltale\r\n\r\n');
    const text = lines.join('');
    t.match(text, '"route":"/v1/invites/:code"', 'requests are logged by pattern');
    const traces = [
      'telltale',
      '203.0.113.77',
      '127.0.0.1',
      params.code,
      device.token,
      account.id,
      device.id,
      device.refreshToken ?? '?',
    ];
    for (const trace of traces) t.notOk(text.includes(trace), trace);
  },
);

t.test('the page is compressed once, and the compressed form is the page', async (t) => {
  const client = makeClient(join(t.testdir(), 'client'));
  const page = `<!doctype html>${'<p>quiet</p>'.repeat(500)}`;
  writeFileSync(join(client, 'index.html'), page);
  await using server = await openTestServer({ settings: { TACET_CLIENT_DIR: client } });
  const raw = await speakRaw(
    server.port,
    'GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n',
  );
  const body = Buffer.from(raw.slice(raw.indexOf('\r\n\r\n') + 4), 'latin1');
  t.equal(gunzipSync(body).toString(), page);
});
