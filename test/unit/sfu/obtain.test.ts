// How the worker is obtained: setting, cache, download, build, in this order, with stand-ins for the programs and the network.

import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test, type Test } from 'tap';
import { cacheHome, obtainWorker, type ObtainOptions, type Obtained } from '@tacet/sfu/worker';
import { prebuiltUrl } from '../../../sfu/worker/download.ts';
import { runProgram, type Run } from '../../../sfu/worker/run.ts';

/** A program that ends as a worker without a channel does. */
const GOOD = '#!/bin/sh\nexit 41\n';
/** One that does not fit this machine. */
const BAD = '#!/bin/sh\nexit 127\n';
const platform = { os: 'linux', arch: 'x64', kernel: '6.1.0-13-amd64' };

/** A tar archive of one file. */
function tarOf(name: string, content: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write(content.length.toString(8).padStart(11, '0'), 124);
  head.write('0', 156);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([head, body, Buffer.alloc(1024)]);
}

/** A network that gives one answer and notes what was asked for. */
function networkOf(answer: (url: URL) => Response): { fetch: typeof fetch; asked: string[] } {
  const asked: string[] = [];
  const stand: typeof fetch = async (input) => {
    const url = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
    asked.push(url.href);
    return answer(url);
  };
  return { fetch: stand, asked };
}

const offline = () => networkOf(() => Response.error());

/** Runs what is really there, but for compilers and packages; notes these. */
function programs(has: { packages: boolean; builds?: string; installs?: boolean; dpkg?: boolean }) {
  const called: string[] = [];
  let packages = has.packages;
  const run: Run = async (command, args, options) => {
    if (command.startsWith('/')) return runProgram(command, args, options);
    called.push(command === 'nice' ? 'build' : [command, ...args].join(' '));
    if (command === 'dpkg-query') {
      const names = args.filter((arg) => !arg.startsWith('-'));
      if (has.dpkg === false) return { code: undefined, tail: [] };
      for (const name of names) {
        if (packages || name !== 'meson') options?.onLine?.(`${name} installed`);
      }
      return { code: packages ? 0 : 1, tail: [] };
    }
    if (command === 'apt-get') {
      if (has.installs === true) packages = true;
      return { code: has.installs === true ? 0 : 100, tail: ['E: no'] };
    }
    options?.onLine?.('[1/261] Compiling');
    options?.onLine?.('[261/261] Linking');
    if (has.builds === undefined) return { code: 1, tail: ['ninja: build stopped'] };
    const work = args.at(-1) ?? '';
    await mkdir(work, { recursive: true });
    await writeFile(join(work, 'mediasoup-worker'), has.builds);
    return { code: 0, tail: [] };
  };
  return { run, called };
}

async function makePlace(t: Test): Promise<Pick<ObtainOptions, 'cacheDir' | 'packageDir' | 'overlayDir'>> {
  const root = t.testdir({
    package: { 'package.json': '{"version":"3.27.1"}' },
    overlay: { 'build.sh': '', 'packages.txt': 'g++\nmeson\n' },
    cache: {},
  });
  return {
    cacheDir: join(root, 'cache'),
    packageDir: join(root, 'package'),
    overlayDir: join(root, 'overlay'),
  };
}

function pathOf(t: Test, obtained: Obtained): string {
  if (obtained.kind === 'ready') return obtained.path;
  t.fail(obtained.why);
  return '';
}

test('the path of the setting is used, if it is a worker, and nothing else is tried', async (t) => {
  const place = await makePlace(t);
  const network = offline();
  const own = join(place.cacheDir, 'own');
  await writeFile(own, GOOD, { mode: 0o755 });
  const options = { ...place, ...programs({ packages: true }), fetch: network.fetch };
  t.same(await obtainWorker({ ...options, setting: own }), { kind: 'ready', path: own });
  await writeFile(own, BAD);
  t.match(await obtainWorker({ ...options, setting: own }), { kind: 'missing', why: 'setting-unusable' });
  await chmod(own, 0o644);
  t.match(await obtainWorker({ ...options, setting: own }), { why: 'setting-unusable' });
  t.match(await obtainWorker({ ...options, setting: `${own}-not` }), { why: 'setting-unusable' });
  t.strictSame(network.asked, []);
});

