/**
 * What one accepted person gives another: the key of the encrypted profile and the delivery key. The first one in answer to an invite
 * carries the invite's code and a MAC under its secret over the own account key; of a code that was scanned face to face also the nonce of
 * whoever scanned it (`encounter.ts`). Durable.
 */
import { Object as Shape, Optional, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, HASH_BYTES, Id } from '../shapes.ts';

export const Profile = Shape(
  {
    profileKey: Bytes(HASH_BYTES),
    deliveryKey: Bytes(HASH_BYTES),
    invite: Optional(
      Shape({ code: Id(Bytes), mac: Bytes(HASH_BYTES), nonce: Optional(Bytes(HASH_BYTES)) }, CLOSED),
    ),
  },
  CLOSED,
);
export type Profile = Static<typeof Profile>;
