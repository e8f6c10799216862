/** The sealed form of a backup: it opens whole, under its passphrase, or not at all. */
import { randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readSealed, SealedFileError, writeSealed } from '../../../server/admin/sealed-file.ts';

const PASSPHRASE = 'a passphrase for backups';
/** Of scrypt: the form is what is tested here; the commands run with the real one. */
const COST = 1024;
const HEAD_BYTES = 80;
const PIECE_BYTES = 65_536;
const SEALED_PIECE_BYTES = PIECE_BYTES + 16;

async function seal(t: Test, bytes: Uint8Array, step = 100_000): Promise<string> {
  const path = join(t.testdir(), 'sealed');
  await using file = await open(path, 'w+');
  await writeSealed(
    file,
    PASSPHRASE,
    (async function* () {
      for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
    })(),
    COST,
  );
  return path;
}

/** The bytes, or why there are none. */
async function unseal(path: string, passphrase = PASSPHRASE): Promise<Buffer | string> {
  await using file = await open(path, 'r');
  const pieces: Buffer[] = [];
  try {
    for await (const piece of readSealed(file, passphrase, COST)) pieces.push(piece);
  } catch (error) {
    if (error instanceof SealedFileError) return error.fault;
    throw error;
  }
  return Buffer.concat(pieces);
}

for (const size of [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]) {
  t.test(`${size} bytes come back as they were, and nothing of them is in the file`, async (t) => {
    const bytes = randomBytes(size);
    const path = await seal(t, bytes);
    t.strictSame(await unseal(path), bytes);
    const file = await readFile(path);
    if (size >= 16) t.notOk(file.includes(bytes.subarray(0, 16)));
    t.equal(file.length, HEAD_BYTES + size + 16 * Math.max(1, Math.ceil(size / PIECE_BYTES)));
  });
}

t.test('the same bytes are sealed under another key each time', async (t) => {
  const [one, two] = [
    await readFile(await seal(t, Buffer.alloc(1000))),
    await readFile(await seal(t, Buffer.alloc(1000))),
  ];
  t.notSame(one.subarray(16, HEAD_BYTES), two.subarray(16, HEAD_BYTES));
  t.notSame(one.subarray(HEAD_BYTES), two.subarray(HEAD_BYTES));
});

t.test(
  'another passphrase is told from a damaged file, and a damaged one gives nothing past the damage',
  async (t) => {
    const bytes = randomBytes(2 * PIECE_BYTES + 1000);
    const path = await seal(t, bytes);
    t.equal(await unseal(path, `${PASSPHRASE}.`), 'wrong-passphrase');
    const whole = await readFile(path);
    const second = HEAD_BYTES + SEALED_PIECE_BYTES;
    const third = second + SEALED_PIECE_BYTES;
    const flipped = (at: number): Buffer => {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return changed;
    };
    const damaged: Readonly<Record<string, readonly [Buffer, string]>> = {
      'a bit of the label': [flipped(3), 'not-a-backup'],
      'a bit of the salt': [flipped(20), 'wrong-passphrase'],
      'a bit of the key check': [flipped(60), 'wrong-passphrase'],
      'a bit of the first piece': [flipped(HEAD_BYTES + 5), 'damaged'],
      'a bit of the last tag': [flipped(whole.length - 1), 'damaged'],
      'cut at the border of a piece': [whole.subarray(0, third), 'damaged'],
      'cut inside a piece': [whole.subarray(0, third + 100), 'damaged'],
      'cut inside the head': [whole.subarray(0, 90), 'not-a-backup'],
      'a byte more': [Buffer.concat([whole, Buffer.alloc(1)]), 'damaged'],
      'a whole piece more': [Buffer.concat([whole, whole.subarray(second, third)]), 'damaged'],
      'two pieces exchanged': [
        Buffer.concat([
          whole.subarray(0, HEAD_BYTES),
          whole.subarray(second, third),
          whole.subarray(HEAD_BYTES, second),
          whole.subarray(third),
        ]),
        'damaged',
      ],
      'a piece left out': [Buffer.concat([whole.subarray(0, second), whole.subarray(third)]), 'damaged'],
      nothing: [Buffer.alloc(0), 'not-a-backup'],
    };
    for (const [what, [changed, fault]] of Object.entries(damaged)) {
      await writeFile(path, changed);
      t.equal(await unseal(path), fault, what);
    }
  },
);