test('a download that runs is put in its place, and found there from then on', async (t) => {
  const place = await makePlace(t);
  const archive = gzipSync(tarOf('mediasoup-worker', GOOD));
  const network = networkOf(() => new Response(archive));
  const { run, called } = programs({ packages: true });
  const told: string[] = [];
  const options = { ...place, run, platform, fetch: network.fetch };
  const path = pathOf(t, await obtainWorker({ ...options, onProgress: ({ kind }) => told.push(kind) }));
  t.equal(await readFile(path, 'utf8'), GOOD);
  t.match(path, /\/tacet\/mediasoup-worker\/3\.27\.1-[0-9a-f]{16}\/mediasoup-worker$/);
  t.strictSame(network.asked, [
    'https://github.com/versatica/mediasoup/releases/download/3.27.1/mediasoup-worker-3.27.1-linux-x64-kernel6.tgz',
  ]);
  t.strictSame(told, ['downloading', 'downloading'], 'first that nothing has come, then what has');
  t.equal(pathOf(t, await obtainWorker(options)), path);
  t.equal(network.asked.length, 1, 'asked once');
  t.strictSame(called, [], 'nothing was built');
  t.strictSame(await readdir(join(path, '..')), ['mediasoup-worker'], 'nothing is left lying about');
});

test('another overlay makes another worker, and one that no longer runs is made anew', async (t) => {
  const place = await makePlace(t);
  const { run, called } = programs({ packages: true, builds: GOOD });
  const options = { ...place, run, fetch: offline().fetch };
  const first = pathOf(t, await obtainWorker(options));
  await writeFile(first, BAD);
  t.equal(pathOf(t, await obtainWorker(options)), first);
  t.equal(await readFile(first, 'utf8'), GOOD);
  await writeFile(join(place.overlayDir, 'build.sh'), '#');
  t.not(pathOf(t, await obtainWorker(options)), first);
  t.equal(called.filter((name) => name === 'build').length, 3);
});

const archive = (name: string, content: string) => gzipSync(tarOf(name, content));
const answers: readonly (readonly [string, () => Response])[] = [
  ['not-published', () => new Response('', { status: 404 })],
  ['unreachable', () => new Response('', { status: 500 })],
  ['unreachable', () => Response.error()],
  ['unreachable', () => new Response('', { status: 302, headers: { location: '/again' } })],
  ['not-https', () => new Response('', { status: 302, headers: { location: 'http://example.org/w' } })],
  ['damaged', () => new Response('not an archive')],
  ['damaged', () => new Response(archive('other', GOOD))],
  ['damaged', () => new Response(gzipSync(tarOf('mediasoup-worker', GOOD).subarray(0, 515)))],
  ['damaged', () => new Response(archive('mediasoup-worker', GOOD).subarray(0, 40))],
  ['too-large', () => new Response(new Uint8Array(33 * 1024 * 1024))],
  ['too-large', () => new Response(gzipSync(Buffer.alloc(129 * 1024 * 1024)))],
  ['does-not-run', () => new Response(archive('mediasoup-worker', BAD))],
];

test('whatever is wrong with the download, a build follows', async (t) => {
  const place = await makePlace(t);
  for (const [download, answer] of answers) {
    const { run } = programs({ packages: true });
    const obtained = await obtainWorker({ ...place, run, fetch: networkOf(answer).fetch });
    t.match(obtained, { kind: 'missing', why: 'build-failed', download, tail: ['ninja: build stopped'] });
  }
  const told: unknown[] = [];
  const { run } = programs({ packages: true, builds: GOOD });
  const options = { ...place, run, fetch: offline().fetch };
  const path = pathOf(t, await obtainWorker({ ...options, onProgress: (progress) => told.push(progress) }));
  t.equal(await readFile(path, 'utf8'), GOOD);
  t.strictSame(told, [
    { kind: 'downloading', bytes: 0 },
    { kind: 'building', done: 1, all: 261 },
    { kind: 'building', done: 261, all: 261 },
  ]);
});

