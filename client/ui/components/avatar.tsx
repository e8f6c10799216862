/** Somebody's picture; without one, initials on a hue of their own, the same on every device. */
import type { VNode } from 'preact';
import { onFirstUse } from '../text/on-first-use.ts';
import css from './avatar.module.css';
import { usePicture } from './pictures.ts';

const graphemes = onFirstUse(() => new Intl.Segmenter(undefined, { granularity: 'grapheme' }));
/** A letter that nothing after it can change: most names need no rules of writing systems. */
const PLAIN_START = /^[A-Za-z0-9](?:[!-~]|$)/;

/** First letters of the first and last word; emoji and letters with marks stay whole. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(word));
  const first = (word: string | undefined): string => {
    if (word !== undefined && PLAIN_START.test(word)) return word.slice(0, 1).toLocaleUpperCase();
    for (const { segment } of graphemes().segment(word ?? '')) {
      if (/[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(segment)) return segment.toLocaleUpperCase();
    }
    return '';
  };
  const start = first(words[0]);
  if (words.length < 2 || /\p{Emoji_Presentation}/u.test(start)) return start;
  return start + first(words.at(-1));
}

/** A hue in degrees from an id, spread evenly enough. */
export function hueOf(id: string): number {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600;
  return hash / 10;
}

export function Avatar({
  id,
  name,
  picture,
  size = 40,
}: {
  readonly id: string;
  readonly name: string;
  /** What core calls the picture, if there is one. */
  readonly picture: string | undefined;
  readonly size?: number;
}): VNode {
  const address = usePicture(id, picture);
  return (
    <span
      class={css.avatar}
      style={{ '--hue': String(hueOf(id)), '--avatar': `${size}px` }}
      aria-hidden="true"
    >
      {address === undefined ? (
        initialsOf(name)
      ) : (
        <img src={address} alt="" width={size} height={size} draggable={false} />
      )}
    </span>
  );
}
