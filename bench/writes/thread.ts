/** The writer thread of `bench writes`: the same store, reached by messages. One message carries what one turn of the loop brought. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Addressee, EnvelopeStore } from '../../server/store/envelope-port.ts';
import { buildEnvelopeStore } from '../../server/store/envelopes.ts';
import { openSqliteEngine } from '../../server/store/writer.ts';

/** A send on its way to the thread. */
export interface Job {
  readonly number: number;
  readonly to: readonly Addressee[];
}

const { path } = workerData as { readonly path: string };
const engine = openSqliteEngine(path);
const store: EnvelopeStore = buildEnvelopeStore(engine);

parentPort?.on('message', (jobs: readonly Job[]) => {
  const done = jobs.map(async ({ number, to }) => [number, await store.send(to, 1, 'contact')] as const);
  Promise.all(done).then(
    (answers) => parentPort?.postMessage(answers),
    (error: unknown) => {
      throw error;
    },
  );
});