test('missing packages are installed by root, and named to anybody else', async (t) => {
  const place = await makePlace(t);
  const options = { ...place, fetch: offline().fetch };
  const user = programs({ packages: false });
  t.match(await obtainWorker({ ...options, ...user, isRoot: false }), {
    why: 'packages-missing',
    remedy: 'run: sudo apt-get install --yes --no-install-recommends meson',
  });
  t.notOk(user.called.some((name) => name.startsWith('apt-get')));
  const refused = programs({ packages: false, installs: false });
  t.match(await obtainWorker({ ...options, ...refused, isRoot: true }), {
    why: 'packages-refused',
    remedy: 'run: apt-get install --yes --no-install-recommends meson',
    tail: ['E: no'],
  });
  const elsewhere = programs({ packages: false, dpkg: false });
  t.match(await obtainWorker({ ...options, ...elsewhere, isRoot: true }), { why: 'not-debian' });
  const root = programs({ packages: false, installs: true, builds: GOOD });
  t.equal((await obtainWorker({ ...options, ...root, isRoot: true })).kind, 'ready');
  t.strictSame(root.called.slice(1), [
    'apt-get update',
    'apt-get install --yes --no-install-recommends meson',
    'build',
  ]);
});

test('a build that does not run here is not kept', async (t) => {
  const place = await makePlace(t);
  const { run } = programs({ packages: true, builds: BAD });
  const obtained = await obtainWorker({ ...place, run, fetch: offline().fetch });
  t.match(obtained, { kind: 'missing', why: 'build-failed' });
  const [folder = ''] = await readdir(join(place.cacheDir, 'tacet', 'mediasoup-worker'));
  t.strictSame(await readdir(join(place.cacheDir, 'tacet', 'mediasoup-worker', folder)), []);
});

test('a cache that cannot be made is told with its folder', async (t) => {
  const place = await makePlace(t);
  await writeFile(join(place.cacheDir, 'tacet'), 'a file');
  const obtained = await obtainWorker({ ...place, ...programs({ packages: true }), fetch: offline().fetch });
  t.match(obtained, { why: 'cache-unusable', remedy: /tacet\/mediasoup-worker/ });
});

test('two who want it at the same time make it once', async (t) => {
  const place = await makePlace(t);
  const { run, called } = programs({ packages: true, builds: GOOD });
  const options = { ...place, run, fetch: offline().fetch };
  const told: string[] = [];
  const onProgress = ({ kind }: { kind: string }) => told.push(kind);
  const both = await Promise.all([
    obtainWorker({ ...options, onProgress }),
    obtainWorker({ ...options, onProgress }),
  ]);
  t.strictSame(both[0], both[1]);
  t.equal(called.filter((name) => name === 'build').length, 1);
  t.ok(told.includes('waiting'));
});

test('what a killed process has left is cleared away', async (t) => {
  const place = await makePlace(t);
  const options = { ...place, ...programs({ packages: true, builds: GOOD }), fetch: offline().fetch };
  const path = pathOf(t, await obtainWorker(options));
  await rm(path);
  await mkdir(`${path}.0123456789ab`);
  await writeFile(join(path, '..', 'lock'), '4194309 1');
  t.equal(pathOf(t, await obtainWorker(options)), path);
  t.strictSame(await readdir(join(path, '..')), ['mediasoup-worker']);
});

test('a build that is cancelled ends and leaves nothing behind', async (t) => {
  const place = await makePlace(t);
  const stop = new AbortController();
  const { run: others } = programs({ packages: true });
  const run: Run = async (command, args, options) => {
    if (command !== 'nice') return others(command, args, options);
    stop.abort();
    return runProgram('sleep', ['600'], options);
  };
  const obtained = await obtainWorker({ ...place, run, fetch: offline().fetch, signal: stop.signal });
  t.match(obtained, { kind: 'missing', why: 'cancelled' });
  const root = join(place.cacheDir, 'tacet', 'mediasoup-worker');
  const [folder = ''] = await readdir(root);
  t.strictSame(await readdir(join(root, folder)), []);
});

test('the name of the archive and the cache folder', (t) => {
  const mac = prebuiltUrl('3.27.1', { os: 'darwin', arch: 'arm64', kernel: '24.0' });
  t.match(mac, /mediasoup-worker-3\.27\.1-darwin-arm64\.tgz$/);
  t.equal(cacheHome('/somewhere/cache', '/h'), '/somewhere/cache');
  t.equal(cacheHome('relative', '/h'), '/h/.cache');
  t.equal(cacheHome(undefined, '/h'), '/h/.cache');
  t.end();
});
