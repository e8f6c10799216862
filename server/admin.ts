/**
 * The administrator's commands, each a process of its own: `free-name NAME [--yes]`. They read the same settings as the server. Code 0:
 * done; 2: a wrong setting or command; 1: not done, with the reason in a sentence.
 */
import { freeName } from './admin/free-name.ts';
import { buildConfig, ConfigError, withConfigFile } from './config/config.ts';
import { readEnvironment } from './config/env.ts';

// What is written is for this user alone, as with the server.
process.umask(0o077);

const USAGE = 'Use: npm run admin -- free-name NAME [--yes]';

const [command, name, ...options] = process.argv.slice(2);
if (command === 'free-name' && name !== undefined && options.every((option) => option === '--yes')) {
  await run(name, options.includes('--yes'));
} else {
  console.error(USAGE);
  process.exitCode = 2;
}

async function run(username: string, confirmed: boolean): Promise<void> {
  try {
    const { dataDir } = buildConfig(withConfigFile(readEnvironment()));
    const freed = await freeName(dataDir, username, confirmed);
    switch (freed.kind) {
      case 'freed':
        console.log(`The account is deleted and the name is free. It had ${freed.devices} device(s).`);
        return;
      case 'asked':
        console.error(
          `This deletes the account of that name with its ${freed.devices} device(s) and everything stored for it. ` +
            'It cannot be undone. Repeat the command with --yes to do it.',
        );
        break;
      case 'unknown-name':
        console.error('No account has this name.');
        break;
      case 'no-database':
        console.error('There is no database in TACET_DATA_DIR.');
        break;
      case 'in-use':
        console.error('The server is running. Stop it first, then repeat the command.');
    }
    process.exitCode = 1;
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(error.message);
      process.exitCode = 2;
      return;
    }
    console.error(`Not done: ${error instanceof Error ? error.message : 'for an unknown reason'}.`);
    process.exitCode = 1;
  }
}
