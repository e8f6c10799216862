/**
 * The passphrase of backups: the first line of the file that the settings name, or asked for at the terminal, without showing it. It is
 * never taken from the command line, which other programs on the machine can read.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ConfigError } from '../config/values.ts';

/** Fewer characters than this are guessed; 32 random bytes in base64 are 44. */
const LEAST_CHARACTERS = 16;

/** No passphrase, with the reason in a sentence. */
export class NoPassphraseError extends Error {
  override readonly name = 'NoPassphraseError';
}

/** Reads it. `isNew`: for a new backup, so it is asked for twice. Throws `ConfigError`, `NoPassphraseError`. */
export async function readBackupPassphrase(keyFile: string | undefined, isNew: boolean): Promise<string> {
  if (keyFile !== undefined) return readKeyFile(keyFile);
  if (!process.stdin.isTTY) {
    throw new NoPassphraseError(
      'There is no terminal to ask for the passphrase at; name a file with it in TACET_BACKUP_KEY_FILE.',
    );
  }
  const passphrase = await ask('Passphrase of the backup: ');
  if (isNew) {
    requireLength(passphrase);
    if ((await ask('The same again: ')) !== passphrase)
      throw new NoPassphraseError('The two are not the same.');
  }
  return passphrase;
}

function readKeyFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError('TACET_BACKUP_KEY_FILE', path);
  }
  const [line = ''] = text.split('\n');
  requireLength(line.trim());
  return line.trim();
}

function requireLength(passphrase: string): void {
  if (passphrase.length < LEAST_CHARACTERS) {
    throw new NoPassphraseError(`The passphrase of a backup has at least ${LEAST_CHARACTERS} characters.`);
  }
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // What is typed goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return (await lines.question('')).trim();
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
