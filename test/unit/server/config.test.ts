import { join } from 'node:path';
import { test } from 'tap';
import { buildConfig, withConfigFile } from '../../../server/config/config.ts';
import {
  readEnvironment,
  settings,
  type SettingName,
  type SettingTexts,
} from '../../../server/config/env.ts';
import { Origins } from '../../../server/config/origins.ts';
import { buildSecrets } from '../../../server/config/secrets.ts';
import { ConfigError } from '../../../server/config/values.ts';

const DAY_MS = 86_400_000;

test('without any setting the server is what a newcomer expects', (t) => {
  const { dataDir, clientDir, calls, ...config } = buildConfig({});
  t.same(config, {
    host: 'localhost',
    port: 8080,
    origins: [],
    name: 'Tacet',
    openSignUp: false,
    rateFactor: 1,
    queueAgeMs: 90 * DAY_MS,
    logLevel: 'info',
    trustProxy: [],
    metrics: 'loopback',
    backupKeyFile: undefined,
  });
  t.equal(dataDir, join(process.cwd(), 'data'));
  t.match(clientDir, /client\/dist$/);
  t.match(calls, {
    stunPort: 3478,
    stunAddresses: ['127.0.0.1', '::1'],
    turnUrls: [],
    media: { kind: 'embedded', port: 44_400, listenIp: '127.0.0.1' },
  });
  t.end();
});

const bad: readonly (readonly [SettingName, readonly string[]])[] = [
  ['TACET_HOST', ['', 'a b', '-x', 'http://x', 'x_y']],
  ['TACET_PORT', ['-1', '65536', '80.5', '8e1', '0x50', 'http', ' 80 80']],
  [
    'TACET_ORIGIN',
    [
      'chat.example.org',
      'https://x/',
      'https://x/path',
      'ftp://x',
      'https://user@x',
      'HTTPS://X',
      'https://x,,https://y',
    ],
  ],
  ['TACET_NAME', ['', 'x'.repeat(65), 'a\u0007b', 'two\nlines']],
  ['TACET_OPEN_SIGN_UP', ['true', '1', 'YES', 'maybe']],
  ['TACET_RATE_FACTOR', ['0', '0.05', '1001', '-1', 'NaN', 'Infinity']],
  ['TACET_QUEUE_AGE_DAYS', ['29', '91', '3650', '30.5', '90d']],
  ['TACET_LOG_LEVEL', ['verbose', 'INFO', 'trace']],
  ['TACET_TRUST_PROXY', ['proxy', '10.0.0.0/33', '::1/129', '10.0.0', '10.0.0.1/8/8', '10.0.0.1,']],
  ['TACET_METRICS', ['on', 'public']],
  ['TACET_STUN_PORT', ['on', '-1', '65536', 'OFF']],
  ['TACET_TURN_URLS', ['turn.example.org', 'https://turn.example.org', 'turn:a b', 'turn:x?transport=sctp']],
  ['TACET_SFU_WORKERS', ['65', '-1', 'all', '1.5']],
  ['TACET_SFU_PORT', ['65536', '-1', 'any']],
  ['TACET_SFU_LISTEN', ['localhost', '0.0.0.0.0', 'eth0']],
  ['TACET_SFU_ANNOUNCED_ADDRESS', ['http://x', 'a b', '-x']],
];

test('every wrong value is refused in one sentence with the setting, the value and what is allowed', (t) => {
  for (const [name, values] of bad) {
    const rule = settings.find((setting) => setting.name === name);
    for (const value of values) {
      t.throws(() => buildConfig({ [name]: value }), new ConfigError(name, value), `${name}=${value}`);
      const { message } = new ConfigError(name, value);
      t.equal(message, `${name} is ${JSON.stringify(value)}; allowed is ${rule?.allowed ?? '?'}.`);
    }
  }
  t.end();
});

