/** The signed-in connection, with sockets and a clock of the test. */
import t from 'tap';
import { encodeFrame } from '../../../protocol/frames/frame.ts';
import type { SocketEvents } from '../../../client/core/ports.ts';
import { Connection } from '../../../client/core/transport/connection.ts';
import { openNodePorts } from '../../support/node-ports.ts';

/** Time that stands until the test moves it. */
function makeClock() {
  let now = 1_700_000_000_000;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(delayMs: number, run: () => void): () => void {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(ms: number): void {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        if (timers.delete(timer)) timer.run();
      }
    },
  };
}

t.test('a connection that is lost while its welcome is still worked off comes back', async (t) => {
  const clock = makeClock();
  const sockets: SocketEvents[] = [];
  const opened: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  const states: string[] = [];
  const atWelcome = Promise.withResolvers<void>();
  const work = Promise.withResolvers<void>();
  const connection = new Connection(
    {
      ...openNodePorts({ url: 'http://127.0.0.1' }),
      clock,
      random: (length: number) => new Uint8Array(length),
      onNetworkChange: () => () => undefined,
      openSocket: (_path: string, events: SocketEvents) => {
        sockets.push(events);
        opened[sockets.length - 1]?.resolve();
        return { send: () => undefined, bufferedBytes: () => 0, close: () => undefined };
      },
    },
    {
      token: async () => 'token',
      tokenRefused: () => undefined,
      raiseCounter: async () => 1,
      opening: () => undefined,
      welcomed: async () => {
        atWelcome.resolve();
        await work.promise;
      },
      pushed: () => undefined,
      state: ({ kind }) => states.push(kind),
      ended: () => undefined,
    },
  );
  t.teardown(() => connection.stop());
  connection.start();
  await opened[0]?.promise;
  const welcome = { kind: 'welcome', version: 1, serverTime: clock.now(), counter: 0, queued: 0 };
  sockets[0]?.message(encodeFrame({ ...welcome, listCounter: 2, recordVersion: 1 }));
  await atWelcome.promise;
  sockets[0]?.closed(1006);
  t.equal(states.at(-1), 'offline');
  // What the owner reads hangs for longer than the next try waits.
  clock.pass(60_000);
  t.equal(sockets.length, 1, 'one at a time');
  work.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  clock.pass(60_000);
  t.equal(states.at(-1), 'connecting');
  await opened[1]?.promise;
  t.equal(sockets.length, 2);
});
