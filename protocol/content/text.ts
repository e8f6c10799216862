/** A text message, maybe in reply to another one, with the timer that its sender knew to be in force. Durable. */
import { Object as Shape, Optional, String, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Id } from '../shapes.ts';
import { Timer } from './timer.ts';

/** Characters of a quoted text (UTF-16 units): what fits two lines. */
export const QUOTE_MAX = 160;

/** The message that is replied to. A reader who has it shows its own copy, not these words. */
export const Quote = Shape(
  { author: Id(Bytes), message: Id(Bytes), text: String({ maxLength: QUOTE_MAX }) },
  CLOSED,
);
export type Quote = Static<typeof Quote>;

export const Text = Shape(
  {
    text: String({ minLength: 1, maxLength: LIMITS.textMaxChars }),
    reply: Optional(Quote),
    /** Absent while no timer was ever set. */
    timer: Optional(Timer),
  },
  CLOSED,
);
export type Text = Static<typeof Text>;
