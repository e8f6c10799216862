/**
 * Two people who have scanned a code face to face. The side that showed the code tells the nonce whose hash the code carries, once
 * the answer has told the other's (`profile.ts`): of both they make the number that they compare. Each side says when its person has
 * confirmed. Bound to both account keys, the code and both nonces by MACs under the code's secret (`docs/sealed-forms.md`). Durable; a
 * reader that does not know it marks nobody.
 */
import { Literal, Object as Shape, Union, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, HASH_BYTES, Id } from '../shapes.ts';

export const Encounter = Union([
  Shape({ what: Literal('number'), code: Id(Bytes), nonce: Bytes(HASH_BYTES) }, CLOSED),
  Shape({ what: Literal('confirm'), code: Id(Bytes), mac: Bytes(HASH_BYTES) }, CLOSED),
]);
export type Encounter = Static<typeof Encounter>;
