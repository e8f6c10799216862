/** mediasoup's worker, for tests. */
import { readdirSync, readFileSync } from 'node:fs';
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

/** Processes of mediasoup's worker that this process has started. */
export function mediaWorkers(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [, state, parent] = /\) (\S) (\d+) /.exec(stat) ?? [];
        return stat.includes('(mediasoup-work') && state !== 'Z' && Number(parent) === process.pid;
      } catch {
        return false;
      }
    });
}
