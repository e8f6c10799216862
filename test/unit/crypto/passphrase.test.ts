import t from 'tap';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import {
  estimateBits,
  generatePassphrase,
  MIN_PASSPHRASE_BITS,
  PASSPHRASE_WORDS,
} from '@tacet/crypto/passphrase';
import { normalisePassphrase } from '@tacet/crypto/vault';
import { ready } from '../../../crypto/ready.ts';
import { WORDS } from '../../../crypto/words.ts';
import { seededRandom } from '../../support/mangle.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

await ready();

t.test('the word list is the published one: 7,776 different words, none the beginning of another', (t) => {
  t.equal(WORDS.length, 6 ** 5);
  t.equal(new Set(WORDS).size, WORDS.length);
  t.equal(
    createHash('sha256')
      .update(WORDS.map((word) => `${word}\n`).join(''))
      .digest('hex'),
    '6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522',
  );
  const sorted = [...WORDS].sort();
  for (const [i, word] of sorted.entries()) {
    if (!/^[a-z]+(-[a-z]+)?$/.test(word)) t.fail(`${word} is no plain word`);
    if (sorted[i + 1]?.startsWith(word) === true) t.fail(`${word} begins another word`);
  }
  t.end();
});

t.test('a generated passphrase is six words of the list and already in normal form', async (t) => {
  const list = new Set(WORDS);
  for (let i = 0; i < 50; i += 1) {
    const passphrase = await generatePassphrase();
    const words = passphrase.split(' ');
    t.equal(words.length, PASSPHRASE_WORDS);
    t.ok(words.every((word) => list.has(word)));
    t.equal(normalisePassphrase(passphrase), passphrase);
  }
  t.ok(PASSPHRASE_WORDS * Math.log2(WORDS.length) > 77, 'more than 77 bits');
});

t.test('words come from the randomness of the room, and draws beyond the list are drawn again', async (t) => {
  const drawn = [8191, 7776, 0, 7775, 1, 7776, 2, 3, 4];
  await ready({
    random: () => {
      const value = drawn.shift() ?? 0;
      return Uint8Array.of(0, 0, 0, 0, 0, value >> 8, value, 0);
    },
  });
  t.teardown(async () => ready());
  t.equal(await generatePassphrase(), 'abacus zoom abdomen abdominal abide abiding');
  t.equal(drawn.length, 0);
});

t.test('every part of the list is chosen equally often', async (t) => {
  await ready({ random: seededRandom(7) });
  t.teardown(async () => ready());
  const place = new Map(WORDS.map((word, i) => [word, i]));
  const parts = Array.from({ length: 36 }, () => 0);
  for (let i = 0; i < 12_960; i += 1) {
    for (const word of (await generatePassphrase()).split(' ')) {
      const part = Math.floor((place.get(word) ?? 0) / 216);
      parts[part] = (parts[part] ?? 0) + 1;
    }
  }
  const expected = 2160;
  const chiSquare = parts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  t.ok(chiSquare < 80, `chi-square ${chiSquare.toFixed(1)} of 35 degrees of freedom`);
});

t.test('weak choices stay far below the floor', async (t) => {
  const weak = [
    '',
    ' ',
    'password',
    'Tr0ub4dor&3',
    'correct horse battery staple',
    'qwertyuiopasdfghjklzxcvbnm1234567890',
    'a'.repeat(300),
    'abc'.repeat(30),
    '!'.repeat(40),
    'one two three four five six seven eight nine ten eleven twelve',
    'to be or not to be that is the question',
    'the quick brown fox jumps over the lazy dog',
    'der schnelle braune Fuchs springt über den Hund',
    'monday tuesday wednesday thursday friday saturday sunday',
    'I love my dog Rex and my cat Felix since 2015!',
    '1984-06-13 1984-06-13 1984-06-13',
  ];
  for (const choice of weak) {
    const bits = await estimateBits(choice);
    t.ok(bits < MIN_PASSPHRASE_BITS, `${bits} bits: ${choice.slice(0, 30)}`);
  }
  t.equal(await estimateBits(''), 0);
  t.equal(await estimateBits(' \t'), 0);
});

t.test('strong choices are accepted: random characters, a long unusual sentence, rolled words', async (t) => {
  const strong = [
    'k3#Vq9!wZt7$mB2@xR5%nL8&',
    'my neighbour plays seventeen trombones at dawn while the postman recites forgotten sonnets about turnips',
    'fetch ludicrous polio engraver cinnamon zealous',
  ];
  for (const choice of strong) {
    const bits = await estimateBits(choice);
    t.ok(bits >= MIN_PASSPHRASE_BITS, `${bits} bits: ${choice.slice(0, 30)}`);
  }
});

t.test('what is known of the person counts against the choice', async (t) => {
  const choice = 'k3#Vq9!wZt7$mB2@xR5%nL8&';
  t.equal(await estimateBits(choice, [choice]), 0);
  t.ok((await estimateBits(`Alice ${choice}`, ['alice'])) <= (await estimateBits(choice)));
  t.equal(await estimateBits('Alice alice ALICE', ['alice']), 0);
  t.ok((await estimateBits(choice, ['k', ''])) >= MIN_PASSPHRASE_BITS, 'single letters are not taken out');
});

t.test('a letter that lower case makes longer keeps no known word in and no estimate running', async (t) => {
  // One letter whose lower case has two units: a search that mixes up both lengths takes the wrong part out, or none for ever.
  const dotted = '\u0130'.repeat(4);
  t.equal(await estimateBits(`${dotted}ann`, ['ann']), await estimateBits(dotted));
  t.equal(await estimateBits(`${dotted}alice`, ['alice']), await estimateBits(dotted));
  t.equal(await estimateBits(`${dotted}ALICE${dotted}`, ['Alice']), await estimateBits(dotted + dotted));
});

t.test('blanks around and between, repeated or odd, add nothing', async (t) => {
  const bits = await estimateBits('fetch ludicrous polio engraver');
  t.equal(await estimateBits('  fetch   ludicrous\u00a0polio \t engraver '), bits);
});

t.test('an estimate never exceeds what the characters could hold and never fails', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (text) => {
      const bits = await estimateBits(text);
      return Number.isInteger(bits) && bits >= 0 && bits <= 6 * text.normalize('NFKC').length;
    }),
    { numRuns: 60 },
  );
  t.pass('every run held');
});

t.test('dice-rolled passphrases pass the floor almost always', async (t) => {
  await ready({ random: seededRandom(11) });
  t.teardown(async () => ready());
  let refused = 0;
  for (let i = 0; i < 100; i += 1) {
    if ((await estimateBits(await generatePassphrase())) < MIN_PASSPHRASE_BITS) refused += 1;
  }
  t.ok(refused <= 2, `${refused} of 100 refused`);
});
