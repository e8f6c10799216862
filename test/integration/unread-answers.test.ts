/** Answers that a client leaves unread are not kept for it for long, however much or little they are. */
import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { test } from 'tap';
import { ERRORS } from '../../protocol/errors.ts';
import { idBytes } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openAnonymous } from '../support/socket-client.ts';

test('an anonymous client that stops reading is closed, also below the most that is kept for it', async (t) => {
  const gateway = await openGateway(t, { times: { stalledMs: 50, heartbeatMs: 50 } });
  const bob = await gateway.makeAccount(LIMITS.devicesPerAccount);
  const ask = {
    kind: 'fetch-bundles',
    re: 1,
    account: idBytes(bob.account),
    deliveryKey: bob.deliveryKey,
    devices: bob.devices.map((device) => idBytes(device)),
  };
  const serverSide: Socket[] = [];
  const note = (message: unknown): void => {
    serverSide.push((message as { readonly socket: Socket }).socket);
  };
  diagnostics.subscribe('net.server.socket', note);
  t.teardown(() => diagnostics.unsubscribe('net.server.socket', note));
  const client = await openAnonymous(gateway.origin);
  const [socket] = serverSide;
  client.socket.pause();
  let isClosed = false;
  const closed = gateway.next('refused').then(() => (isClosed = true));
  // A quarter of what closes it at once, then not a word more.
  for (let unread = 0; !isClosed && unread < LIMITS.socketBufferedBytes / 4;) {
    client.send(ask);
    await setImmediate();
    unread = socket?.writableLength ?? Number.POSITIVE_INFINITY;
    if (unread >= LIMITS.socketBufferedBytes) t.fail('closed for another reason');
  }
  await closed;
  client.socket.resume();
  const { frame } = await client.takeUntil('refused');
  t.equal(frame.code, 'slow-reader');
  t.equal((await client.ended).code, ERRORS['slow-reader'].close);
});
