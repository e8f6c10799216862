/**
 * The client's files, read once at start and served from memory: what is served is exactly what was there, a path can only be one of
 * the known names, and compression is done once. Names with a content hash may be kept for ever, the page itself is asked for anew.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const compress = promisify(gzip);

/** Content types by extension, and whether compressing them is worth it. */
const TYPES: Readonly<Record<string, readonly [type: string, isCompressible: boolean]>> = {
  '.html': ['text/html; charset=utf-8', true],
  '.js': ['text/javascript; charset=utf-8', true],
  '.css': ['text/css; charset=utf-8', true],
  '.json': ['application/json; charset=utf-8', true],
  '.webmanifest': ['application/manifest+json; charset=utf-8', true],
  '.wasm': ['application/wasm', true],
  '.svg': ['image/svg+xml', true],
  '.txt': ['text/plain; charset=utf-8', true],
  '.png': ['image/png', false],
  '.ico': ['image/x-icon', false],
  '.webp': ['image/webp', false],
  '.woff2': ['font/woff2', false],
};
/** Smaller files gain nothing from compression. */
const COMPRESS_FROM_BYTES = 512;
const PAGE = '/index.html';
/** First segments of paths that the client routes itself. */
const CLIENT_PATHS = /^\/(?:[a-z-]+(?:\/[^.]*)?)?$/;
/** First segments that belong to the server. */
const SERVER_PATHS = /^\/(?:v\d+|health|metrics|openapi\.json|assets)(?:\/|$)/;

type Encoding = 'br' | 'gzip' | 'identity';

/** One file as it is served. */
export interface ClientFile {
  readonly type: string;
  readonly etag: string;
  readonly cache: string;
  readonly bodies: ReadonlyMap<Encoding, Buffer>;
}

/** The files of a built client by path. */
export type ClientFiles = ReadonlyMap<string, ClientFile>;

/** Reads a built client; empty when there is none. `.br` and `.gz` files beside a file are taken as its compressed forms. */
export async function readClient(folder: string): Promise<ClientFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const known = new Set(paths);
  const files = new Map<string, ClientFile>();
  for (const path of paths.toSorted()) {
    const [type, isCompressible] = TYPES[extname(path)] ?? [];
    if (type === undefined) continue;
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    const body = await readFile(path);
    const bodies = new Map<Encoding, Buffer>([['identity', body]]);
    if (known.has(`${path}.br`)) bodies.set('br', await readFile(`${path}.br`));
    if (known.has(`${path}.gz`)) bodies.set('gzip', await readFile(`${path}.gz`));
    else if (isCompressible === true && body.length >= COMPRESS_FROM_BYTES) {
      bodies.set('gzip', await compress(body, { level: constants.Z_BEST_COMPRESSION }));
    }
    files.set(name, {
      type,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      cache: name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      bodies,
    });
  }
  return files;
}

/** The file that a path means: itself, or the page for a path that the client routes. */
export function clientFile(files: ClientFiles, path: string): ClientFile | undefined {
  const file = files.get(path);
  if (file !== undefined) return file;
  return CLIENT_PATHS.test(path) && !SERVER_PATHS.test(path) ? files.get(PAGE) : undefined;
}

/** Answers with a file, compressed if the browser takes it. */
export function sendFile(request: FastifyRequest, reply: FastifyReply, file: ClientFile): FastifyReply {
  void reply.headers({ 'cache-control': file.cache, etag: file.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const encoding = encodingOf(request.headers['accept-encoding'], file.bodies);
  if (encoding !== 'identity') void reply.header('content-encoding', encoding);
  return reply.type(file.type).send(file.bodies.get(encoding));
}

/** Serves every file and, through `onUnknown`, the paths that the client routes. */
export function addStaticClient(app: FastifyInstance, files: ClientFiles): void {
  for (const [path, file] of files) {
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      schema: { hide: true },
      handler: (request, reply) => sendFile(request, reply, file),
    });
  }
}

function encodingOf(accepted: string | undefined, bodies: ReadonlyMap<Encoding, Buffer>): Encoding {
  const offers = (accepted ?? '').split(',').map((offer) => offer.trim().toLowerCase());
  for (const encoding of ['br', 'gzip'] as const) {
    const isTaken = offers.some(
      (offer) => offer.split(';')[0] === encoding && !/;\s*q=0(?:\.0*)?$/.test(offer),
    );
    if (isTaken && bodies.has(encoding)) return encoding;
  }
  return 'identity';
}
