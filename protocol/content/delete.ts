/** The sender takes a message of his back, named by its id alone; nothing brings it back. Durable, critical. */
import { Object as Shape, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, Id } from '../shapes.ts';

export const Delete = Shape({ message: Id(Bytes) }, CLOSED);
export type Delete = Static<typeof Delete>;
