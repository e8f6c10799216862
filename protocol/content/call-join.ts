/**
 * What a participant of a call says of himself to the others, sealed under a key from the call's secret: the prekey bundle of an identity that
 * was made for this call alone, and which device's identity it is, signed by that device. Media keys go to call identities only.
 */
import { Integer, Object as Shape, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, EC_KEY_BYTES, Id, KyberPreKey, SIGNATURE_BYTES, SignedPreKey } from '../shapes.ts';

/** A prekey bundle without one-time keys: the identity lives as long as the call, and one session is begun with it. */
export const CallBundle = Shape(
  {
    registrationId: Integer({ minimum: 1, maximum: 0x3fff }),
    identityKey: Bytes(EC_KEY_BYTES),
    signed: SignedPreKey(Bytes),
    kyber: KyberPreKey(Bytes),
  },
  CLOSED,
);
export type CallBundle = Static<typeof CallBundle>;

/** A bundle with its Kyber key of 1,569 bytes and what stands beside it. */
const BUNDLE_MAX_BYTES = 2_048;

/** `bundle`: CBOR of a `CallBundle`, as it was signed. */
export const CallJoin = Shape(
  {
    account: Id(Bytes),
    device: Id(Bytes),
    bundle: Bytes(1, BUNDLE_MAX_BYTES),
    signature: Bytes(SIGNATURE_BYTES),
  },
  CLOSED,
);
export type CallJoin = Static<typeof CallJoin>;
