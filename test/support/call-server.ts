/** A server that relays calls. */
import type { Test } from 'tap';
import { WITH_CALLS } from './call-settings.ts';
import { openCalls, untilRelayed } from './calls-client.ts';
import { findWorker } from './media-worker.ts';
import { openTestServer } from './open-test-server.ts';

/** Until the test ends, with its origin for sockets. */
export async function openCallServer(
  t: Pick<Test, 'teardown'>,
): Promise<{ readonly url: string; readonly sockets: string }> {
  const server = await openTestServer({
    settings: { ...WITH_CALLS, TACET_MEDIA_WORKER: await findWorker() },
  });
  t.teardown(() => server[Symbol.asyncDispose]());
  const sockets = server.url.replace('http', 'ws');
  const connection = await openCalls(sockets);
  await untilRelayed(connection);
  await connection.close();
  return { url: server.url, sockets };
}
