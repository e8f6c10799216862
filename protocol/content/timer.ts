/**
 * Disappearing messages. The timer of a conversation is said by either side under the ratchet's authentication, in a content of its own
 * and in every message, so that nobody on the way can strip or lengthen it. The higher revision is in force; of two with one revision
 * the shorter.
 */
import { Integer, Object as Shape, type Static } from 'typebox';
import { CLOSED } from '../shapes.ts';

/** Longest time, seconds: a year. */
export const TIMER_MAX_SECONDS = 365 * 24 * 60 * 60;
/** A revision further above the one in force is not believed: nobody can use up the numbers. */
export const TIMER_REVISION_STEP = 1_000;

export const Timer = Shape(
  {
    /** How long a message stays after it was sent or read; 0 for ever. */
    seconds: Integer({ minimum: 0, maximum: TIMER_MAX_SECONDS }),
    revision: Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  CLOSED,
);
export type Timer = Static<typeof Timer>;
