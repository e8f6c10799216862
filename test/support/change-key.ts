/** A server that puts another account key in somebody's place, which it does here in its own database. */
import { openStoreEditor, underServersKey, type Shown } from '../hostile/store-editor.ts';

/** A server that can be ended and started again on its data. */
interface Restartable {
  readonly dataDir: string;
  stop(): Promise<void>;
  startAgain(): Promise<void>;
}

async function replace(
  host: Restartable,
  username: string,
  change: (before: Shown) => Shown,
): Promise<Shown> {
  // It keeps recipients in memory.
  await host.stop();
  const store = openStoreEditor(host.dataDir);
  try {
    return store.show(username, change);
  } finally {
    store.close();
    await host.startAgain();
  }
}

/** From here on the server shows the account under a key of its own, with a list that goes on; until what is given is called. */
export async function changeKey(host: Restartable, username: string): Promise<() => Promise<void>> {
  const before = await replace(host, username, await underServersKey());
  return async () => {
    await replace(host, username, () => before);
  };
}
