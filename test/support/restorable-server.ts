/** A server in a folder of its own that makes a backup and goes back to it, at the same address. */
import { join } from 'node:path';
import type { Test } from 'tap';
import { backUp } from '../../server/admin/back-up.ts';
import { restore } from '../../server/admin/restore.ts';
import { findLastingPort } from './lasting-port.ts';
import { makeFolder } from './open-store.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

const PASSPHRASE = 'a passphrase for this test';

export interface RestorableServer {
  readonly url: string;
  readonly dataDir: string;
  /** Makes the backup. */
  backUp(): Promise<void>;
  /** Stops; `goBack` starts it again. */
  stop(): Promise<void>;
  /** Stops, puts the backup in force, starts again. */
  goBack(): Promise<void>;
}

/** Opens one; it is closed with the test. `times`: what the commands take for the time of the backup and of the restore, ms. */
export async function openRestorableServer(
  t: Test,
  times?: { readonly backUp: number; readonly restore: number },
): Promise<RestorableServer> {
  const folder = makeFolder(t);
  const dataDir = join(folder, 'data');
  const file = join(folder, 'backup');
  let restores = 0;
  const settings = { TACET_PORT: await findLastingPort() };
  let server: TestServer = await openTestServer({ dataDir, settings });
  t.teardown(() => server.close());
  return {
    url: server.url,
    dataDir,
    async backUp() {
      const made = await backUp(dataDir, file, PASSPHRASE, times?.backUp ?? Date.now());
      if (made.kind !== 'made') throw new Error(made.kind);
    },
    stop: () => server.close(),
    async goBack() {
      await server.close();
      // Each has an instant of its own.
      const now = (times?.restore ?? Date.now()) + restores++;
      const restored = await restore(dataDir, file, PASSPHRASE, { replace: true, now });
      if (restored.kind !== 'restored') throw new Error(restored.kind);
      server = await openTestServer({ dataDir, settings });
    },
  };
}
