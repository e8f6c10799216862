/**
 * `npm run knows -- NAME [--whole]`: prints every stored byte about an account in words, with the server running or not. It reads the
 * same settings as the server. Code 0: printed; 2: a wrong setting or command; 1: not printed, with the reason in a sentence.
 */
import { knowledgeOf } from './admin/knows.ts';
import { printable } from './admin/printable.ts';
import { buildConfig, withConfigFile } from './config/config.ts';
import { readEnvironment } from './config/env.ts';
import { ConfigError } from './config/values.ts';

// What SQLite writes beside a database is for this user alone, as with the server.
process.umask(0o077);

const [name, option, ...others] = process.argv.slice(2);
const isKnown = option === undefined || option === '--whole';
if (name === undefined || name.startsWith('-') || !isKnown || others.length > 0) {
  console.error('Use: npm run knows -- NAME [--whole]');
  process.exitCode = 2;
} else {
  run(name, option !== undefined);
}

function run(username: string, whole: boolean): void {
  try {
    const { dataDir } = buildConfig(withConfigFile(readEnvironment()));
    const known = knowledgeOf(dataDir, username, whole);
    if (known.kind === 'known') {
      console.log(known.lines.join('\n'));
      return;
    }
    process.exitCode = 1;
    switch (known.kind) {
      case 'unknown-name':
        console.error('No account has this name.');
        return;
      case 'no-database':
        console.error('There is no database in TACET_DATA_DIR.');
        return;
      case 'other-schema':
        console.error(
          `The database is not of this version: they differ in ${known.differs}. Start the server of this version once, then repeat the command.`,
        );
    }
  } catch (error) {
    process.exitCode = error instanceof ConfigError ? 2 : 1;
    if (error instanceof ConfigError) console.error(error.message);
    else
      console.error(
        `Not done: ${error instanceof Error ? printable(error.message) : 'for an unknown reason'}.`,
      );
  }
}
