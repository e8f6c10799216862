/** What a search compares, and what it shows of what it found. */
import t from 'tap';
import { excerptOf, foldText, termsOf, wordsOf } from '../../../client/core/search/words.ts';

const holds = (text: string, query: string): boolean => {
  const words = wordsOf(text);
  return termsOf(query).every((term) => words.includes(term));
};

t.test('case, diacritics and compatibility forms do not matter', (t) => {
  for (const [text, query] of [
    ['Über den Wolken', 'uber'],
    ['uber', 'ÜBER'],
    ['CAFÉ', 'cafe'],
    ['İstanbul', 'istanbul'],
    ['Ὀδυσσεύς', 'οδυσσευσ'],
    ['ﬁne ½', 'fine'],
    ['ＴＡＣＥＴ', 'tacet'],
    ['שָׁלוֹם', 'שלום'],
    ['مُحَمَّد', 'محمد'],
  ] as const) {
    t.ok(holds(text, query), `${query} finds ${text}`);
  }
  t.end();
});

t.test('a word is found by its beginning and not by its middle', (t) => {
  t.ok(holds('the lantern by the door', 'lan do'));
  t.notOk(holds('the lantern by the door', 'antern'));
  t.notOk(holds('the lantern by the door', 'lantern window'));
  t.end();
});

t.test('scripts without spaces are found by any part', (t) => {
  t.ok(holds('明日は東京都に行きます', '京都'));
  t.ok(holds('明日は東京都に行きます', '東京'));
  t.ok(holds('ラーメンを食べる', 'ラーメン'));
  t.ok(holds('สวัสดีครับ', 'ครับ'));
  t.notOk(holds('ハット', 'バット'), 'another kana is another letter');
  t.ok(holds('iPhoneを買う', 'iph'));
  t.end();
});

t.test('words of Indic scripts keep their vowels', (t) => {
  t.ok(holds('नमस्ते दुनिया', 'नमस्ते'));
  t.notOk(holds('की', 'कु'));
  t.end();
});

t.test('emoji are words; punctuation is nothing', (t) => {
  t.ok(holds('see you 🎉🎉', '🎉'));
  t.strictSame(termsOf(' ?!… --- '), []);
  t.equal(wordsOf('...'), '');
  t.end();
});

t.test('the words of a text hold no line break, whatever the text', (t) => {
  t.notMatch(wordsOf('one\ntwo\r\nthree\u2028four\u0085five'), /\n/);
  t.end();
});

t.test('an excerpt is a part of the text around the find, with all finds marked', (t) => {
  const text = `${'far away and long ago '.repeat(10)}the Löwe sleeps\ntonight and the lowest lion too${' more'.repeat(60)}`;
  const stretches = excerptOf(text, termsOf('low'));
  t.strictSame(
    stretches.filter(({ found }) => found).map(({ text: found }) => found),
    ['Löw', 'low'],
  );
  const whole = stretches.map(({ text: part }) => part).join('');
  t.match(whole, /^… .*Löwe sleeps tonight and the lowest.* …$/);
  t.ok(whole.length < 200);
  t.end();
});

t.test('a find inside a run without spaces is marked where it is', (t) => {
  t.strictSame(excerptOf('明日は東京都に行きます', termsOf('京都')), [
    { text: '明日は東', found: false },
    { text: '京都', found: true },
    { text: 'に行きます', found: false },
  ]);
  t.end();
});

t.test('a find at the end of the longest run is marked, however many ask for it', (t) => {
  const text = `${'東'.repeat(15_998)}京都`;
  for (let i = 0; i < 40; i += 1) {
    const found = excerptOf(text, termsOf('京都')).filter((stretch) => stretch.found);
    t.strictSame(found, [{ text: '京都', found: true }]);
  }
  t.end();
});

t.test('folding a text twice is folding it once', (t) => {
  for (const text of ['Ǆ ẞ ſ K Å ﬃ', 'İIıi', 'Σς', 'ガギ', '한국어', 'ค่ำ']) {
    t.equal(foldText(foldText(text)), foldText(text));
  }
  t.end();
});
