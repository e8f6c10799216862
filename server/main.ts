/**
 * The process entry: settings, composition, the address on standard output, signals. A wrong setting ends the start with one sentence
 * and code 2. A signal drains: new requests are refused, sockets are told, what was accepted is finished; then the process ends by
 * having nothing left to do. A second signal, unless it is the first one come twice, ends it at once.
 */
import { buildConfig, withConfigFile } from './config/config.ts';
import { readEnvironment } from './config/env.ts';
import { buildSecrets } from './config/secrets.ts';
import { ConfigError } from './config/values.ts';
import type { RunningServer } from './compose.ts';

/** A drain that takes longer than this is cut off. */
const DRAIN_MOST_MS = 15_000;
/** Ctrl+C in a terminal reaches the server itself and again through npm, some milliseconds apart. */
const SAME_SIGNAL_MS = 1_000;

// What is written is for this user alone, also in a folder that others may look into.
process.umask(0o077);

try {
  const texts = withConfigFile(readEnvironment());
  const config = buildConfig(texts);
  const secrets = buildSecrets(texts);
  // Loaded only now, so that a wrong setting is told at once.
  const { openServer } = await import('./compose.ts');
  const server = await openServer(config, secrets);
  drainOnSignal(server);
  const { origin, firstInviteLink: link } = server;
  const invite = link === undefined ? '' : `\nFirst invite, for the administrator: ${link}`;
  console.log(`Tacet is open at ${origin}${invite}`);
} catch (error) {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error(sentenceFor(error));
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}

function drainOnSignal(server: RunningServer): void {
  let drainingSince: number | undefined;
  const stop = () => {
    if (drainingSince !== undefined) {
      if (performance.now() - drainingSince > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    drainingSince = performance.now();
    console.log('Tacet is closing.');
    setTimeout(() => process.exit(1), DRAIN_MOST_MS).unref();
    server.close().catch((error: unknown) => {
      console.error(sentenceFor(error));
      process.exitCode = 1;
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** One sentence for the operator about what stopped the server. */
function sentenceFor(error: unknown): string {
  if (!(error instanceof Error)) return 'Tacet stopped for an unknown reason.';
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return 'TACET_PORT names a port that another program uses; choose another or stop that program.';
  if (code === 'EACCES')
    return 'Tacet may not use this port or folder; look at TACET_PORT and TACET_DATA_DIR.';
  if (['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes(code)) {
    return `There is no room for Tacet in TACET_DATA_DIR (${code}); make some and start it again.`;
  }
  if (
    ['EEXIST', 'ENOENT', 'ENOTDIR', 'EROFS'].includes(code) ||
    /^SQLITE_(?:CANTOPEN|NOTADB|READONLY|FULL|IOERR|BUSY|CORRUPT)/.test(code)
  ) {
    return `Tacet could not use TACET_DATA_DIR (${code}); allowed is the path of a folder that can be written to.`;
  }
  return `Tacet could not start: ${error.message}.`;
}

/** What the operating system or the database calls it, which may be what lies below. */
function codeOf(error: Error): string {
  const below = error.cause instanceof Error ? codeOf(error.cause) : '';
  if (below !== '' || !('code' in error)) return below;
  return String(error.code);
}
