/** Sign-up, credentials, the encrypted account record and profile, the delivery key, deletion. */
import { Object as Shape, Optional, type TSchema } from 'typebox';
import { B64u, type ByteKind } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { CLOSED, Counter, Credentials, HASH_BYTES, Signed, Versioned } from '../shapes.ts';
import { SessionReply } from './sessions.ts';

export const signUp = defineRoute({
  name: 'signUp',
  method: 'POST',
  path: '/v1/accounts',
  auth: 'none',
  rate: 'signUp',
  bodyMaxBytes: LIMITS.signUpBodyMaxBytes,
  body: Signed(B64u, LIMITS.signUpMaxBytes),
  reply: SessionReply,
  errors: [
    'challenge-expired',
    'signature-invalid',
    'invite-invalid',
    'username-taken',
    'username-invalid',
    'account-exists',
    'list-mismatch',
  ],
  summary:
    'Creates an account with its first device from one signed sign-up request, consumes one use of the invite, opens a session.',
});

export const getCredentials = defineRoute({
  name: 'getCredentials',
  method: 'GET',
  path: '/v1/account/credentials',
  auth: 'any-session',
  rate: 'ordinary',
  reply: Credentials(B64u),
  errors: [],
  summary: 'The login key, the encrypted vault and its wraps, with their version.',
});

export const changeCredentials = defineRoute({
  name: 'changeCredentials',
  method: 'PUT',
  path: '/v1/account/credentials',
  auth: 'session',
  rate: 'change',
  body: Signed(B64u, LIMITS.signedRequestMaxBytes),
  errors: ['challenge-expired', 'signature-invalid', 'version-mismatch'],
  summary: 'Replaces login key, vault and wraps together, from a request signed by the login key in force.',
});

export const getRecord = defineRoute({
  name: 'getRecord',
  method: 'GET',
  path: '/v1/account/record',
  auth: 'any-session',
  rate: 'ordinary',
  reply: Versioned(B64u, LIMITS.recordMaxBytes),
  errors: [],
  summary: 'The encrypted account record and its version.',
});

/**
 * A record that replaces the one in force. `over`: it is put over an older one, which a restored server has; hash and receipt are those of
 * the version before this one.
 */
export function NextRecord<Schema extends TSchema>(bytes: ByteKind<Schema>) {
  return Shape(
    {
      ...Versioned(bytes, LIMITS.recordMaxBytes).properties,
      over: Optional(
        Shape({ version: Counter, hash: bytes(HASH_BYTES), receipt: bytes(HASH_BYTES) }, CLOSED),
      ),
    },
    CLOSED,
  );
}

export const putRecord = defineRoute({
  name: 'putRecord',
  method: 'PUT',
  path: '/v1/account/record',
  auth: 'session',
  rate: 'ordinary',
  bodyMaxBytes: LIMITS.recordBodyMaxBytes,
  body: NextRecord(B64u),
  reply: Shape({ receipt: B64u(HASH_BYTES) }, CLOSED),
  errors: ['version-mismatch'],
  summary:
    'Replaces the account record if the version is the one in force + 1, or follows one that a receipt is shown for; other devices of the account are told. Gives the receipt for it.',
});

export const putProfile = defineRoute({
  name: 'putProfile',
  method: 'PUT',
  path: '/v1/account/profile',
  auth: 'session',
  rate: 'ordinary',
  bodyMaxBytes: LIMITS.profileBodyMaxBytes,
  body: Versioned(B64u, LIMITS.profileMaxBytes),
  errors: ['version-mismatch'],
  summary: 'Replaces the encrypted profile if the version is higher than the one in force.',
});

export const putDeliveryKey = defineRoute({
  name: 'putDeliveryKey',
  method: 'PUT',
  path: '/v1/account/delivery-key',
  auth: 'session',
  rate: 'ordinary',
  body: Shape({ hash: B64u(HASH_BYTES) }, CLOSED),
  errors: [],
  summary:
    'Replaces the hash of the delivery key; senders who know only the old key are refused from now on.',
});

export const deleteAccount = defineRoute({
  name: 'deleteAccount',
  method: 'DELETE',
  path: '/v1/account',
  auth: 'session',
  rate: 'change',
  body: Signed(B64u, LIMITS.signedRequestMaxBytes),
  errors: ['challenge-expired', 'signature-invalid'],
  summary: 'Deletes the account and everything stored about it, at once.',
});
