/**
 * Another text for a message of the sender, named by its id alone: nobody can name somebody else's. The highest revision counts,
 * whatever the order of arrival. Durable, critical.
 */
import { Integer, Object as Shape, String, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Id } from '../shapes.ts';

/** How often one message can be edited. */
export const EDIT_REVISIONS_MAX = 100;
/** A message can be edited, and deleted for everyone, this long after it was sent; by the sender's clock, milliseconds. */
export const AMEND_WITHIN_MS = 24 * 60 * 60_000;

export const Edit = Shape(
  {
    message: Id(Bytes),
    revision: Integer({ minimum: 1, maximum: EDIT_REVISIONS_MAX }),
    text: String({ minLength: 1, maxLength: LIMITS.textMaxChars }),
  },
  CLOSED,
);
export type Edit = Static<typeof Edit>;
