/**
 * The emoji that the picker offers: read from the data file, found by name or by the words that people use for them. Pure; the data comes
 * in from outside, so that it can be loaded late.
 */

/** Groups in Unicode's order. */
export const EMOJI_GROUPS = [
  'smileys',
  'people',
  'nature',
  'food',
  'places',
  'activities',
  'objects',
  'symbols',
  'flags',
] as const;
export type EmojiGroupName = (typeof EMOJI_GROUPS)[number];

export interface Emoji {
  readonly emoji: string;
  readonly name: string;
  /** Name and further words, folded, each after a space. */
  readonly words: string;
}

export interface EmojiGroup {
  readonly name: EmojiGroupName;
  readonly emoji: readonly Emoji[];
}

/** What is compared: without marks and case. */
export function foldEmojiWords(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Reads the data file: `# group`, then lines of emoji, name and further words parted by tabs. */
export function parseEmoji(data: string): readonly EmojiGroup[] {
  const groups: { readonly name: EmojiGroupName; readonly emoji: Emoji[] }[] = [];
  for (const line of data.split('\n')) {
    if (line.startsWith('# ')) {
      const name = EMOJI_GROUPS.find((known) => known === line.slice(2));
      if (name !== undefined) groups.push({ name, emoji: [] });
      continue;
    }
    const [emoji = '', name = '', more = ''] = line.split('\t');
    if (name === '') continue;
    groups.at(-1)?.emoji.push({ emoji, name, words: ` ${foldEmojiWords(`${name} ${more}`)}` });
  }
  return groups;
}

/** Emoji of which every word typed begins some word; those whose name begins with it first. */
export function findEmoji(groups: readonly EmojiGroup[], typed: string): readonly Emoji[] {
  const wanted = foldEmojiWords(typed);
  if (wanted === '') return [];
  const terms = wanted.split(' ').map((term) => ` ${term}`);
  const found = groups
    .flatMap(({ emoji }) => emoji)
    .filter(({ words }) => terms.every((t) => words.includes(t)));
  const isNamed = ({ words }: Emoji): boolean => words.startsWith(` ${wanted}`);
  return [...found.filter(isNamed), ...found.filter((one) => !isNamed(one))];
}
