/**
 * How mediasoup's worker comes to this machine: the one that a setting names, else the cached one, else the download of its authors,
 * else a build against the system's libraries. It takes up to some minutes and never blocks the server. The cache is outside the
 * checkout, one folder per mediasoup version and overlay, filled by one process at a time and only with what has run here.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, release } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { buildWorker, type BuildFailure, type BuildProgress } from './build.ts';
import { downloadWorker, prebuiltUrl, type DownloadFailure, type Platform } from './download.ts';
import { takeLock } from './lock.ts';
import { isWorker } from './probe.ts';
import { runProgram, type Run } from './run.ts';

/** What is at work, for a line of the log or of the interface. */
export type ObtainProgress =
  BuildProgress | { readonly kind: 'waiting' } | { readonly kind: 'downloading'; readonly bytes: number };

/** Why there is no worker. */
export type MissingReason = BuildFailure | 'setting-unusable' | 'cache-unusable' | 'cancelled';

/** The worker, or why there is none and what would change that. */
export type Obtained =
  | { readonly kind: 'ready'; readonly path: string }
  | {
      readonly kind: 'missing';
      readonly why: MissingReason;
      /** One line for the operator. */
      readonly remedy: string;
      /** Set where a download was tried before. */
      readonly download?: DownloadFailure | 'does-not-run';
      /** The last words of the program that failed; for the log of the operator, who runs it. */
      readonly tail?: readonly string[];
    };

export interface ObtainOptions {
  /** The operator's own worker. Nothing else is tried then. */
  readonly setting?: string | undefined;
  /** From `cacheHome`. */
  readonly cacheDir: string;
  /** node_modules/mediasoup. */
  readonly packageDir: string;
  /** deploy/mediasoup-worker. */
  readonly overlayDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ObtainProgress) => void) | undefined;
  /** For tests: the programs that are run, the network and the machine. */
  readonly run?: Run;
  readonly fetch?: typeof globalThis.fetch;
  readonly platform?: Platform;
  readonly isRoot?: boolean;
}

const BINARY = 'mediasoup-worker';

/** The folder for caches of this user (XDG Base Directory Specification), given the two settings of his environment. */
export function cacheHome(xdgCacheHome: string | undefined, home = homedir()): string {
  // The specification has relative paths ignored.
  return xdgCacheHome?.startsWith('/') === true ? xdgCacheHome : join(home, '.cache');
}

/** Finds or makes the worker. Rejects only where the package or the overlay is not there. */
export async function obtainWorker(options: ObtainOptions): Promise<Obtained> {
  const { setting, signal, run = runProgram } = options;
  if (setting !== undefined) {
    if (await isWorker(setting, run, signal)) return { kind: 'ready', path: setting };
    const remedy = 'TACET_MEDIA_WORKER must be the path of a mediasoup-worker that runs on this machine';
    return { kind: 'missing', why: 'setting-unusable', remedy };
  }
  const version = await versionOf(options.packageDir);
  const folder = join(options.cacheDir, 'tacet', BINARY, `${version}-${await hashOf(options.overlayDir)}`);
  const path = join(folder, BINARY);
  if (await isWorker(path, run, signal)) return { kind: 'ready', path };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const letGo = await takeLock(
      join(folder, 'lock'),
      () => options.onProgress?.({ kind: 'waiting' }),
      signal,
    );
    try {
      // Somebody else may have made it meanwhile.
      if (await isWorker(path, run, signal)) return { kind: 'ready', path };
      return await fill(path, version, { ...options, run });
    } finally {
      await letGo();
    }
  } catch (error) {
    if (signal?.aborted === true) return { kind: 'missing', why: 'cancelled', remedy: 'start again' };
    if (!isSystemError(error)) throw error;
    const remedy = `make ${folder} a folder that can be written to (${error.code})`;
    return { kind: 'missing', why: 'cache-unusable', remedy };
  }
}

async function fill(
  path: string,
  version: string,
  options: ObtainOptions & { readonly run: Run },
): Promise<Obtained> {
  const { run, signal, onProgress } = options;
  const work = `${path}.${randomBytes(6).toString('hex')}`;
  const fresh = join(work, `fresh-${BINARY}`);
  await removeUnfinished(path);
  await mkdir(work, { mode: 0o700 });
  try {
    // Said before anything comes: a network may keep it waiting.
    onProgress?.({ kind: 'downloading', bytes: 0 });
    const platform = options.platform ?? { os: process.platform, arch: process.arch, kernel: release() };
    const download = await downloadWorker(prebuiltUrl(version, platform), {
      fetch: options.fetch ?? globalThis.fetch,
      signal,
      onBytes: (bytes) => onProgress?.({ kind: 'downloading', bytes }),
    });
    if (download.kind === 'done') {
      await writeFile(fresh, download.binary);
      if (await isPlaced(fresh, path, run, signal)) return { kind: 'ready', path };
    }
    const tried = download.kind === 'done' ? 'does-not-run' : download.why;
    const build = await buildWorker({
      packageDir: options.packageDir,
      overlayDir: options.overlayDir,
      workDir: join(work, 'build'),
      run,
      isRoot: options.isRoot ?? process.getuid?.() === 0,
      signal,
      onProgress,
    });
    if (signal?.aborted === true) throw new DOMException('cancelled', 'AbortError');
    if (build.kind === 'failed') {
      const { why, remedy, tail } = build;
      return { kind: 'missing', why, remedy, tail, download: tried };
    }
    await copyFile(build.path, fresh);
    if (await isPlaced(fresh, path, run, signal)) return { kind: 'ready', path };
    const remedy = 'the worker that was built does not run here; set TACET_MEDIA_WORKER to one that does';
    return { kind: 'missing', why: 'build-failed', remedy, download: tried };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What somebody who was killed has left of his work. */
async function removeUnfinished(path: string): Promise<void> {
  const names = await readdir(dirname(path));
  const left = names.filter((name) => name.startsWith(`${basename(path)}.`));
  for (const name of left) await rm(join(dirname(path), name), { recursive: true, force: true });
}

/** Moves a worker that runs into its place, whole. */
async function isPlaced(fresh: string, path: string, run: Run, signal?: AbortSignal): Promise<boolean> {
  await chmod(fresh, 0o755);
  if (!(await isWorker(fresh, run, signal))) return false;
  await rename(fresh, path);
  return true;
}

async function versionOf(packageDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}

/** 16 hex digits over the names and contents of the overlay's files: another overlay makes another worker. */
async function hashOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const path of paths.toSorted()) {
    const content = await readFile(path);
    hash.update(`${relative(folder, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
