/** Prekeys of the own device: upload, refill, and the check that the server holds what was uploaded. */
import { Array as List, Object as Shape, type Static } from 'typebox';
import { B64u } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { CLOSED, HASH_BYTES, PreKeyId, PreKeyUpload } from '../shapes.ts';

const Held = Shape(
  {
    ids: List(PreKeyId, { maxItems: LIMITS.oneTimePrekeys }),
    /** SHA-256 over, for each key in ascending order of id, the id as 4 bytes big-endian and the public key. */
    digest: B64u(HASH_BYTES),
  },
  CLOSED,
);

export const HeldPreKeys = Shape(
  { oneTime: Held, oneTimeKyber: Held, signed: Held, lastResort: Held },
  CLOSED,
);
export type HeldPreKeys = Static<typeof HeldPreKeys>;

export const getPreKeys = defineRoute({
  name: 'getPreKeys',
  method: 'GET',
  path: '/v1/keys',
  auth: 'session',
  rate: 'ordinary',
  reply: HeldPreKeys,
  errors: [],
  summary: 'Which prekeys of this device the server still holds, with digests for the owner to check.',
});

export const putPreKeys = defineRoute({
  name: 'putPreKeys',
  method: 'PUT',
  path: '/v1/keys',
  auth: 'session',
  rate: 'ordinary',
  bodyMaxBytes: LIMITS.prekeyBodyMaxBytes,
  body: PreKeyUpload(B64u),
  reply: HeldPreKeys,
  errors: ['too-large'],
  summary:
    'Adds one-time prekeys and replaces signed keys and statement; an id that is held already is left as it is.',
});
