// Who fits what is typed, and in which order.

import t from 'tap';
import type { PersonView } from '../../../../client/core/door.ts';
import { findPeople, isKnownUsername } from '../../../../client/ui/list/find-people.ts';

const entry = (name: string, username?: string): { readonly person: PersonView } => ({
  person: { account: `${name}${username}` as PersonView['account'], username, name, trust: 'unverified' },
});
const PEOPLE = [
  entry('Katherine Johnson', 'kat'),
  entry('Émilie du Châtelet', 'emilie'),
  entry('John Smith', 'jsmith'),
  entry('Mary Smithson', 'mary'),
  entry('Ann', 'smith'),
  entry('q7mZ-4Kd'),
  entry('ليلى حدّاد', 'leila'),
];
const names = (typed: string): readonly string[] =>
  findPeople(PEOPLE, typed).map(({ person }) => person.name);

t.test('the username that was typed comes first, then who is called so, then who has it within', (t) => {
  t.strictSame(names('smith'), ['Ann', 'John Smith', 'Mary Smithson']);
  t.strictSame(names('john'), ['John Smith', 'Katherine Johnson']);
  t.strictSame(names('hns'), ['Katherine Johnson']);
  t.end();
});

t.test('case, accents and the order of words make no difference', (t) => {
  t.strictSame(names('EMILIE'), ['Émilie du Châtelet']);
  t.strictSame(names('chat em'), ['Émilie du Châtelet']);
  t.strictSame(names('  smith jo '), ['John Smith']);
  t.strictSame(names('ليلى'), ['ليلى حدّاد']);
  t.end();
});

t.test('with an @ only usernames are meant, from their beginning', (t) => {
  t.strictSame(names('@smith'), ['Ann']);
  t.strictSame(names('@ma'), ['Mary Smithson']);
  t.strictSame(names('@johnson'), []);
  t.end();
});

t.test('who only claims a username is not found by it, and does not pass for who has it', (t) => {
  const { person } = entry('Nobody you know');
  const among = [...PEOPLE, { person: { ...person, claims: 'grace' } }];
  for (const typed of ['grace', '@grace', 'gra', '@g']) t.strictSame(findPeople(among, typed), [], typed);
  t.equal(isKnownUsername(among, 'grace'), false);
  t.equal(isKnownUsername(among, 'mary'), true);
  t.end();
});

t.test('somebody without a username is found by the name alone, and nothing typed finds everybody', (t) => {
  t.strictSame(names('4kd'), ['q7mZ-4Kd']);
  t.strictSame(
    names(''),
    PEOPLE.map(({ person }) => person.name),
  );
  t.strictSame(names('zzz'), []);
  t.end();
});
