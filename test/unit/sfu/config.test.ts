// The settings of the media server as a process of its own, the address it tells, and how it tells of the worker.

import { availableParallelism, type NetworkInterfaceInfo } from 'node:os';
import t from 'tap';
import { announcedFor } from '../../../sfu/announced.ts';
import { buildSfuConfig, SfuConfigError } from '../../../sfu/config.ts';
import { progressTeller } from '../../../sfu/worker/tell.ts';

const secret = 's'.repeat(32);

t.test('with a secret alone it is open to this machine for control and to all for media', (t) => {
  const { settings, ...config } = buildSfuConfig({ TACET_SFU_SECRET: secret });
  t.match(settings, { port: 44_400, listenIp: '0.0.0.0' });
  t.equal(settings.workers, availableParallelism(), 'one for each core');
  t.match(config, { secret, host: '127.0.0.1', controlPort: 8_090, ownWorker: undefined });
  t.end();
});

t.test('a setting that cannot be used is named with what is allowed, never with its value', (t) => {
  const bad: readonly (readonly [string, readonly string[]])[] = [
    ['TACET_SFU_SECRET', ['', 'x'.repeat(31), 'x'.repeat(257), `${'x'.repeat(40)} y`]],
    ['TACET_SFU_CONTROL_PORT', ['-1', '65536', '8e3', ' ']],
    ['TACET_SFU_PORT', ['0', '65536', '1.5']],
    ['TACET_SFU_WORKERS', ['0', '65', 'all']],
  ];
  for (const [name, values] of bad) {
    for (const value of values) {
      const build = () => buildSfuConfig({ TACET_SFU_SECRET: secret, [name]: value });
      t.throws(build, new SfuConfigError(), `${name} ${value}`);
      try {
        build();
      } catch (error) {
        const message = error instanceof Error ? error.message : '';
        t.ok(message.includes(name));
        if (value.length > 4) t.notOk(message.includes(value));
      }
    }
  }
  const last = { TACET_SFU_SECRET: secret, TACET_SFU_WORKERS: '4', TACET_SFU_PORT: '65533' };
  t.throws(() => buildSfuConfig(last), 'the last worker has a port too');
  t.end();
});

t.test('clients are told an address that they can use', (t) => {
  const at = (address: string, internal: boolean, family: 'IPv4' | 'IPv6' = 'IPv4'): NetworkInterfaceInfo => {
    const common = { address, netmask: '', mac: '', internal, cidr: null };
    return family === 'IPv4' ? { ...common, family } : { ...common, family, scopeid: 0 };
  };
  const lo = [at('127.0.0.1', true), at('::1', true, 'IPv6')];
  const interfaces = { lo, eth0: [at('fe80::1', false, 'IPv6'), at('192.0.2.1', false)] };
  t.equal(announcedFor('0.0.0.0', undefined, interfaces), '192.0.2.1');
  t.equal(announcedFor('0.0.0.0', undefined, { lo }), '127.0.0.1');
  t.equal(announcedFor('0.0.0.0', 'chat.example.org', interfaces), 'chat.example.org');
  t.equal(announcedFor('198.51.100.9', undefined, interfaces), '198.51.100.9');
  t.end();
});

t.test('a build is told in tenths, each once', (t) => {
  const lines: string[] = [];
  const tell = progressTeller((line) => lines.push(line));
  for (let bytes = 0; bytes < 5; bytes++) tell({ kind: 'downloading', bytes });
  for (let done = 0; done <= 261; done++) tell({ kind: 'building', done, all: 261 });
  t.equal(lines.length, 12);
  t.equal(lines.at(-1), 'media worker: building, 100 %');
  t.end();
});
