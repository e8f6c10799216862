/** mediasoup's worker, for tests. */
import { join } from 'node:path';
import { cacheHome, obtainWorker } from '@tacet/sfu/worker';

const root = join(import.meta.dirname, '..', '..');

/** The worker of this machine. Throws, with what to do, if there is none. */
export async function findWorker(): Promise<string> {
  const obtained = await obtainWorker({
    setting: process.env['TACET_MEDIA_WORKER'],
    cacheDir: cacheHome(process.env['XDG_CACHE_HOME']),
    packageDir: join(root, 'node_modules', 'mediasoup'),
    overlayDir: join(root, 'deploy', 'mediasoup-worker'),
  });
  if (obtained.kind === 'ready') return obtained.path;
  throw new Error(`no media worker (${obtained.why}): ${obtained.remedy}`);
}
