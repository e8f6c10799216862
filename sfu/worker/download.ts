/**
 * The worker that mediasoup's authors have built: an archive with one file, named by version, platform and the kernel's major version,
 * where their own installer looks for it (npm-scripts.mjs of the package). Only over TLS, also after a redirection, and no larger nor
 * slower than a worker may be. There is no published hash: who serves the file is known by TLS alone.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Why there is no downloaded worker. */
export type DownloadFailure = 'not-published' | 'unreachable' | 'not-https' | 'too-large' | 'damaged';

export type Download =
  | { readonly kind: 'done'; readonly binary: Uint8Array }
  | { readonly kind: 'failed'; readonly why: DownloadFailure };

/** What the archive's name tells. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
  /** As `os.release()` tells it. */
  readonly kernel: string;
}

export interface DownloadOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (done: number) => void;
}

const BASE = 'https://github.com/versatica/mediasoup/releases/download';
/** Several times what workers of any platform have weighed. */
const ARCHIVE_MAX_BYTES = 32 * 1024 * 1024;
const BINARY_MAX_BYTES = 128 * 1024 * 1024;
/** For everything, also over a slow line; the build that follows a failure takes longer. */
const TIMEOUT_MS = 60_000;
const REDIRECTS_MOST = 5;
const MEMBER = 'mediasoup-worker';
const BLOCK_BYTES = 512;

/** Where the archive of a version is. */
export function prebuiltUrl(version: string, { os, arch, kernel }: Platform): string {
  const suffix = os === 'linux' ? `-kernel${Number.parseInt(kernel, 10)}` : '';
  return `${BASE}/${version}/mediasoup-worker-${version}-${os}-${arch}${suffix}.tgz`;
}

/** Downloads and unpacks. Never rejects. */
export async function downloadWorker(url: string, options: DownloadOptions): Promise<Download> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  try {
    const archive = await fetchArchive(url, { ...options, signal });
    if (!(archive instanceof Uint8Array)) return { kind: 'failed', why: archive };
    return await unpack(archive);
  } catch {
    return { kind: 'failed', why: 'unreachable' };
  }
}

async function fetchArchive(
  first: string,
  { fetch, signal, onBytes }: DownloadOptions,
): Promise<Uint8Array | DownloadFailure> {
  let url = new URL(first);
  for (let hops = 0; hops <= REDIRECTS_MOST; hops++) {
    if (url.protocol !== 'https:') return 'not-https';
    const response = await fetch(url, { redirect: 'manual', signal: signal ?? null });
    const next = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && next !== null) {
      await response.body?.cancel();
      url = new URL(next, url);
      continue;
    }
    if (response.status === 404) return 'not-published';
    if (response.status !== 200 || response.body === null) return 'unreachable';
    return readBody(response.body, onBytes);
  }
  return 'unreachable';
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  onBytes?: (done: number) => void,
): Promise<Uint8Array | DownloadFailure> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const part of body) {
    size += part.length;
    if (size > ARCHIVE_MAX_BYTES) return 'too-large';
    parts.push(part);
    onBytes?.(size);
  }
  return Buffer.concat(parts);
}

async function unpack(archive: Uint8Array): Promise<Download> {
  try {
    const tar = await promisify(gunzip)(archive, { maxOutputLength: BINARY_MAX_BYTES });
    const binary = memberOf(tar);
    if (binary !== undefined) return { kind: 'done', binary };
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    return { kind: 'failed', why: isTooLarge ? 'too-large' : 'damaged' };
  }
  return { kind: 'failed', why: 'damaged' };
}

/** The one file of a tar archive (POSIX.1-1988 ustar headers: name at 0, size in octal at 124, type at 156) that is looked for. */
function memberOf(tar: Buffer): Uint8Array | undefined {
  for (let at = 0; at + BLOCK_BYTES <= tar.length;) {
    const name = textAt(tar, at, 100).replace(/^\.\//, '');
    if (name === '') return undefined;
    const size = Number.parseInt(textAt(tar, at + 124, 12).trim(), 8);
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    const from = at + BLOCK_BYTES;
    const type = textAt(tar, at + 156, 1);
    if (name === MEMBER && (type === '0' || type === '')) {
      return from + size <= tar.length ? tar.subarray(from, from + size) : undefined;
    }
    at = from + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return undefined;
}

function textAt(bytes: Buffer, at: number, length: number): string {
  const text = bytes.toString('latin1', at, at + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
