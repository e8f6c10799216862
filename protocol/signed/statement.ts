/**
 * A device's statement, made at every prekey rotation and signed by its identity key: the newest list it knew, what it can read, which
 * prekeys are current. Opaque to the server. A sender refuses an older statement than one it has seen, and treats one past 30 days as
 * an inactive device. Versions of contents and ciphers come from here and from nowhere else.
 */
import { Integer, Object as Shape, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, HASH_BYTES, Id, Instant, PreKeyId } from '../shapes.ts';
import { defineSigned } from './signed.ts';

export const Statement = Shape(
  {
    device: Id(Bytes),
    listHash: Bytes(HASH_BYTES),
    /** Highest versions that the device reads; the client has a floor of its own. */
    content: Integer({ minimum: 1, maximum: 255 }),
    session: Integer({ minimum: 4, maximum: 255 }),
    /** Id and SHA-256 of the serialised public keys. */
    signedId: PreKeyId,
    signedHash: Bytes(HASH_BYTES),
    lastResortId: PreKeyId,
    lastResortHash: Bytes(HASH_BYTES),
    statedAt: Instant,
  },
  CLOSED,
);
export type Statement = Static<typeof Statement>;

/** Signed by the device's identity key (XEdDSA). */
export const signedStatement = defineSigned('statement', Statement);

export const Departure = Shape({ account: Id(Bytes), device: Id(Bytes), departedAt: Instant }, CLOSED);
export type Departure = Static<typeof Departure>;

/** A device's own notice that it has left, signed by its identity key (XEdDSA). */
export const signedDeparture = defineSigned('departure', Departure);
