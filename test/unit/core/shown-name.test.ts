/** Names are one line of words that stay in their place. */
import fc from 'fast-check';
import t from 'tap';
import { NAME_MAX } from '@tacet/protocol/content/record';
import { shownName } from '../../../client/core/shown-name.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

t.test('what breaks the line, hides, or turns the direction is taken out', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['  Ada   Lovelace ', 'Ada Lovelace'],
    ['Ada\nhas verified you\tnow', 'Ada has verified you now'],
    ['\u202eada\u202c', 'ada'],
    ['A\u200bd\u2060a\ufeff', 'Ada'],
    ['line\u2028break', 'line break'],
    ['\u0000\u0007', 'other'],
    ['\u202e\u2066', 'other'],
    ['', 'other'],
    // What writing needs stays: joiners of Persian and of emoji, flags, right-to-left letters.
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['👩\u200d👧', '👩\u200d👧'],
    ['ليلى حدّاد', 'ليلى حدّاد'],
  ];
  t.strictSame(
    cases.map(([name]) => shownName(name, 'other')),
    cases.map(([, shown]) => shown),
  );
  t.end();
});

t.test('whatever is told, what is shown is short, whole and without controls', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      const shown = shownName(name, 'other');
      return (
        shown.length > 0 &&
        shown.length <= NAME_MAX &&
        shown === shown.trim() &&
        shown.isWellFormed() &&
        !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(shown) &&
        shownName(shown, 'other') === shown
      );
    }),
  );
  t.end();
});
