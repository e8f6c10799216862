/** The signed-in connection, with sockets and a clock of the test. */
import t, { type Test } from 'tap';
import type { ClientFrame } from '../../support/hostile-wire.ts';
import { encodeFrame, readFrame } from '../../../protocol/frames/frame.ts';
import type { SocketEvents } from '../../../client/core/ports.ts';
import { Connection, type ConnectionOwner } from '../../../client/core/transport/connection.ts';
import { openNodePorts } from '../../support/node-ports.ts';

/** Time that stands until the test moves it, and a clock that goes with it until it is set. */
function makeClock() {
  let now = 1_700_000_000_000;
  let set = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now + set,
    after(delayMs: number, run: () => void): () => void {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    /** Every timer runs at its time. */
    pass(ms: number): void {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        now = Math.max(now, due.at);
        timers.delete(due);
        due.run();
      }
      now = end;
    },
    set(byMs: number): void {
      set += byMs;
    },
    /** The device sleeps: the clock goes on, timers do not. */
    sleep(ms: number): void {
      set += ms;
    },
  };
}

/** A connection whose sockets are in the test's hands. */
function openConnection(
  t: Test,
  clock: ReturnType<typeof makeClock>,
  changes: Partial<ConnectionOwner> = {},
) {
  const sockets: SocketEvents[] = [];
  const said: ClientFrame[] = [];
  const states: string[] = [];
  const opened: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  const connection = new Connection(
    {
      ...openNodePorts({ url: 'http://127.0.0.1' }),
      clock,
      random: (length: number) => new Uint8Array(length),
      onNetworkChange: () => () => undefined,
      openSocket: (_path: string, events: SocketEvents) => {
        sockets.push(events);
        opened[sockets.length - 1]?.resolve();
        return {
          send: (bytes) => void said.push(readFrame(bytes) as ClientFrame),
          bufferedBytes: () => 0,
          close: () => undefined,
        };
      },
    },
    {
      token: async () => 'token',
      tokenRefused: () => undefined,
      raiseCounter: async () => 1,
      hurries: () => false,
      opening: () => undefined,
      welcomed: async () => undefined,
      pushed: () => undefined,
      serverTime: () => undefined,
      state: ({ kind }) => states.push(kind),
      ended: () => undefined,
      ...changes,
    },
  );
  t.teardown(() => connection.stop());
  connection.start();
  const welcome = { kind: 'welcome', version: 1, serverTime: clock.now(), counter: 0, queued: 0 };
  return {
    sockets,
    opened,
    said,
    states,
    welcome: () => sockets.at(-1)?.message(encodeFrame({ ...welcome, listCounter: 2, recordVersion: 1 })),
  };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

t.test('a connection that is lost while its welcome is still worked off comes back', async (t) => {
  const clock = makeClock();
  const atWelcome = Promise.withResolvers<void>();
  const work = Promise.withResolvers<void>();
  const { sockets, opened, states, welcome } = openConnection(t, clock, {
    welcomed: async () => {
      atWelcome.resolve();
      await work.promise;
    },
  });
  await opened[0]?.promise;
  welcome();
  await atWelcome.promise;
  sockets[0]?.closed(1006);
  t.equal(states.at(-1), 'offline');
  // What the owner reads hangs for longer than the next try waits.
  clock.pass(60_000);
  t.equal(sockets.length, 1, 'one at a time');
  work.resolve();
  await turn();
  clock.pass(60_000);
  t.equal(states.at(-1), 'connecting');
  await opened[1]?.promise;
  t.equal(sockets.length, 2);
});

t.test(
  'a server that stays away is tried ever more rarely, but all the time while a call goes on',
  async (t) => {
    for (const isInCall of [false, true]) {
      const clock = makeClock();
      const waits: number[] = [];
      const { sockets } = openConnection(t, clock, {
        hurries: () => isInCall,
        state: (state) => {
          if (state.kind === 'offline' && state.retryAt !== undefined)
            waits.push(state.retryAt - clock.now());
        },
      });
      for (let tries = 1; tries <= 10; tries += 1) {
        await turn();
        t.equal(sockets.length, tries);
        sockets.at(-1)?.closed(1006);
        await turn();
        clock.pass(waits.at(-1) ?? 0);
      }
      // What chance adds is nothing here: half of the longest wait.
      t.equal(waits.at(-1), isInCall ? 1_000 : 30_000);
    }
  },
);

/** A connection that is online, and the times that the server is heard to say. */
async function openOnline(t: Test) {
  const clock = makeClock();
  const times: number[] = [];
  const made = openConnection(t, clock, { serverTime: (at) => times.push(at) });
  await made.opened[0]?.promise;
  made.welcome();
  await turn();
  t.equal(made.states.at(-1), 'online');
  const pings = (): readonly ClientFrame[] => made.said.filter(({ kind }) => kind === 'ping');
  return {
    ...made,
    clock,
    times,
    pings,
    /** The server answers the last ping. */
    pong: async (serverTime = clock.now()) => {
      const ping = pings().at(-1);
      if (ping?.kind !== 'ping') throw new Error('nobody has asked');
      made.sockets.at(-1)?.message(encodeFrame({ kind: 'pong', re: ping.re, serverTime }));
      await turn();
    },
  };
}

t.test('a quiet connection is asked, lives by the answers, and ends without one', async (t) => {
  const { clock, pings, pong, states, times } = await openOnline(t);
  for (let asked = 1; asked <= 3; asked += 1) {
    clock.pass(25_000);
    t.equal(pings().length, asked);
    await pong(asked);
    t.equal(times.at(-1), asked, 'each answer says the time');
  }
  clock.pass(60_000);
  t.equal(pings().length, 4);
  t.ok(states.includes('offline'));
});

const YEAR_MS = 365 * 24 * 60 * 60_000;

t.test(
  'a clock that is set, forth or back, ends no connection that answers, and the time is asked for',
  async (t) => {
    const { clock, pings, pong, times, states } = await openOnline(t);
    for (const byMs of [YEAR_MS, -YEAR_MS, -YEAR_MS, YEAR_MS]) {
      clock.set(byMs);
      const { length: asked } = pings();
      clock.pass(12_500);
      t.equal(pings().length, asked + 1, 'it is asked at once');
      await pong(asked);
      t.equal(times.at(-1), asked);
    }
    clock.pass(6_000);
    t.equal(states.at(-1), 'online');
    t.equal(times.length, 4);
  },
);

t.test('a clock that is set back hides no silence', async (t) => {
  const { clock, times, states } = await openOnline(t);
  clock.pass(20_000);
  clock.set(-YEAR_MS);
  clock.pass(40_000);
  t.ok(states.includes('offline'));
  t.strictSame(times, []);
});

t.test('a socket that died while the device slept is given up soon after', async (t) => {
  const { clock, times, states } = await openOnline(t);
  clock.sleep(8 * 60 * 60_000);
  clock.pass(20_000);
  t.ok(states.includes('offline'));
  t.strictSame(times, [], 'nobody answered');
});

t.test(
  'an answer that lay in the socket while the device slept tells no time, and the next one does',
  async (t) => {
    const { clock, pings, pong, times, states } = await openOnline(t);
    clock.pass(25_000);
    t.equal(pings().length, 1);
    const asked = clock.now();
    clock.sleep(8 * 60 * 60_000);
    await pong(asked);
    t.strictSame(times, []);
    clock.pass(12_500);
    t.equal(pings().length, 2, 'it is asked as soon as the sleep is noticed');
    await pong();
    t.strictSame(times, [clock.now()]);
    t.equal(states.at(-1), 'online');
  },
);

t.test('a time that nobody has asked for is not taken', async (t) => {
  const { clock, pings, pong, times } = await openOnline(t);
  clock.pass(25_000);
  await pong();
  t.equal(times.length, 1);
  // Again, under the number of the same ping.
  await pong(1);
  t.equal(times.length, 1);
  t.equal(pings().length, 1);
});
