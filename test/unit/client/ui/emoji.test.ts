// The emoji of the picker: the data is whole, and what people type finds what they mean.

import t from 'tap';
import { EMOJI_DATA } from '../../../../client/ui/components/emoji-data.ts';
import { EMOJI_GROUPS, findEmoji, parseEmoji } from '../../../../client/ui/components/emoji.ts';

const groups = parseEmoji(EMOJI_DATA);

t.test('the data holds every group in order, each emoji once, each one a recommended sequence', (t) => {
  t.strictSame(
    groups.map(({ name }) => name),
    EMOJI_GROUPS,
  );
  const all = groups.flatMap(({ emoji }) => emoji);
  t.ok(all.length > 1_900, `${all.length} emoji`);
  t.equal(new Set(all.map(({ emoji }) => emoji)).size, all.length);
  t.ok(all.every(({ emoji }) => /^\P{ASCII}|[#*\d]\u{FE0F}\u{20E3}$/u.test(emoji)));
  t.end();
});

t.test('an emoji is found by its name before those that are only like it', (t) => {
  t.equal(findEmoji(groups, 'red heart')[0]?.emoji, '❤️');
  t.equal(findEmoji(groups, 'rocket')[0]?.emoji, '🚀');
  t.end();
});

t.test('every word typed must begin a word, in any order, without case or marks', (t) => {
  const found = findEmoji(groups, 'EYES sm').map(({ emoji }) => emoji);
  t.ok(found.includes('😄'));
  t.ok(findEmoji(groups, 'pinata').some(({ emoji }) => emoji === '🪅'));
  t.strictSame(findEmoji(groups, 'iling'), []);
  t.end();
});

t.test('nothing typed finds nothing', (t) => {
  t.strictSame(findEmoji(groups, '  '), []);
  t.end();
});
