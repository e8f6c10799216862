// The watch over the encryption of a call: a stream with a way past the media worker is caught, one that has none never is.
import t from 'tap';
import type { StreamFigures } from '../../../client/core/calls/call-window.ts';
import type { SentCounts, ToMedia } from '../../../client/core/calls/media-messages.ts';
import { Watchdog } from '../../../client/core/calls/watchdog.ts';

const quality = { roundTripMs: 20, lost: 0, sentBits: 0, receivedBits: 0 };
const none = { opened: 0, 'no-key': 0, replayed: 0, 'too-old': 0, malformed: 0, unauthentic: 0 };

/** A watchdog, what it caught and said. */
function open() {
  const caught: number[] = [];
  const readable: boolean[] = [];
  const asked: number[] = [];
  const dog = new Watchdog({
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
  return { caught, readable, look };
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
