/** The body of every refusal over HTTP: a code of the catalogue, and when to try again if the code's rule is `after`. */
import { Enum, Integer, Object as Shape, Optional, type Static } from 'typebox';
import { ERROR_CODES } from '../errors.ts';
import { CLOSED } from '../shapes.ts';

export const ErrorReply = Shape(
  { code: Enum([...ERROR_CODES]), retryAfterMs: Optional(Integer({ minimum: 0 })) },
  CLOSED,
);
export type ErrorReply = Static<typeof ErrorReply>;
