/**
 * The media server as a process of its own (`npm run sfu`): settings, the worker, the link, signals. It prints one line when it is open,
 * and one for each worker that is lost or replaced; never an id nor an address of a client.
 */
import { join } from 'node:path';
import { buildSfuConfig, SfuConfigError, type SfuConfig } from './config.ts';
import { openSfu } from './embedded.ts';
import { openLink } from './link.ts';
import type { SfuLine } from './settings.ts';
import { cacheHome, obtainWorker, type Obtained } from './worker/obtain.ts';
import { progressTeller } from './worker/tell.ts';

const root = join(import.meta.dirname, '..');

process.umask(0o077);

try {
  await main(buildSfuConfig(process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : 'The media server stopped for an unknown reason.');
  process.exitCode = error instanceof SfuConfigError ? 2 : 1;
}

async function main({
  settings,
  ownWorker,
  xdgCacheHome,
  secret,
  host,
  controlPort,
}: SfuConfig): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const obtained = await obtainWorker({
    setting: ownWorker,
    cacheDir: cacheHome(xdgCacheHome),
    packageDir: join(root, 'node_modules', 'mediasoup'),
    overlayDir: join(root, 'deploy', 'mediasoup-worker'),
    signal: stop.signal,
    onProgress: progressTeller((line) => console.log(line)),
  });
  if (obtained.kind === 'missing') throw new Error(sentenceFor(obtained));
  const sfu = await openSfu({ settings: { ...settings, workerPath: obtained.path }, log: tell });
  const link = await openLink({ sfu, secret, host, port: controlPort });
  console.log(`The media server is open at ${host}:${link.port}.`);
  const close = async (): Promise<void> => {
    console.log('The media server is closing.');
    await sfu.close();
    await link.close();
  };
  const onAbort = (): void => {
    close().catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : 'It did not close in order.');
      process.exitCode = 1;
    });
  };
  if (stop.signal.aborted) onAbort();
  else stop.signal.addEventListener('abort', onAbort, { once: true });
}

function sentenceFor({ why, remedy, tail = [] }: Obtained & { readonly kind: 'missing' }): string {
  return [...tail, `There is no media worker (${why}): ${remedy}.`].join('\n');
}

function tell(line: SfuLine): void {
  switch (line.kind) {
    case 'worker-lost':
      console.error('A media worker has died; its calls are told to join again.');
      return;
    case 'worker-replaced':
      console.error('A media worker was replaced.');
      return;
    case 'worker-not-started':
      console.error('A media worker did not start; it is tried again.');
  }
}
