/**
 * How hard a person's own passphrase is to guess, estimated low on purpose: zxcvbn-ts (the only file that imports it) with its English
 * and common dictionaries, on the text as it is and without its separators, and under a ceiling for text in any language, because the
 * dictionaries know one language only. Some 800 kB compressed: loaded when a person types a passphrase of his own, never before.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import { WORDS } from './words.ts';

/**
 * Bits of one letter in words: 1.0 within Shannon's bounds for running English text (0.6 to 1.3), 2.2 below his bound for eight letters
 * of context where every word is on the word list, which nobody's sentence is, but thrown dice are.
 */
const BITS_PER_LETTER = 1;
const BITS_PER_LISTED_LETTER = 2.2;
/** Bits of a digit, and of any other character: one of 64. */
const BITS_PER_DIGIT = 3.3;
const BITS_PER_CHARACTER = 6;
/** Shorter runs of letters inside a mixture say nothing about language. */
const SHORTEST_INNER_WORD = 4;
/** Shorter personal words would take letters out of everything. UTF-16 units. */
const SHORTEST_PERSONAL = 3;

const { 'diceware-common': diceware, ...lists } = common;
/** The name `diceware` tells the estimator that the list's order means nothing. */
const estimator = new ZxcvbnFactory({
  dictionary: { ...lists, ...english, diceware },
  graphs: adjacencyGraphs,
});
const listed: ReadonlySet<string> = new Set(WORDS);

function guessBits(text: string): number {
  return estimator.check(text).guessesLog10 * Math.log2(10);
}

/** Lower case, letter by letter and only where the length stays: a place in the result is the same place in the text. */
function folded(text: string): string {
  let result = '';
  for (const letter of text) {
    const lower = letter.toLowerCase();
    result += lower.length === letter.length ? lower : letter;
  }
  return result;
}

/** The text without what an attacker knows of the person, in any case; words of one or two characters stay. */
function withoutPersonal(text: string, personal: readonly string[]): string {
  let rest = text;
  for (const known of personal) {
    const word = folded(known.normalize('NFKC').trim());
    if (word.length < SHORTEST_PERSONAL) continue;
    for (let at = folded(rest).indexOf(word); at >= 0; at = folded(rest).indexOf(word)) {
      rest = rest.slice(0, at) + rest.slice(at + word.length);
    }
  }
  return rest;
}

/** Blanks, and marks that occur again: they part words and add nothing. */
function isSeparator(character: string, text: string): boolean {
  if (/\s/u.test(character)) return true;
  return /[\p{P}\p{S}]/u.test(character) && text.indexOf(character) !== text.lastIndexOf(character);
}

/** The runs between separators. */
function wordsOf(text: string): string[] {
  let parted = '';
  for (const character of text) parted += isSeparator(character, text) ? ' ' : character;
  return parted.split(' ').filter((word) => word !== '');
}

/** Lower case, first letter of any case, or all capitals: what words of a language look like. */
function hasWordShape(run: string): boolean {
  return /^(?:\p{L}[^\p{Lu}]*|\p{Lu}+)$/u.test(run);
}

/** The ceiling for one word: letters in word shape as language, digits as digits, the rest as freely chosen. */
function wordCeiling(word: string, bitsPerLetter: number): number {
  let bits = 0;
  for (const [run] of word.matchAll(/\p{L}+|\p{Nd}+|[^\p{L}\p{Nd}]+/gu)) {
    const length = Array.from(run).length;
    if (/^\p{Nd}/u.test(run)) bits += length * BITS_PER_DIGIT;
    else if (/^\p{L}/u.test(run) && hasWordShape(run) && (run === word || length >= SHORTEST_INNER_WORD)) {
      bits += length * bitsPerLetter;
    } else bits += length * BITS_PER_CHARACTER;
  }
  return bits;
}

/** Estimated strength in bits, rounded down: the lowest of the estimates. */
export function estimate(whole: string, personal: readonly string[]): number {
  const text = withoutPersonal(whole, personal);
  const words = wordsOf(text);
  if (words.length === 0) return 0;
  const perLetter = words.every((word) => listed.has(word)) ? BITS_PER_LISTED_LETTER : BITS_PER_LETTER;
  const ceiling = words.reduce((bits, word) => bits + wordCeiling(word, perLetter), 0);
  const bits = Math.min(guessBits(text), guessBits(words.join('')), ceiling);
  return Math.max(0, Math.floor(bits));
}
