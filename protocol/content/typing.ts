/** Typing started or stopped. Never queued, never numbered. */
import { Boolean as Bool, Object as Shape, type Static } from 'typebox';
import { CLOSED } from '../shapes.ts';

export const Typing = Shape({ on: Bool() }, CLOSED);
export type Typing = Static<typeof Typing>;
