// The catalogue of words: every code has its sentence and every sentence its code, numbers choose the form, names go in.

import t from 'tap';
import { ERROR_CODES } from '@tacet/protocol/errors';
import { en } from '../../../../client/ui/text/en.ts';
import { failureText, fill, plural } from '../../../../client/ui/text/text.ts';
import { readFileSync } from 'node:fs';

/** The client's own codes, read from the type that defines them. */
function clientCodes(): readonly string[] {
  const source = readFileSync(new URL('../../../../client/core/view/failure.ts', import.meta.url), 'utf8');
  const union = /export type ClientErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
  return [...union.matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '');
}

/** Every text of the catalogue with its path. */
function textsOf(value: unknown, path = 'en'): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${path}.${key}`));
}

t.test('every error code has a sentence, and every sentence has its code', (t) => {
  const codes = [...ERROR_CODES, ...clientCodes()];
  t.ok(clientCodes().length > 10, 'the codes of the client were found');
  t.strictSame(Object.keys(en.failures).toSorted(), codes.toSorted());
  for (const [code, sentence] of Object.entries(en.failures)) {
    t.match(sentence, /^[A-Z].*\.$/s, `${code} is a sentence`);
  }
  t.end();
});

t.test('texts are calm: no exclamation marks, no blame, no double spaces', (t) => {
  for (const [path, sentence] of textsOf(en)) {
    t.notMatch(sentence, /!|\s{2}|\b(?:invalid|illegal|you failed|oops)\b/i, path);
    t.not(sentence.trim(), '', path);
  }
  t.end();
});

t.test('braces are closed and hold a plain name', (t) => {
  for (const [path, sentence] of textsOf(en)) {
    t.equal(sentence.replaceAll(/\{[a-z]+\}/g, '').search(/[{}]/), -1, path);
  }
  t.end();
});

t.test('names are filled in once, as they are, also where they look like a placeholder', (t) => {
  t.equal(fill('{name} invites you', { name: '{name} & <b>' }), '{name} & <b> invites you');
  t.equal(fill('{a} and {b}', { a: '{b}', b: '$1' }), '{b} and $1');
  t.end();
});

t.test('a name that runs from right to left turns nothing round it', (t) => {
  const turned = fill('{name} invites you to {place}', { name: 'ليلى (1)', place: 'example.org' });
  t.equal(turned, '\u2068ليلى (1)\u2069 invites you to example.org');
  t.end();
});

t.test('a number chooses the form and is written as people write it', (t) => {
  t.equal(plural(en.conversation.jumpCount, 1), '1 new message');
  t.equal(plural(en.conversation.jumpCount, 2), '2 new messages');
  t.equal(plural(en.conversation.jumpCount, 0), '0 new messages');
  t.equal(plural(en.conversation.jumpCount, 12_345), '12,345 new messages');
  t.end();
});

t.test('a failure reads as its code says', (t) => {
  t.equal(failureText({ code: 'login-refused' }), en.failures['login-refused']);
  t.equal(failureText({ code: 'offline', retryAt: 5 }), en.failures.offline);
  t.end();
});
