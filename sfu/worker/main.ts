/** Obtains the worker before it is needed, as the set-up for tests does: its path on standard output, what goes on on standard error. */
import { join } from 'node:path';
import { cacheHome, obtainWorker } from './obtain.ts';
import { progressTeller } from './tell.ts';

const root = join(import.meta.dirname, '..', '..');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());

const obtained = await obtainWorker({
  setting: process.env['TACET_MEDIA_WORKER'],
  cacheDir: cacheHome(process.env['XDG_CACHE_HOME']),
  packageDir: join(root, 'node_modules', 'mediasoup'),
  overlayDir: join(root, 'deploy', 'mediasoup-worker'),
  signal: stop.signal,
  onProgress: progressTeller((line) => console.error(line)),
});
if (obtained.kind === 'ready') console.log(obtained.path);
else {
  for (const line of obtained.tail ?? []) console.error(line);
  console.error(`There is no media worker (${obtained.why}): ${obtained.remedy}.`);
  process.exitCode = 1;
}
