/**
 * The administrator's commands, each a process of its own: `free-name NAME [--yes]`, `backup FILE`, `restore FILE [--replace]`. They read
 * the same settings as the server. Code 0: done; 2: a wrong setting or command; 1: not done, with the reason in a sentence.
 */
import { backUp } from './admin/back-up.ts';
import { NoPassphraseError, readBackupPassphrase } from './admin/backup-passphrase.ts';
import { freeName } from './admin/free-name.ts';
import { printable } from './admin/printable.ts';
import { restore } from './admin/restore.ts';
import { SealedFileError, type SealedFileFault } from './admin/sealed-file.ts';
import { systemClock } from './clock.ts';
import { buildConfig, withConfigFile, type Config } from './config/config.ts';
import { readEnvironment } from './config/env.ts';
import { ConfigError } from './config/values.ts';

// What is written is for this user alone, as with the server.
process.umask(0o077);

const USAGE = [
  'Use: npm run admin -- free-name NAME [--yes]',
  '     npm run admin -- backup FILE',
  '     npm run admin -- restore FILE [--replace]',
].join('\n');

const SEALED_FILE_SENTENCES: Readonly<Record<SealedFileFault, string>> = {
  'not-a-backup': 'The file is no backup that this version of Tacet can read. Nothing was changed.',
  'wrong-passphrase': 'The passphrase is not the one of this backup. Nothing was changed.',
  damaged: 'The backup is damaged or cut short. Nothing was changed.',
};

const NO_DATABASE = 'There is no database in TACET_DATA_DIR.';
const IS_RUNNING = 'The server is running. Stop it first, then repeat the command.';

/** What a command says at its end, and whether it did its work. */
interface Said {
  readonly done: boolean;
  readonly text: string;
}

const command = parseCommand(process.argv.slice(2));
if (command === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  await run(command);
}

/** What to do; `undefined`: no such command, or with other arguments. */
function parseCommand(words: readonly string[]): ((config: Config) => Promise<Said>) | undefined {
  const [name, subject, option, ...others] = words;
  if (subject === undefined || subject.startsWith('-') || others.length > 0) return undefined;
  if (name === 'free-name' && (option === undefined || option === '--yes')) {
    return (config) => sayFreed(config, subject, option !== undefined);
  }
  if (name === 'backup' && option === undefined) return (config) => sayBackedUp(config, subject);
  if (name === 'restore' && (option === undefined || option === '--replace')) {
    return (config) => sayRestored(config, subject, option !== undefined);
  }
  return undefined;
}

async function run(work: (config: Config) => Promise<Said>): Promise<void> {
  try {
    const { done, text } = await work(buildConfig(withConfigFile(readEnvironment())));
    if (done) console.log(text);
    else console.error(text);
    process.exitCode = done ? 0 : 1;
  } catch (error) {
    console.error(sentenceFor(error));
    process.exitCode = error instanceof ConfigError ? 2 : 1;
  }
}

function sentenceFor(error: unknown): string {
  if (error instanceof ConfigError || error instanceof NoPassphraseError) return error.message;
  if (error instanceof SealedFileError) return SEALED_FILE_SENTENCES[error.fault];
  return `Not done: ${error instanceof Error ? printable(error.message) : 'for an unknown reason'}.`;
}

async function sayFreed({ dataDir }: Config, username: string, confirmed: boolean): Promise<Said> {
  const freed = await freeName(dataDir, username, confirmed);
  switch (freed.kind) {
    case 'freed':
      return {
        done: true,
        text: `The account is deleted and the name is free. It had ${freed.devices} device(s).`,
      };
    case 'asked':
      return no(
        `This deletes the account of that name with its ${freed.devices} device(s) and everything stored for it. ` +
          'It cannot be undone. Repeat the command with --yes to do it.',
      );
    case 'unknown-name':
      return no('No account has this name.');
    case 'no-database':
      return no(NO_DATABASE);
    case 'in-use':
      return no(IS_RUNNING);
  }
}

async function sayBackedUp({ dataDir, backupKeyFile }: Config, path: string): Promise<Said> {
  const passphrase = await readBackupPassphrase(backupKeyFile, true);
  const made = await backUp(dataDir, path, passphrase, systemClock.now());
  switch (made.kind) {
    case 'made':
      return {
        done: true,
        text: `The backup is made and was read again: ${made.bytes} bytes. Only its passphrase opens it; keep both, apart.`,
      };
    case 'no-database':
      return no(NO_DATABASE);
    case 'file-exists':
      return no(
        'There is a file of that name. A backup never takes the place of another; choose a new name.',
      );
    case 'no-folder':
      return no('There is no such folder to write the backup to.');
    case 'faulty':
      return no(
        `The database is damaged (${made.fault}). No backup was made of it; the ones before are worth more.`,
      );
  }
}

async function sayRestored(
  { dataDir, backupKeyFile }: Config,
  path: string,
  replace: boolean,
): Promise<Said> {
  const passphrase = await readBackupPassphrase(backupKeyFile, false);
  const restored = await restore(dataDir, path, passphrase, { replace, now: systemClock.now() });
  switch (restored.kind) {
    case 'restored': {
      const from = new Date(restored.backedUpAt).toISOString();
      const { kept } = restored;
      const former =
        kept === undefined
          ? ''
          : ` The former database is kept beside it as ${kept.name}; delete it once all is well.`;
      const lost =
        kept === undefined || kept.toldDeletions
          ? ''
          : ' It is damaged or of an older version, and does not say which accounts were deleted since the backup: those are there again.';
      return {
        done: true,
        text: `Restored to ${from}. Start the server: clients bring what came later.${former}${lost}`,
      };
    }
    case 'no-file':
      return no('There is no file of that name.');
    case 'data-exists':
      return no(
        'There is a database in TACET_DATA_DIR. Repeat the command with --replace to put the backup in its place.',
      );
    case 'in-use':
      return no(IS_RUNNING);
    case 'unreadable':
      return no(
        'The database in TACET_DATA_DIR is damaged, so it cannot be seen whether a server has it open. Make sure that none is running, ' +
          'move tacet.sqlite elsewhere, and repeat the command without --replace. Nothing was changed.',
      );
    case 'other-server':
      return no(
        'The backup is of another server than the database in TACET_DATA_DIR: the devices of this one would find themselves unknown. ' +
          'If that is meant, move tacet.sqlite elsewhere, and repeat the command without --replace. Nothing was changed.',
      );
    case 'faulty':
      return no(`The backup is not usable: ${restored.fault}. Nothing was changed.`);
  }
}

function no(text: string): Said {
  return { done: false, text };
}
