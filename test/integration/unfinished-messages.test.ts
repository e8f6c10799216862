/** A message that is begun and never ended is not kept for ever, however lively its sender is otherwise. */
import { test } from 'tap';
import { LIMITS } from '../../protocol/limits.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openAnonymous } from '../support/socket-client.ts';

const TIMES = { heartbeatMs: 20, heartbeatTimeoutMs: 500 };

test(
  'a client that never ends its message is dropped, though it answers every ping',
  { timeout: 5_000 },
  async (t) => {
    const gateway = await openGateway(t, { times: TIMES });
    const client = await openAnonymous(gateway.origin);
    client.socket.send(Buffer.alloc(LIMITS.frameMaxBytes / 2), { fin: false });
    t.equal((await client.ended).code, 1006);
  },
);

test('a client that only ever answers pings stays, whatever that adds up to', async (t) => {
  const gateway = await openGateway(t, { times: TIMES });
  const client = await openAnonymous(gateway.origin);
  // As many bytes in pings and pongs as an unfinished message may not have.
  for (let i = 0; i < LIMITS.frameMaxBytes / 2 / 100; i++) client.socket.pong(Buffer.alloc(100));
  let pings = 0;
  const often = (3 * TIMES.heartbeatTimeoutMs) / TIMES.heartbeatMs;
  const outcome = await Promise.race([
    client.ended,
    new Promise((resolve) => {
      client.socket.on('ping', () => {
        pings += 1;
        if (pings === often) resolve('stays');
      });
    }),
  ]);
  t.equal(outcome, 'stays');
});
