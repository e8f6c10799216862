/**
 * A person's reaction to a message: one emoji, or none to take it back. At most one per person and message; of two the one with the
 * higher revision counts, whatever the order of arrival. Durable; an older reader loses nothing by passing over it.
 */
import { Integer, Object as Shape, Optional, Refine, String, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, Id } from '../shapes.ts';

/** Longest emoji in UTF-16 units: a family of four with skin tones has 25, a flag of a region 14. */
export const EMOJI_MAX = 32;
/** How often one person can change the reaction to one message. */
export const REACTION_REVISIONS_MAX = 1_000;

/** Pictographs, their modifiers, the joiner, the variation selector and the tags of flags; or a keycap. */
const PARTS =
  /^(?:(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|[\u{e0020}-\u{e007f}])+|[0-9#*]\ufe0f?\u20e3)$/u;
const BASE = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Whether a text is one emoji: one grapheme of pictographs and what joins them, no letters and no stacked marks. */
export function isEmoji(text: string): boolean {
  if (text.length === 0 || text.length > EMOJI_MAX) return false;
  if (!PARTS.test(text) || !BASE.test(text)) return false;
  return [...graphemes.segment(text)].length === 1;
}

export const Reaction = Shape(
  {
    /** Who wrote the message: one of the two in the conversation. */
    author: Id(Bytes),
    message: Id(Bytes),
    emoji: Optional(
      Refine(
        String({ minLength: 1, maxLength: EMOJI_MAX }),
        (value: unknown) => typeof value === 'string' && isEmoji(value),
      ),
    ),
    revision: Integer({ minimum: 1, maximum: REACTION_REVISIONS_MAX }),
  },
  CLOSED,
);
export type Reaction = Static<typeof Reaction>;
