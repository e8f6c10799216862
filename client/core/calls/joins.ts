/**
 * Joins: how the two sides of a call know whose call identity they speak with. A join counts only where it is signed by the very device that
 * the ratchet proved, for this call and this side. What does not hold is no join, whatever it is.
 */
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { CallBundle, CallJoin } from '@tacet/protocol/content/call-join';
import { equalBytes } from '@tacet/protocol/bytes';
import { idBytes, type AccountId, type CallId, type DeviceId } from '@tacet/protocol/ids';
import { PrivateKey, PublicKey } from '@tacet/crypto';
import {
  openCallJoin,
  sealCallJoin,
  signCallJoin,
  verifyCallJoin,
  type CallSecret,
} from '@tacet/crypto/vault';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import type { EngineIdentityKeyPair } from '../engine.ts';

export type Side = 'caller' | 'callee';

/** A device in a call. */
export interface Joining {
  readonly call: CallId;
  readonly secret: CallSecret;
  readonly side: Side;
  readonly account: AccountId;
  readonly device: DeviceId;
}

/** The own join, sealed. */
export function makeJoin(
  { call, secret, side, account, device }: Joining,
  bundle: CallBundle,
  deviceIdentity: EngineIdentityKeyPair,
): OwnBytes {
  const ids = { account: idBytes(account), device: idBytes(device) };
  const signed = copyBytes(encodeCbor(bundle));
  const key = PrivateKey.deserialize(deviceIdentity.privateKey.serialize());
  const signature = signCallJoin(key, { call: idBytes(call), ...ids, side, bundle: signed });
  const join: CallJoin = { ...ids, bundle: signed, signature: copyBytes(signature) };
  return copyBytes(sealCallJoin(secret, idBytes(call), encodeCbor(join)));
}

/** The bundle in the join of a device whose identity key (33 bytes) the ratchet proved; `undefined` where any of it does not hold. */
export function openJoin(
  { call, secret, side, account, device }: Joining,
  identityKey: Uint8Array,
  sealed: Uint8Array,
): CallBundle | undefined {
  try {
    const join = parseCbor(CallJoin, openCallJoin(secret, idBytes(call), sealed));
    if (!equalBytes(join.account, idBytes(account)) || !equalBytes(join.device, idBytes(device)))
      return undefined;
    const claim = {
      call: idBytes(call),
      account: join.account,
      device: join.device,
      side,
      bundle: join.bundle,
    };
    const key = PublicKey.deserialize(copyBytes(identityKey));
    return verifyCallJoin(key, claim, join.signature) ? parseCbor(CallBundle, join.bundle) : undefined;
  } catch {
    return undefined;
  }
}
