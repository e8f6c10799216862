// The watch over the encryption of a call: a stream with a way past the media worker is caught, one that has none never is.
import t from 'tap';
import type { StreamFigures } from '../../../client/core/calls/call-window.ts';
import type { SentCounts, ToMedia } from '../../../client/core/calls/media-messages.ts';
import { Watchdog } from '../../../client/core/calls/watchdog.ts';

const quality = { roundTripMs: 20, lost: 0, sentBits: 0, receivedBits: 0, byTurn: false };
const none = { opened: 0, 'no-key': 0, replayed: 0, 'too-old': 0, malformed: 0, unauthentic: 0 };

/** A watchdog, what it caught and said. */
function open() {
  const caught: number[] = [];
  const readable: boolean[] = [];
  const asked: number[] = [];
  let now = 1_700_000_000_000;
  const dog = new Watchdog({
    now: () => now,
    tellMedia: (message: ToMedia) => {
      if (message.kind === 'count') asked.push(message.re);
    },
    caught: (_, stream) => caught.push(stream),
    readable: (isReadable) => readable.push(isReadable),
    totals: () => undefined,
  });
  /** One look: WebRTC's figures, then the worker's counts. */
  const look = (
    sent: readonly StreamFigures[],
    senders: readonly SentCounts[],
    received: readonly StreamFigures[] = [],
    opened: ReadonlyMap<number, Partial<typeof none>> = new Map(),
  ): void => {
    dog.figures({ kind: 'figures', connection: 1, sent, received, quality });
    const receivers = [...opened].map(([stream, counts]) => ({
      stream,
      counts: { ...none, ...counts },
      foreign: 0,
    }));
    dog.counts({ kind: 'counts', re: asked.at(-1) ?? 0, senders, receivers });
  };
  /** A look at what was sent that the worker does not answer. */
  const lookInVain = (
    afterMs: number,
    sent: readonly StreamFigures[],
    received: readonly StreamFigures[] = [],
  ): void => {
    now += afterMs;
    dog.figures({ kind: 'figures', connection: 1, sent, received, quality });
  };
  return { caught, readable, look, lookInVain };
}

t.test('a picture of which more frames were sent than sealed is caught, to the frame', async (t) => {
  const { caught, look } = open();
  look([{ stream: 1, frames: 100 }], [{ stream: 1, sealed: 100, refused: 3 }]);
  t.same(caught, []);
  look([{ stream: 1, frames: 121 }], [{ stream: 1, sealed: 120, refused: 3 }]);
  t.same(caught, [1]);
});

t.test(
  'what was decoded without having been opened is caught, and so is a stream that nobody knows',
  async (t) => {
    const { caught, look } = open();
    look([], [], [{ stream: 3, frames: 40 }], new Map([[3, { opened: 40 }]]));
    t.same(caught, []);
    look([], [], [{ stream: 3, frames: 41 }], new Map([[3, { opened: 40 }]]));
    look([{ stream: 9, frames: 1 }], []);
    t.same(caught, [3, 9]);
  },
);

t.test(
  'frames that come and do not open are told of after three looks, and again once they do',
  async (t) => {
    const { readable, look } = open();
    for (const refused of [5, 10, 15]) look([], [], [], new Map([[3, { 'no-key': refused }]]));
    t.same(readable, [false]);
    look([], [], [], new Map([[3, { 'no-key': 20, opened: 1 }]]));
    t.same(readable, [false, true]);
  },
);

t.test('a worker that no longer says what it has encrypted has nothing to show for a stream', async (t) => {
  const { caught, look, lookInVain } = open();
  look([{ stream: 1, frames: 1 }], [{ stream: 1, sealed: 1, refused: 0 }]);
  const [sent, received] = [[{ stream: 1, frames: 2 }], [{ stream: 3, frames: 2 }]];
  for (let looks = 0; looks < 12; looks += 1) lookInVain(1_000, sent, received);
  t.same(caught, [], 'the answers may be on their way');
  lookInVain(1_000, [...sent, { stream: 5, frames: 0 }], received);
  t.same(caught, [1, 3], 'what has sent or shown nothing has nothing to be shown');
});

t.test('a core that was held up, and has many looks before it at once, catches nothing', async (t) => {
  const { caught, look, lookInVain } = open();
  const sent = [{ stream: 1, frames: 2 }];
  lookInVain(0, sent);
  lookInVain(10_000, sent);
  for (let looks = 0; looks < 20; looks += 1) lookInVain(10, sent);
  t.same(caught, []);
  look(sent, [{ stream: 1, sealed: 2, refused: 0 }]);
  t.same(caught, []);
});
