// A place in a call's room on a media server that takes it away whenever it likes.
import t from 'tap';
import type { CallAnswer, CallEvent } from '../../../protocol/calls/answers.ts';
import type { CallRequest } from '../../../protocol/calls/requests.ts';
import {
  encodeCallsReply,
  parseCallsRequest,
  parseCallsRequestFrame,
} from '../../../protocol/frames/calls.ts';
import { RelayLink } from '../../../client/core/calls/relay-link.ts';
import { RelayRoom } from '../../../client/core/calls/relay-room.ts';
import type { Clock, SocketEvents } from '../../../client/core/ports.ts';

t.setTimeout(120_000);

const bytes = (length: number, of: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(of);
const OTHER = { participant: bytes(16, 5), join: bytes(300, 2), producers: [] };
const LOST: CallEvent = { kind: 'worker-lost' };

/** Waits are over at once, and the time with them. Answers are never late. */
function makeClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    after(delayMs, run) {
      if (delayMs >= 10_000) return () => undefined;
      const soon = setImmediate(() => {
        now += delayMs;
        run();
      });
      return () => clearImmediate(soon);
    },
  };
}

function answerTo({ kind }: CallRequest): CallAnswer {
  if (kind === 'admit') return { kind: 'admitted', token: bytes(32, 3) };
  if (kind === 'resume')
    return { kind: 'resumed', resume: bytes(32, 7), others: [OTHER], producers: [], consumers: [] };
  if (kind !== 'enter') return { kind: 'done' };
  const capabilities = { codecs: [], headerExtensions: [] };
  return { kind: 'entered', participant: bytes(16, 4), resume: bytes(32, 6), capabilities, others: [OTHER] };
}

/**
 * A room over a line whose other end answers as it should, and tells besides what a test has it tell: `before` a request is answered, or
 * `after` this side has taken the answer up.
 */
function open() {
  const asked: CallRequest['kind'][] = [];
  const told: string[] = [];
  const lies: { before?: (request: CallRequest) => void; after?: (request: CallRequest) => void } = {};
  let line: SocketEvents | undefined;
  const tell = (event: CallEvent): void => line?.message(encodeCallsReply({ kind: 'event', event }));
  const clock = makeClock();
  const link = new RelayLink(
    (_, events) => {
      line = events;
      setImmediate(() => events.opened());
      return {
        send(frame) {
          const { re, request: unread } = parseCallsRequestFrame(frame);
          const request = parseCallsRequest(unread);
          if (request.kind === 'call-servers') throw new Error('a room does not ask for that');
          asked.push(request.kind);
          lies.before?.(request);
          events.message(encodeCallsReply({ kind: 'answer', re, answer: answerTo(request) }));
          setImmediate(() => lies.after?.(request));
        },
        bufferedBytes: () => 0,
        close: () => undefined,
      };
    },
    clock,
    {
      event: (event) => room.hear(event),
      lost: () => void room.lost(),
    },
  );
  const keys = { room: bytes(16, 1), key: bytes(32, 1), join: bytes(300, 1), theirs: OTHER.join };
  const room = new RelayRoom(link, keys, clock, {
    entered: () => told.push('entered'),
    met: () => told.push('met'),
    opened: () => told.push('opened'),
    closed: () => told.push('closed'),
    said: () => told.push('said'),
    failed: () => told.push('failed'),
  });
  /** Resolves when nothing is under way any more. */
  const rests = async (): Promise<void> => {
    for (let turns = 0; turns < 200; turns += 1) await new Promise(setImmediate);
  };
  return { room, asked, told, lies, tell, rests, loseLine: () => line?.closed(1006) };
}

/** Tells so once, at the first request of a kind. */
function once(kind: CallRequest['kind'], run: () => void): (request: CallRequest) => void {
  let isDone = false;
  return (request) => {
    if (isDone || request.kind !== kind) return;
    isDone = true;
    run();
  };
}

for (const event of [LOST, { kind: 'room-closed' }] as const) {
  t.test(`a place that is taken away before it is given is taken anew (${event.kind})`, async (t) => {
    const { room, asked, told, lies, tell } = open();
    lies.before = once('enter', () => tell(event));
    await room.enter();
    t.same(asked, ['admit', 'enter', 'leave', 'admit', 'enter']);
    t.same(told, ['entered', 'met', 'entered', 'met']);
    t.ok(room.hasMet);
  });

  t.test(`so is one that is taken away while it is taken up again (${event.kind})`, async (t) => {
    const { room, asked, told, lies, tell, rests, loseLine } = open();
    await room.enter();
    lies.before = once('resume', () => tell(event));
    loseLine();
    await rests();
    t.same(asked, ['admit', 'enter', 'resume', 'leave', 'admit', 'enter']);
    t.equal(told.filter((each) => each === 'entered').length, 2);
    t.ok(room.hasMet);
  });
}

t.test('another place that is wanted while the one before is taken up again is another one', async (t) => {
  const { room, asked, told, lies, rests, loseLine } = open();
  await room.enter();
  let anew: Promise<void> | undefined;
  lies.before = once('resume', () => {
    anew = room.enter();
  });
  loseLine();
  await rests();
  await anew;
  t.same(asked, ['admit', 'enter', 'resume', 'leave', 'admit', 'enter']);
  t.same(told, ['entered', 'met', 'entered', 'met']);
});

t.test('where every place is taken away before it is given, it fails', async (t) => {
  const { room, asked, told, lies, tell } = open();
  lies.before = ({ kind }) => {
    if (kind === 'enter') tell(LOST);
  };
  await room.enter();
  t.equal(told.filter((each) => each === 'failed').length, 1);
  t.ok(asked.filter((each) => each === 'admit').length < 64);
});

t.test('where every place is taken away once it is given, it fails after 64', async (t) => {
  const { room, asked, told, lies, tell, rests } = open();
  lies.after = ({ kind }) => {
    if (kind === 'enter') tell(LOST);
  };
  await room.enter();
  await rests();
  t.equal(asked.filter((each) => each === 'admit').length, 64);
  t.equal(told.filter((each) => each === 'failed').length, 1);
  tell(LOST);
  await room.enter();
  t.equal(asked.filter((each) => each === 'admit').length, 64, 'and nothing is tried any more');
});
