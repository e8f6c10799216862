/** The second language says everything that the first says, with the same placeholders and the forms that its numbers need. */
import t from 'tap';
import { de } from '../../../client/ui/text/de.ts';
import { en } from '../../../client/ui/text/en.ts';
import { translate } from '../../../client/ui/text/translation.ts';

type Tree = { readonly [key: string]: string | Tree };
const PLURALS: ReadonlySet<string> = new Set(['zero', 'one', 'two', 'few', 'many', 'other']);

/** Every sentence by its path. */
function sentences(tree: Tree, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') found.set(here, value);
    else for (const [inner, text] of sentences(value, here)) found.set(inner, text);
  }
  return found;
}

const english = sentences(en);
const german = sentences(de as Tree);
const placeholders = (text: string): readonly string[] => [...new Set(text.match(/\{\w+\}/g))].toSorted();

t.test('every sentence is translated, and none is left of one that is gone', async (t) => {
  t.strictSame(
    [...english.keys()].filter((path) => !german.has(path)),
    [],
    'not translated',
  );
  t.strictSame(
    [...german.keys()].filter((path) => !english.has(path)),
    [],
    'no longer said',
  );
});

t.test('a translation fills in the same values', async (t) => {
  for (const [path, text] of german) {
    const original = english.get(path) ?? '';
    const last = path.split('.').at(-1) ?? '';
    // A form for one may name the number in words.
    if (PLURALS.has(last) && last !== 'other') continue;
    t.strictSame(placeholders(text), placeholders(original), path);
  }
});

t.test('a sentence that is not translated is said in English, and nothing else gets in', async (t) => {
  const partly = translate(en, { common: { back: 'Zurück', extra: 'no such text' } } as never);
  t.equal(partly.common.back, 'Zurück');
  t.equal(partly.common.cancel, en.common.cancel);
  t.notOk('extra' in partly.common);
  t.strictSame(Object.keys(partly), Object.keys(en));
});
