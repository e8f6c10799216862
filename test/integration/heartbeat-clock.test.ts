/** Heartbeats go by time that passes, not by what the machine's clock is set to. */
import { test, type Test } from 'tap';
import WebSocket from 'ws';
import { ANONYMOUS_PATH } from '../../protocol/frames/client.ts';
import { openGateway } from '../support/open-gateway.ts';

const HOUR_MS = 3_600_000;

/** A client that never says a word, and a way to set the server's clock. */
async function openSilent(t: Test, heartbeatTimeoutMs: number) {
  let set = 0;
  const gateway = await openGateway(t, {
    times: { heartbeatMs: 20, heartbeatTimeoutMs, helloTimeoutMs: HOUR_MS },
    clock: { now: () => Date.now() + set },
  });
  const socket = new WebSocket(gateway.origin + ANONYMOUS_PATH, { autoPong: false });
  const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
  const pinged = (): Promise<unknown> =>
    new Promise((resolve) => socket.once('ping', () => resolve('pinged')));
  await new Promise((resolve) => socket.once('open', resolve));
  return { closed, pinged, setClock: (byMs: number) => (set = byMs) };
}

test('a client that has gone is noticed although the clock was set back', { timeout: 5_000 }, async (t) => {
  const { closed, setClock } = await openSilent(t, 100);
  setClock(-HOUR_MS);
  t.equal(await closed, 'closed');
});

test('nobody is dropped because the clock was set forward', async (t) => {
  const { closed, pinged, setClock } = await openSilent(t, HOUR_MS / 2);
  await pinged();
  setClock(HOUR_MS);
  for (let i = 0; i < 3; i++) t.equal(await Promise.race([closed, pinged()]), 'pinged');
});
