/**
 * The form of a backup: bytes sealed under a passphrase, in one file that is written and read as a stream.
 *
 *     Tacet/backup/v1 0x00 | salt 32 | key check 32 | pieces
 *
 * scrypt (RFC 7914: N 2^17, r 8, p 1, so 128 MiB) over the passphrase (UTF-8) and the salt gives 32 bytes; HKDF-SHA-256 of these, with the
 * label `Tacet/backup-keys/v1` as info, gives the key of the pieces (32) and the key check (32), by which a wrong passphrase is told from
 * a damaged file. A piece is AES-256-GCM over 65,536 bytes, the last one over 0 to 65,536: ciphertext, then tag 16. Its nonce is its
 * number from 0 (11 bytes, big-endian) and one byte: 1 in the last piece, else 0 (the STREAM construction, as age has it), so that pieces
 * can be neither exchanged nor left out. The salt is fresh in every file and so is the key: no nonce comes twice under one.
 */
import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const LABEL = Buffer.from('Tacet/backup/v1\0');
const KEYS_LABEL = 'Tacet/backup-keys/v1\0';
const SALT_BYTES = 32;
const KEY_BYTES = 32;
const HEAD_BYTES = LABEL.length + SALT_BYTES + KEY_BYTES;
const TAG_BYTES = 16;
const PIECE_BYTES = 65_536;
/** 128 MiB and some tenths of a second for each guess at the passphrase. `maxmem` is what Node allows itself. */
const SCRYPT = { r: 8, p: 1, maxmem: 160 * 1024 * 1024 } as const;
/** N of scrypt. A test may take a lower one. */
const COST = 2 ** 17;

/** Why a sealed file gives nothing. `not-a-backup`: another kind of file, or of a newer program. */
export type SealedFileFault = 'not-a-backup' | 'wrong-passphrase' | 'damaged';

export class SealedFileError extends Error {
  override readonly name = 'SealedFileError';
  readonly fault: SealedFileFault;

  constructor(fault: SealedFileFault) {
    super(fault);
    this.fault = fault;
  }
}

/** Seals everything that comes and writes it to the file, which is empty. */
export async function writeSealed(
  file: FileHandle,
  passphrase: string,
  source: AsyncIterable<Uint8Array>,
  cost = COST,
): Promise<void> {
  const salt = randomBytes(SALT_BYTES);
  const { key, check } = await deriveKeys(passphrase, salt, cost);
  await file.writeFile(Buffer.concat([LABEL, salt, check]));
  let number = 0;
  let waiting: Buffer = Buffer.alloc(0);
  for await (const bytes of source) {
    waiting = Buffer.concat([waiting, bytes]);
    // One byte more than a piece shows that this piece is not the last.
    while (waiting.length > PIECE_BYTES) {
      await file.writeFile(sealPiece(key, number++, false, waiting.subarray(0, PIECE_BYTES)));
      waiting = waiting.subarray(PIECE_BYTES);
    }
  }
  await file.writeFile(sealPiece(key, number, true, waiting));
  key.fill(0);
}

/** What `writeSealed` sealed, piece by piece; each is authentic when it comes. Throws `SealedFileError`. */
export async function* readSealed(file: FileHandle, passphrase: string, cost = COST): AsyncGenerator<Buffer> {
  const { size } = await file.stat();
  if (size < HEAD_BYTES + TAG_BYTES) throw new SealedFileError('not-a-backup');
  const head = await readExactly(file, 0, HEAD_BYTES);
  if (!head.subarray(0, LABEL.length).equals(LABEL)) throw new SealedFileError('not-a-backup');
  const salt = head.subarray(LABEL.length, LABEL.length + SALT_BYTES);
  const { key, check } = await deriveKeys(passphrase, salt, cost);
  if (!timingSafeEqual(check, head.subarray(-KEY_BYTES))) throw new SealedFileError('wrong-passphrase');
  let at = HEAD_BYTES;
  for (let number = 0; at < size; number++) {
    const length = Math.min(PIECE_BYTES + TAG_BYTES, size - at);
    const piece = await readExactly(file, at, length);
    at += length;
    yield openPiece(key, number, at === size, piece);
  }
  key.fill(0);
}

async function deriveKeys(
  passphrase: string,
  salt: Uint8Array,
  cost: number,
): Promise<{ readonly key: Buffer; readonly check: Buffer }> {
  const stretched = await new Promise<Buffer>((resolve, reject) => {
    scrypt(passphrase, salt, KEY_BYTES, { ...SCRYPT, N: cost }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
  const keys = Buffer.from(hkdfSync('sha256', stretched, Buffer.alloc(0), KEYS_LABEL, 2 * KEY_BYTES));
  stretched.fill(0);
  return { key: keys.subarray(0, KEY_BYTES), check: keys.subarray(KEY_BYTES) };
}

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function sealPiece(key: Buffer, number: number, isLast: boolean, bytes: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, isLast));
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function openPiece(key: Buffer, number: number, isLast: boolean, piece: Buffer): Buffer {
  if (piece.length < TAG_BYTES) throw new SealedFileError('damaged');
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, isLast), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(piece.subarray(-TAG_BYTES));
  const bytes = decipher.update(piece.subarray(0, -TAG_BYTES));
  try {
    return Buffer.concat([bytes, decipher.final()]);
  } catch {
    throw new SealedFileError('damaged');
  }
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) throw new SealedFileError('damaged');
    read += bytesRead;
  }
  return bytes;
}
