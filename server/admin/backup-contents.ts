/**
 * What is inside a backup: 4 bytes big-endian length, a list of contents in JSON, then the files in its order. Today that is the database
 * alone, which holds the server's secrets too; blobs get their place here when there are any.
 */
import type { FileHandle } from 'node:fs/promises';
import { Array as List, Integer, Literal, Object as Shape, type Static } from 'typebox';
import { Check } from 'typebox/schema';
import { CLOSED, Instant } from '@tacet/protocol/shapes';
import { DATABASE_FILE } from '../store/database-file.ts';
import { SealedFileError } from './sealed-file.ts';

const HEAD_BYTES = 4;
/** A list of contents is a few hundred bytes. */
const LIST_MOST_BYTES = 64 * 1024;
const READ_BYTES = 256 * 1024;

const Contents = Shape(
  {
    madeAt: Instant,
    files: List(Shape({ name: Literal(DATABASE_FILE), bytes: Integer({ minimum: 1 }) }, CLOSED), {
      minItems: 1,
      maxItems: 1,
    }),
  },
  CLOSED,
);
/** When a backup was made, and its files. */
export type Contents = Static<typeof Contents>;

/** The bytes of a backup with this database. */
export async function* packBackup(database: FileHandle, madeAt: number): AsyncGenerator<Uint8Array> {
  const { size } = await database.stat();
  const contents: Contents = { madeAt, files: [{ name: DATABASE_FILE, bytes: size }] };
  const list = Buffer.from(JSON.stringify(contents));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(list.length);
  yield Buffer.concat([head, list]);
  for (let at = 0; at < size;) {
    const { bytesRead, buffer } = await database.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) throw new Error('the copy of the database became shorter');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/**
 * Reads a backup and writes its database to a file, or nowhere when it is only to be checked. Throws `SealedFileError` `damaged` unless it
 * is complete, `not-a-backup` when it holds what this program does not know.
 */
export async function unpackBackup(
  source: AsyncIterable<Buffer>,
  database: FileHandle | undefined,
): Promise<Contents> {
  let contents: Contents | undefined;
  let head: Buffer = Buffer.alloc(0);
  let left = 0;
  for await (const bytes of source) {
    let body = bytes;
    if (contents === undefined) {
      head = Buffer.concat([head, bytes]);
      const read = readContents(head);
      if (read === undefined) continue;
      ({ contents, body } = read);
      left = contents.files[0]?.bytes ?? 0;
    }
    if (body.length > left) throw new SealedFileError('damaged');
    left -= body.length;
    await database?.writeFile(body);
  }
  if (contents === undefined || left > 0) throw new SealedFileError('damaged');
  return contents;
}

function readContents(bytes: Buffer): { readonly contents: Contents; readonly body: Buffer } | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const length = bytes.readUInt32BE(0);
  if (length > LIST_MOST_BYTES) throw new SealedFileError('not-a-backup');
  if (bytes.length < HEAD_BYTES + length) return undefined;
  let contents: unknown;
  try {
    contents = JSON.parse(bytes.toString('utf8', HEAD_BYTES, HEAD_BYTES + length));
  } catch {
    throw new SealedFileError('not-a-backup');
  }
  if (!Check(Contents, contents)) throw new SealedFileError('not-a-backup');
  return { contents: contents as Contents, body: bytes.subarray(HEAD_BYTES + length) };
}
