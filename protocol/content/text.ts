/** A text message. Durable. */
import { Object as Shape, String, type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { CLOSED } from '../shapes.ts';

export const Text = Shape({ text: String({ minLength: 1, maxLength: LIMITS.textMaxChars }) }, CLOSED);
export type Text = Static<typeof Text>;
