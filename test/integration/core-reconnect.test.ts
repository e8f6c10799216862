/** A server that lets a device in and throws it out at once. */
import t from 'tap';
import { openTestClient, signUp } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(60_000);

t.test('a connection that never lasts is tried ever more slowly', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  const waits: number[] = [];
  const enough = Promise.withResolvers<void>();
  const view = ada.client.attach(({ connection }) => {
    if (connection?.kind === 'online') ada.ports.dropSockets();
    if (connection?.kind !== 'offline') return;
    waits.push(connection.retryAt - ada.ports.clock.now());
    if (waits.length === 4) enough.resolve();
  });
  t.teardown(() => view.close());
  await enough.promise;
  // Half of each wait is at random: the fourth is at least 1.6 s, where one that begins anew each time is 0.4 s at most.
  t.ok((waits[3] ?? 0) > 1_500, `waits of ${waits.map(Math.round).join(', ')} ms`);
});
