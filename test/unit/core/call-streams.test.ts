// The streams of one connection: which keys of the other side's the media worker is given, and which it is to drop.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { StreamKey } from '../../../protocol/content/call-said.ts';
import { idOf, type CallId } from '../../../protocol/ids.ts';
import type { ToMedia } from '../../../client/core/calls/media-messages.ts';
import { CallNumbers, CallStreams } from '../../../client/core/calls/streams.ts';

const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length));

/** Streams that send and receive, and what the media worker is told from here on. */
function open() {
  const told: ToMedia[] = [];
  const streams = new CallStreams(
    {
      call: idOf<CallId>(random(16)),
      numbers: new CallNumbers(random),
      tellMedia: (message) => told.push(message),
      keyed: () => undefined,
      release: () => undefined,
    },
    { receives: true },
  );
  told.splice(0);
  return { streams, told };
}

function key(instance: number, step = 0, baseKey = random(32)): StreamKey {
  return { purpose: 'audio', instance, step, baseKey };
}

/** What was told of keys, in short. */
function keysTold(told: readonly ToMedia[]): readonly string[] {
  return told.flatMap((each) => {
    if (each.kind === 'add-key') return [`add ${each.instance} ${each.step}`];
    return each.kind === 'drop-instance' ? [`drop ${each.instance}`] : [];
  });
}

t.test('a key is given once, however often it is told, and under another step once more', (t) => {
  const { streams, told } = open();
  for (let i = 0; i < 20; i += 1) streams.learn(key(7));
  streams.learn(key(7, 1));
  streams.learn(key(8));
  t.same(keysTold(told), ['add 7 0', 'add 7 1', 'add 8 0']);
  t.end();
});

t.test('of more than eight keys the oldest goes, and its instance with the last key of it', (t) => {
  const { streams, told } = open();
  streams.learn(key(1));
  streams.learn(key(1, 1));
  for (let instance = 2; instance <= 7; instance += 1) streams.learn(key(instance));
  t.notOk(told.some(({ kind }) => kind === 'drop-instance'));
  told.splice(0);
  streams.learn(key(8));
  streams.learn(key(9));
  streams.learn(key(10));
  t.same(keysTold(told), ['add 8 0', 'drop 1', 'add 9 0', 'drop 2', 'add 10 0']);
  told.splice(0);
  const later = streams.receive('audio');
  t.same(
    keysTold(told),
    [3, 4, 5, 6, 7, 8, 9, 10].map((instance) => `add ${instance} 0`),
    'one that is received later is given those that are kept',
  );
  t.ok(later);
  t.end();
});

t.test('a key of zeroes is none', (t) => {
  const { streams, told } = open();
  streams.learn(key(3, 0, new Uint8Array(32)));
  t.same(keysTold(told), []);
  t.end();
});

t.test('a call has 4,096 sender instances, each another one, and no more', (t) => {
  const numbers = new CallNumbers(random);
  const given = new Set<number>();
  for (let i = 0; i < 4_096; i += 1) given.add(numbers.instance());
  t.equal(given.size, 4_096);
  t.ok([...given].every((instance) => instance >= 0 && instance <= 0xffff));
  t.throws(() => numbers.instance(), RangeError);
  t.end();
});
