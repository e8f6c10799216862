/** Work with a passphrase, which takes a second or more. */
import type { SharedState } from './shown/state.ts';
import type { Progress } from './view.ts';

/** Such work keeps this worker from answering: the other tabs are told, or they would take its owner for dead. */
export async function slowly<Value>(
  { progress }: Pick<SharedState, 'progress'>,
  work: () => Promise<Value>,
): Promise<Value> {
  const shown: Progress = { kind: 'stretching' };
  progress.value = shown;
  try {
    return await work();
  } finally {
    if (progress.value === shown) progress.value = undefined;
  }
}
