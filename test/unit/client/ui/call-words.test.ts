/** What is said of calls: of every end, every line, every state; and how long an end stays in sight. */
import t from 'tap';
import type { CallEnd, CallPhase, CallView } from '../../../../client/core/door.ts';
import { callSentence, endOf, shownFor, statusOf } from '../../../../client/ui/calls/call-words.ts';
import { formatClock, formatTalk } from '../../../../client/ui/text/durations.ts';

const ENDS: readonly CallEnd[] = [
  'cancelled',
  'declined',
  'busy',
  'no-answer',
  'elsewhere',
  'hung-up',
  'failed',
  'lost',
];

function call(side: CallView['side']): CallView {
  return {
    id: 'call' as CallView['id'],
    conversation: 'ada' as CallView['conversation'],
    side,
    media: 'video',
    since: 0,
    phase: { kind: 'connecting' },
    code: undefined,
    way: undefined,
    theirs: { microphone: false, camera: false, screen: false },
    quality: undefined,
    troubles: [],
  };
}

function over(why: CallEnd, isMine = false, talkedMs?: number): Extract<CallPhase, { kind: 'over' }> {
  return { kind: 'over', why, isMine, talkedMs };
}

t.test('the line of a call says what became of it', async (t) => {
  const line = (mine: boolean, outcome: CallEnd | 'missed', talkedMs?: number): string =>
    callSentence({ mine, media: 'audio', outcome, talkedMs }, 'Ada');
  t.equal(line(false, 'missed'), 'Missed voice call');
  t.equal(line(true, 'no-answer'), 'Voice call, not answered');
  t.equal(line(true, 'cancelled'), 'Voice call, not answered');
  t.equal(line(false, 'cancelled'), 'Missed voice call');
  t.equal(line(true, 'busy'), 'Voice call, Ada was in another one');
  t.equal(line(false, 'declined'), 'Voice call, declined');
  t.equal(line(false, 'elsewhere'), 'Voice call, answered on another device');
  t.equal(line(true, 'failed'), 'Voice call, not connected');
  t.equal(line(true, 'hung-up', 184_000), 'Voice call, 3 min');
  t.equal(
    callSentence({ mine: true, media: 'video', outcome: 'lost', talkedMs: 45_000 }, 'Ada'),
    'Video call, 45 sec',
  );
});

t.test('a call that was not connected, or was lost, says why, where that is known', async (t) => {
  const hint = (why: CallEnd, ...troubles: CallView['troubles']): string =>
    endOf({ side: 'caller', troubles }, over(why), 'Ada').hint ?? '';
  t.match(hint('failed'), 'Nothing was sent in the clear');
  t.match(hint('failed', 'no-relay'), 'this server relays no calls');
  t.match(hint('failed', 'no-keys'), 'The keys of Ada never came');
  t.match(hint('lost'), 'It did not come back');
  t.match(hint('lost', 'no-keys'), 'the keys of Ada did not');
});

t.test('every end has words on both sides, and nobody is named where it was oneself', async (t) => {
  for (const why of ENDS) {
    for (const side of ['caller', 'callee'] as const) {
      t.not(endOf(call(side), over(why), 'Ada').title, '', `${why} ${side}`);
      t.notMatch(endOf(call(side), over(why), 'Ada').title, /\{/, `${why} ${side}`);
    }
  }
  t.equal(endOf(call('caller'), over('hung-up', true, 60_000), 'Ada').title, 'Call ended after 1 min');
  t.equal(endOf(call('caller'), over('hung-up', false, 60_000), 'Ada').title, 'Ada hung up after 1 min');
});

t.test(
  'an end stays where the person may want to do something, and goes at once where it was his own',
  async (t) => {
    t.equal(shownFor(call('caller'), over('hung-up', true, 5_000)), 0);
    t.ok((shownFor(call('caller'), over('hung-up', false, 5_000)) ?? 0) > 1_000);
    for (const why of ['declined', 'busy', 'no-answer'] as const) {
      t.equal(shownFor(call('caller'), over(why, why === 'no-answer')), undefined, why);
      t.equal(shownFor(call('callee'), over(why)), 0, `${why} there`);
    }
    t.equal(shownFor(call('caller'), over('cancelled', true)), 0);
    t.equal(shownFor(call('callee'), over('cancelled')), 0);
    for (const why of ['failed', 'lost'] as const) {
      for (const isMine of [true, false])
        t.equal(shownFor(call('callee'), over(why, isMine)), undefined, why);
    }
  },
);

t.test('a call that is not connected says where it stands', async (t) => {
  t.equal(statusOf(undefined), 'Starting…');
  t.equal(statusOf({ kind: 'calling', heard: false }), 'Calling…');
  t.equal(statusOf({ kind: 'calling', heard: true }), 'Ringing there…');
  t.equal(statusOf({ kind: 'connecting' }), 'Connecting…');
  t.equal(statusOf({ kind: 'reconnecting', since: 0, lostAt: 0 }), 'Reconnecting…');
  t.equal(statusOf({ kind: 'talking', since: 0 }), undefined);
});

t.test('times of calls', async (t) => {
  t.equal(formatClock(0), '0:00');
  t.equal(formatClock(187_900), '3:07');
  t.equal(formatClock(3_765_000), '1:02:45');
  t.equal(formatTalk(400), '0 sec');
  t.equal(formatTalk(59_400), '59 sec');
  t.equal(formatTalk(3_600_000), '1 hr');
  t.equal(formatTalk(3_900_000), '1 hr 5 min');
});
