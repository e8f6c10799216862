/** The worker built from the sources in the npm package, with the script and the stand-ins of deploy/mediasoup-worker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from './run.ts';

/** Why there is no built worker. */
export type BuildFailure = 'not-debian' | 'packages-missing' | 'packages-refused' | 'build-failed';

export type Build =
  | { readonly kind: 'done'; readonly path: string }
  | {
      readonly kind: 'failed';
      readonly why: BuildFailure;
      /** What a person does about it, one line. */
      readonly remedy: string;
      /** The last words of the program that failed. */
      readonly tail: readonly string[];
    };

/** What is at work. */
export type BuildProgress =
  | { readonly kind: 'installing'; readonly packages: readonly string[] }
  | { readonly kind: 'building'; readonly done: number; readonly all: number };

export interface BuildOptions {
  /** node_modules/mediasoup. */
  readonly packageDir: string;
  /** deploy/mediasoup-worker. */
  readonly overlayDir: string;
  /** Made and filled by the build; the caller removes it. */
  readonly workDir: string;
  readonly run: Run;
  readonly isRoot: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
}

const OWN_WORKER = 'set TACET_MEDIA_WORKER to the path of a mediasoup-worker of this version';
/** ninja's progress. */
const STEP = /^\[(\d+)\/(\d+)\]/;
/** Compilers, tools and libraries are not the user's: nothing of his environment reaches them but the path. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ENV = { PATH, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };

/** Builds a worker. Never rejects, but for an overlay that is not there. */
export async function buildWorker(options: BuildOptions): Promise<Build> {
  const { run, signal, overlayDir, packageDir, workDir, onProgress } = options;
  const refused = await providePackages(options);
  if (refused !== undefined) return refused;
  const script = join(overlayDir, 'build.sh');
  const { code, tail } = await run('nice', ['-n', '10', 'bash', script, packageDir, workDir], {
    signal,
    env: ENV,
    onLine(line) {
      const [, done, all] = STEP.exec(line) ?? [];
      if (done !== undefined) onProgress?.({ kind: 'building', done: Number(done), all: Number(all) });
    },
  });
  if (code === 0) return { kind: 'done', path: join(workDir, 'mediasoup-worker') };
  return { kind: 'failed', why: 'build-failed', remedy: OWN_WORKER, tail };
}

async function providePackages(options: BuildOptions): Promise<Build | undefined> {
  const { run, signal, overlayDir, isRoot, onProgress } = options;
  const wanted = (await readFile(join(overlayDir, 'packages.txt'), 'utf8')).split('\n').filter(Boolean);
  const missing = await missingPackages(wanted, run, signal);
  if (missing === undefined) return { kind: 'failed', why: 'not-debian', remedy: OWN_WORKER, tail: [] };
  if (missing.length === 0) return undefined;
  const remedy = `run: ${isRoot ? '' : 'sudo '}apt-get install --yes --no-install-recommends ${missing.join(' ')}`;
  if (!isRoot) return { kind: 'failed', why: 'packages-missing', remedy, tail: [] };
  onProgress?.({ kind: 'installing', packages: missing });
  // dpkg that is killed leaves a system to be repaired by hand.
  const apart = { signal, env: ENV, isLeftToEnd: true };
  await run('apt-get', ['update'], apart);
  const { code, tail } = await run(
    'apt-get',
    ['install', '--yes', '--no-install-recommends', ...missing],
    apart,
  );
  return code === 0 ? undefined : { kind: 'failed', why: 'packages-refused', remedy, tail };
}

/** The packages that dpkg does not have; `undefined` where there is no dpkg. */
async function missingPackages(
  wanted: readonly string[],
  run: Run,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> {
  const installed = new Set<string>();
  const { code } = await run(
    'dpkg-query',
    ['--show', '--showformat=${Package} ${db:Status-Status}\\n', ...wanted],
    {
      signal,
      env: ENV,
      onLine(line) {
        const [name = '', status] = line.split(' ');
        if (status === 'installed') installed.add(name);
      },
    },
  );
  // 1: some of them are unknown to it, which it says on standard error.
  if (code !== 0 && code !== 1) return undefined;
  return wanted.filter((name) => !installed.has(name));
}
