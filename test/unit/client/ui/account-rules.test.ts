// The forms explain the wire's rules: what a form lets through, the schema takes, and the other way round.

import fc from 'fast-check';
import t from 'tap';
import { NAME_MAX as RECORD_NAME_MAX } from '@tacet/protocol/content/record';
import { LIMITS } from '@tacet/protocol/limits';
import { Username } from '@tacet/protocol/shapes';
import { Check } from 'typebox/value';
import {
  NAME_MAX,
  nameProblem,
  suggestUsername,
  USERNAME_MAX,
  USERNAME_MIN,
  usernameProblem,
} from '../../../../client/ui/account-rules.ts';
import { TEXT_MAX } from '../../../../client/ui/conversation/text-limit.ts';
import { seedProperties } from '../../../support/seed-properties.ts';

seedProperties(t);

t.test('the form and the schema agree about every username', (t) => {
  const character = fc.constantFrom(...'abz019._-AÄ é'.split(''));
  fc.assert(
    fc.property(fc.array(character, { maxLength: 36 }), (characters) => {
      const username = characters.join('');
      return (usernameProblem(username) === undefined) === Check(Username, username);
    }),
    { numRuns: 2_000 },
  );
  for (const good of ['ada', 'a-b', 'grace.h', 'x_1', `a${'b'.repeat(31)}`]) {
    t.equal(usernameProblem(good), undefined, good);
  }
  t.strictSame([USERNAME_MIN, USERNAME_MAX], [LIMITS.usernameMin, LIMITS.usernameMax]);
  t.equal(TEXT_MAX, LIMITS.textMaxChars);
  t.equal(NAME_MAX, RECORD_NAME_MAX);
  t.end();
});

t.test('each kind of wrong username has its own explanation', (t) => {
  const problems = ['ab', 'a'.repeat(33), '1ab', 'a..b', 'ab-'].map((username) => usernameProblem(username));
  t.equal(new Set(problems.slice(0, 4)).size, 4);
  for (const problem of problems) t.type(problem, 'string');
  t.end();
});

t.test('a suggestion is empty or a username that can be used', (t) => {
  t.equal(suggestUsername('Ada Lovelace'), 'ada');
  t.equal(suggestUsername('Émilie du Châtelet'), 'emilie');
  t.equal(suggestUsername('3rd Rock'), '');
  t.equal(suggestUsername('ليلى'), '');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const suggested = suggestUsername(name);
      return suggested === '' || usernameProblem(suggested) === undefined;
    }),
  );
  t.end();
});

t.test('a name needs something to read and has a limit', (t) => {
  t.type(nameProblem('   '), 'string');
  t.type(nameProblem('x'.repeat(65)), 'string');
  t.equal(nameProblem(' 李 '), undefined);
  t.end();
});
