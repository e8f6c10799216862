/** What the field is about, and words that come back: what is written while something else is under way is not taken with it. */
import t from 'tap';
import type { ConversationId, Me } from '../../../../client/core/view.ts';
import {
  compose,
  composingIn,
  endComposing,
  forgetComposing,
  rewrite,
  setAside,
  takeUp,
} from '../../../../client/ui/conversation/composing.ts';
import {
  holdsLines,
  joinWords,
  keepDraft,
  noteStranded,
  noteUnkept,
  putBack,
  takeUnkept,
  unkept,
} from '../../../../client/ui/conversation/given-back.ts';
import type { MessageLine } from '../../../../client/ui/conversation/rows.ts';
import { makeFakeDoor } from '../../../support/fake-door.ts';

const ADA = 'adaAAAAAAAAAAAAAAAAAAA' as ConversationId;

const LINE: MessageLine = {
  kind: 'message',
  order: 1,
  id: 'messageAAAAAAAAAAAAAAA' as MessageLine['id'],
  mine: true,
  text: 'as it was',
  sentAt: 0,
  receivedAt: 0,
  delivery: { kind: 'sent' },
};

t.test('an edit that was written on while it was being saved stays open, with the newer words', async (t) => {
  t.teardown(forgetComposing);
  compose(ADA, 'edit', LINE);
  rewrite(ADA, () => 'saved');
  const [saved] = composingIn(ADA);
  rewrite(ADA, () => 'saved, and more');
  endComposing(ADA, saved!);
  t.match(composingIn(ADA), [{ kind: 'edit', text: 'saved, and more' }]);
  endComposing(ADA, composingIn(ADA)[0]!);
  t.strictSame(composingIn(ADA), []);
});

t.test(
  'an edit that a lock interrupts is open again for whoever wrote it, and for nobody else',
  async (t) => {
    t.teardown(forgetComposing);
    const [me, other] = ['meAAAAAAAAAAAAAAAAAAAA', 'otherAAAAAAAAAAAAAAAAA'] as Me['account'][] as [
      Me['account'],
      Me['account'],
    ];
    const begin = (): void => {
      compose(ADA, 'edit', LINE);
      rewrite(ADA, () => 'other words');
      compose(ADA, 'reply', { ...LINE, id: 'anotherAAAAAAAAAAAAAAA' as MessageLine['id'], text: 'quoted' });
      setAside(me);
    };
    begin();
    t.strictSame(composingIn(ADA), [], 'while it is locked nothing is open');
    takeUp(me);
    const open = composingIn(ADA);
    t.match(open, [{ kind: 'edit', text: 'other words', message: { id: LINE.id, mine: true } }]);
    t.equal(open.length, 1);
    t.notMatch(JSON.stringify(open), /as it was|quoted/, 'no message was kept with it');
    forgetComposing();

    begin();
    takeUp(other);
    t.strictSame(composingIn(ADA), [], 'it is nothing to another account');
    takeUp(me);
    t.strictSame(composingIn(ADA), [], 'and is gone then');

    begin();
    forgetComposing();
    takeUp(me);
    t.strictSame(composingIn(ADA), [], 'signed out, it is forgotten');

    compose(ADA, 'edit', LINE);
    setAside(me);
    takeUp(me);
    t.strictSame(composingIn(ADA), [], 'an edit in which nothing was changed just ends');
  },
);

t.test('what was typed since stays beside words that come back, whatever they begin with', async (t) => {
  t.equal(joinWords('Hello', 'H', ''), 'Hello\nH', 'newly typed');
  t.equal(joinWords('Hello', 'Hel', 'Hel'), 'Hello', 'the draft that was sent');
  t.equal(joinWords('Hello', '', 'Hel'), 'Hello');
  t.equal(joinWords('Hello', 'Hel'), 'Hello', 'of what is not known it may be an earlier state');
  t.equal(joinWords('Hello', 'and'), 'Hello\nand');
});

t.test('a draft holds words of another tab only where it has them as whole lines', async (t) => {
  t.notOk(holdsLines('I do not know', 'no'));
  t.ok(holdsLines('no', 'no'));
  t.ok(holdsLines('yes\nno\nmaybe', 'no'));
  t.ok(holdsLines('yes\nno\nmaybe', 'no\nmaybe'));
  t.notOk(holdsLines('yes\nnot\nmaybe', 'no\nmaybe'));
});

t.test('words that no storage took are noted once, in the state that they came to', async (t) => {
  for (const words of ['what was', 'what was written', 'what was', ' ', 'another']) {
    noteUnkept({ of: ADA, words });
  }
  t.strictSame(
    unkept.value.map(({ words }) => words),
    ['what was written', 'another'],
  );
  t.equal(takeUnkept().length, 2);
  t.strictSame(unkept.value, [], 'given back, they are noted no more');
});

t.test('words that nothing holds are noted where the app stands still, and nowhere else', async (t) => {
  t.teardown(takeUnkept);
  const failure = { code: 'storage-unavailable' } as const;
  const refuse = { setDraft: failure };
  for (const session of [
    { kind: 'broken', failure },
    { kind: 'too-old' },
    { kind: 'other-version' },
  ] as const) {
    const door = makeFakeDoor({ state: { session }, refuse });
    noteStranded(door, [{ of: ADA, words: 'an edit' }]);
    await keepDraft(door, ADA, 'a draft');
    t.strictSame(
      takeUnkept().map(({ words }) => words),
      ['an edit', 'a draft'],
      session.kind,
    );
  }
  const out = makeFakeDoor({ state: { session: { kind: 'signed-out' } }, refuse });
  noteStranded(out, [{ of: ADA, words: 'an edit' }]);
  await keepDraft(out, ADA, 'a draft');
  t.strictSame(takeUnkept(), [], 'signed out');

  const other = makeFakeDoor({ state: { session: { kind: 'other-version' } }, hang: ['setDraft'] });
  keepDraft(other, ADA, 'unanswered').catch(() => t.fail('it never rejects'));
  t.match(takeUnkept(), [{ words: 'unanswered' }], 'core may never answer');
});

t.test('texts that come back one after another stand in the order in which they were sent', async (t) => {
  const first = putBack(ADA, 'one', '');
  const second = putBack(ADA, 'two', first);
  t.equal(second, 'one\ntwo');
  t.equal(putBack(ADA, 'three', `${second}\nwritten since`), 'one\ntwo\nthree\nwritten since');
  t.equal(putBack(ADA, 'four', 'all anew'), 'four\nall anew', 'before what came otherwise');
});
