/**
 * Asks for a message again: one that could not be decrypted (by the envelope's id and the ratchet key it named), or numbers missing from
 * the chain. Travels in a new session from a fresh bundle. The sender resends only what it sent to that same device and key; of an envelope
 * for which there is nothing to be sent again it says so, and how far its numbering had come.
 */
import { Array as List, Literal, Object as Shape, Optional, Union, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, Counter, EC_KEY_BYTES, Id } from '../shapes.ts';

/** Numbers in one request. */
export const RETRY_MAX = 64;

const Undecryptable = Shape(
  { what: Literal('envelope'), envelope: Id(Bytes), ratchetKey: Optional(Bytes(EC_KEY_BYTES)) },
  CLOSED,
);
const Missing = Shape(
  {
    what: Literal('missing'),
    epoch: Id(Bytes),
    numbers: List(Counter, { minItems: 1, maxItems: RETRY_MAX }),
  },
  CLOSED,
);
/** Whatever that envelope was: if it was numbered, its number is no higher than this one of the sender's chain; 0: there is none yet. */
const Nothing = Shape(
  { what: Literal('nothing'), envelope: Id(Bytes), epoch: Id(Bytes), number: Counter },
  CLOSED,
);

export const Retry = Union([Undecryptable, Missing, Nothing]);
export type Retry = Static<typeof Retry>;
