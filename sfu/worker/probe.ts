/** Whether a file is a worker that runs on this machine. */
import { access, constants } from 'node:fs/promises';
import type { Run } from './run.ts';

/** The worker's own exit code where no channel is given to it (its main.cpp; upstream's installer asks the same way). */
const NO_CHANNEL_CODE = 41;
const PROBE_TIMEOUT_MS = 10_000;

/** Runs the file with an empty environment and no channel: a worker that fits this system's libraries ends with its own code. */
export async function isWorker(path: string, run: Run, signal?: AbortSignal): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
  } catch {
    return false;
  }
  const { code } = await run(path, [], { signal, env: {}, timeoutMs: PROBE_TIMEOUT_MS });
  return code === NO_CHANNEL_CODE;
}