test('good values are taken as they are meant', (t) => {
  const good: SettingTexts = {
    TACET_HOST: '::',
    TACET_PORT: '0',
    TACET_DATA_DIR: '/srv/tacet',
    TACET_ORIGIN: 'https://chat.example.org, http://localhost:9000',
    TACET_NAME: 'Ada & Bob – 你好',
    TACET_OPEN_SIGN_UP: 'yes',
    TACET_RATE_FACTOR: '0.5',
    TACET_QUEUE_AGE_DAYS: '30',
    TACET_LOG_LEVEL: 'silent',
    TACET_TRUST_PROXY: 'loopback,10.0.0.0/8,fd00::/8,192.0.2.1',
    TACET_METRICS: 'off',
    TACET_CLIENT_DIR: '/srv/client',
    TACET_BACKUP_KEY_FILE: '/srv/backup.key',
  };
  const { calls, ...config } = buildConfig(good);
  t.strictSame(calls.stunAddresses, ['0.0.0.0', '::'], 'a proxy in front carries no media');
  t.same(config, {
    host: '::',
    port: 0,
    dataDir: '/srv/tacet',
    origins: ['https://chat.example.org', 'http://localhost:9000'],
    name: 'Ada & Bob – 你好',
    openSignUp: true,
    rateFactor: 0.5,
    queueAgeMs: 30 * DAY_MS,
    logLevel: 'silent',
    trustProxy: ['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
    metrics: 'off',
    clientDir: '/srv/client',
    backupKeyFile: '/srv/backup.key',
  });
  t.end();
});

test('a secret that is refused is not repeated', (t) => {
  for (const secret of ['short', 'with a space in it somewhere', 'x'.repeat(257), 'ünprintable-in-ascii']) {
    t.throws(() => buildSecrets({ TACET_METRICS_TOKEN: secret }), ConfigError);
    t.notMatch(new ConfigError('TACET_METRICS_TOKEN', secret).message, secret);
  }
  t.equal(buildSecrets({ TACET_METRICS_TOKEN: 'x'.repeat(16) }).metricsToken, 'x'.repeat(16));
  t.equal(buildSecrets({}).metricsToken, undefined);
  t.end();
});

test('calls: what is set is taken, and secrets come in pairs with what they are for', (t) => {
  const [url, secret] = ['ws://10.0.0.5:8090', 's'.repeat(32)];
  const media = (texts: SettingTexts) => buildConfig(texts).calls.media;
  t.strictSame(media({ TACET_SFU_URL: url, TACET_SFU_SECRET: secret }), { kind: 'remote', url });
  t.strictSame(media({ TACET_SFU_WORKERS: '0' }), { kind: 'none' });
  t.strictSame(
    media({
      TACET_SFU_WORKERS: '3',
      TACET_SFU_PORT: '50000',
      TACET_SFU_LISTEN: '192.0.2.1',
      TACET_SFU_ANNOUNCED_ADDRESS: 'chat.example.org',
      TACET_MEDIA_WORKER: '/opt/worker',
    }),
    {
      kind: 'embedded',
      workers: 3,
      port: 50_000,
      listenIp: '192.0.2.1',
      announcedAddress: 'chat.example.org',
      ownWorker: '/opt/worker',
    },
  );
  t.match(media({ TACET_HOST: '192.0.2.1' }), { listenIp: '192.0.2.1' });
  t.match(media({ TACET_HOST: 'chat.example.org' }), { listenIp: '0.0.0.0' });
  t.match(media({ TACET_ORIGIN: 'https://chat.example.org' }), { listenIp: '0.0.0.0' });
  t.equal(buildConfig({ TACET_STUN_PORT: 'off' }).calls.stunPort, undefined);
  const turnUrls = ['turn:turn.example.org:3478', 'turns:[2001:db8::1]:5349?transport=tcp'];
  const turn = { TACET_TURN_URLS: turnUrls.join(', '), TACET_TURN_SECRET: 't'.repeat(16) };
  t.strictSame(buildConfig(turn).calls.turnUrls, turnUrls);
  for (const wrong of ['http://10.0.0.5:8090', 'ws://10.0.0.5:8090/path', '10.0.0.5:8090', 'ws://user@x:1']) {
    const texts = { TACET_SFU_URL: wrong, TACET_SFU_SECRET: secret };
    t.throws(() => media(texts), new ConfigError('TACET_SFU_URL', wrong), wrong);
  }
  t.throws(() => media({ TACET_SFU_URL: url }), new ConfigError('TACET_SFU_SECRET', undefined));
  t.throws(
    () => buildConfig({ TACET_TURN_URLS: 'turn:turn.example.org' }),
    new ConfigError('TACET_TURN_SECRET', undefined),
  );
  t.throws(
    () => media({ TACET_SFU_WORKERS: '2', TACET_SFU_PORT: '65535' }),
    ConfigError,
    'the second worker has a port too',
  );
  for (const name of ['TACET_SFU_SECRET', 'TACET_TURN_SECRET'] as const) {
    t.throws(() => buildSecrets({ [name]: 'short' }), ConfigError);
  }
  t.match(buildSecrets({ TACET_SFU_SECRET: secret, TACET_TURN_SECRET: 't'.repeat(16) }), {
    sfuSecret: secret,
    turnSecret: 't'.repeat(16),
  });
  t.end();
});

test('metrics by token need the token', (t) => {
  t.throws(() => buildConfig({ TACET_METRICS: 'token' }), new ConfigError('TACET_METRICS_TOKEN', undefined));
  t.equal(buildConfig({ TACET_METRICS: 'token', TACET_METRICS_TOKEN: 'x'.repeat(16) }).metrics, 'token');
  t.end();
});

test('the environment is read by the names of the settings, empty values count as absent', (t) => {
  const environment = { TACET_PORT: ' 81 ', TACET_NAME: '  ', OTHER: 'x', TACET_UNKNOWN: 'x' };
  t.same(readEnvironment(environment), { TACET_PORT: '81' });
  t.end();
});

/** Which setting a file with settings is refused for. */
function refusedSetting(texts: SettingTexts): SettingName | undefined {
  try {
    withConfigFile(texts);
  } catch (error) {
    if (error instanceof ConfigError) return error.setting;
  }
  return undefined;
}

test('a file gives settings by the same names and kinds, and the environment wins', (t) => {
  const folder = t.testdir({
    'good.json': JSON.stringify({
      TACET_PORT: 9000,
      TACET_OPEN_SIGN_UP: true,
      TACET_ORIGIN: ['https://a.example', 'https://b.example'],
      TACET_NAME: 'File',
    }),
    'unknown.json': '{"TACET_PROT":1}',
    'nested.json': '{"TACET_CONFIG":"x"}',
    'kind.json': '{"TACET_PORT":{}}',
    'list.json': '[]',
    'broken.json': '{',
  });
  const texts = withConfigFile({ TACET_CONFIG: join(folder, 'good.json'), TACET_NAME: 'Environment' });
  const config = buildConfig(texts);
  t.equal(config.port, 9000);
  t.equal(config.openSignUp, true);
  t.equal(config.name, 'Environment');
  t.same(config.origins, ['https://a.example', 'https://b.example']);
  for (const name of ['unknown', 'nested', 'list', 'broken', 'missing']) {
    const path = join(folder, `${name}.json`);
    t.equal(refusedSetting({ TACET_CONFIG: path }), 'TACET_CONFIG', name);
  }
  t.equal(refusedSetting({ TACET_CONFIG: join(folder, 'kind.json') }), 'TACET_PORT');
  t.same(withConfigFile({}), {});
  t.end();
});

test('without configured origins they follow the port that is listened on', (t) => {
  const origins = new Origins([], 0);
  origins.usePort(8123);
  t.same(origins.all, ['http://localhost:8123', 'http://127.0.0.1:8123']);
  t.ok(origins.allows('http://localhost:8123'));
  for (const other of [
    'http://localhost',
    'http://localhost:8124',
    'https://localhost:8123',
    'http://localhost:8123/',
    '',
  ]) {
    t.notOk(origins.allows(other), other);
  }
  origins.usePort(80);
  t.same(origins.all, ['http://localhost', 'http://127.0.0.1']);
  t.notOk(origins.secure);
  t.ok(new Origins(['https://a.example'], 1).secure);
  t.notOk(new Origins(['https://a.example', 'http://localhost:1'], 1).secure);
  t.end();
});
