/**
 * What a search compares: words without case and diacritics. Words of scripts that put spaces between them are found by their beginning.
 * Scripts that write without spaces are found by any part of a run: where their words end is a guess of a dictionary that changes with
 * the browser, so that an index made by one version would not answer to the next, and a cut in another sentence may fall elsewhere.
 * Pure; works on text that other people wrote, of any length and any characters.
 */

/** Grows when folding or cutting changes: an index made by another version is made anew. */
export const WORDS_VERSION = 1;
/** Words of a query that count; more would not be typed. */
const TERMS_MOST = 8;
/** Longest part of a word that is compared, UTF-16 units. */
const WORD_MOST = 64;

/** Marks over, under and in letters; a mark that makes another kana is none. */
const MARKS = /[[[\p{Script=Inherited}\p{Script=Hebrew}\p{Script=Arabic}]&&\p{M}]--[\u3099\u309a]]/gv;
/** A run of letters without spaces between words, a word of any other script, one emoji. */
const UNSPACED = String.raw`[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmr}\p{scx=Mymr}]&&[\p{L}\p{M}]]`;
const WORD = new RegExp(
  String.raw`${UNSPACED}+|[[\p{L}\p{M}\p{N}]--${UNSPACED}]+|\p{Extended_Pictographic}|\p{RI}{2}`,
  'gv',
);
const IS_UNSPACED = new RegExp(`^${UNSPACED}`, 'v');

/** A text as it is compared: compatibility forms, case and diacritics are gone. */
export function foldText(text: string): string {
  return text.normalize('NFKD').toLowerCase().replace(MARKS, '').normalize('NFC').replaceAll('ς', 'σ');
}

/** The different words of a text, each after a space; empty for none. Never holds a line break. */
export function wordsOf(text: string): string {
  const words = new Set<string>();
  for (const [word] of foldText(text).matchAll(WORD)) {
    words.add(IS_UNSPACED.test(word) ? word : word.slice(0, WORD_MOST));
  }
  return words.size === 0 ? '' : ` ${[...words].join(' ')}`;
}

/** What a query looks for in `wordsOf`: each part must be in there. Longest first, since it is in the fewest. */
export function termsOf(query: string): readonly string[] {
  const words = [...new Set([...foldText(query).matchAll(WORD)].map(([word]) => word))].slice(0, TERMS_MOST);
  return words
    .map((word) => (IS_UNSPACED.test(word) ? word : ` ${word.slice(0, WORD_MOST)}`))
    .toSorted((a, b) => b.length - a.length);
}

/** A stretch of a text, found or not. */
export interface Stretch {
  readonly text: string;
  readonly found: boolean;
}

/** Text shown before the first find and in all, UTF-16 units. */
const BEFORE = 40;
const EXCERPT = 160;

/** End of the part of `text` from `from` on whose folded form has at least `length` units. By doubling and halving: it may be long. */
function endOf(text: string, from: number, length: number): number {
  const isEnough = (to: number): boolean => foldText(text.slice(from, to)).length >= length;
  let [end, most] = [from, Math.min(text.length, from + length)];
  while (most < text.length && !isEnough(most)) {
    [end, most] = [most, Math.min(text.length, from + 2 * (most - from) + 1)];
  }
  while (end < most) {
    const middle = Math.floor((end + most) / 2);
    if (isEnough(middle)) most = middle;
    else end = middle + 1;
  }
  // Not between the two halves of a character.
  if (/^[\udc00-\udfff]/.test(text.slice(end, end + 1)) && end > from) end += 1;
  // Marks belong to the letter before them.
  while (end < text.length && /^\p{M}/u.test(text.slice(end))) end += 1;
  return end;
}

/** Where the terms are found in a text as it was written, ascending and apart; as far as an excerpt around the first reaches. */
function findTerms(
  text: string,
  terms: readonly string[],
): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const match of text.matchAll(WORD)) {
    if (match.index > last) break;
    const [word] = match;
    const folded = ` ${foldText(word)}`;
    for (const term of terms) {
      const at = folded.indexOf(term);
      if (at < 0) continue;
      const skipped = term.startsWith(' ') ? 0 : at - 1;
      const from = skipped === 0 ? match.index : endOf(text, match.index, skipped);
      found.push({ from, to: endOf(text, from, term.trimStart().length) });
      last = Math.min(last, from + EXCERPT);
    }
  }
  const apart: { from: number; to: number }[] = [];
  for (const next of found.toSorted((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last !== undefined && next.from <= last.to) last.to = Math.max(last.to, next.to);
    else apart.push(next);
  }
  return apart;
}

/** The surroundings of what was found, with the finds marked. The pieces put together are a part of the text on one line. */
export function excerptOf(text: string, terms: readonly string[]): readonly Stretch[] {
  const finds = findTerms(text, terms);
  const first = finds[0]?.from ?? 0;
  let start = 0;
  if (first > BEFORE) {
    const space = text.indexOf(' ', first - BEFORE);
    start = space >= 0 && space < first ? space + 1 : first;
  }
  const end = Math.min(text.length, start + EXCERPT);
  const stretches: Stretch[] = [];
  const push = (from: number, to: number, found: boolean): void => {
    if (to > from) stretches.push({ text: text.slice(from, to).replaceAll(/\s+/g, ' '), found });
  };
  let at = start;
  for (const { from, to } of finds) {
    if (from >= end) break;
    push(at, from, false);
    push(from, Math.min(to, end), true);
    at = Math.min(to, end);
  }
  push(at, end, false);
  if (start > 0) stretches.unshift({ text: '… ', found: false });
  if (end < text.length) stretches.push({ text: ' …', found: false });
  return stretches;
}
