/**
 * Challenges, sign-in, renewal, sign-out. The access token travels in the `authorization: Bearer` header; the refresh token only in an
 * HttpOnly, SameSite=Strict cookie on the path of `renewSession`.
 */
import { Boolean as Bool, Object as Shape, Optional, type Static } from 'typebox';
import { B64u } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { CLOSED, HASH_BYTES, Id, Instant, Signed } from '../shapes.ts';

/** Name of the refresh cookie and the only path that it is sent to. */
export const REFRESH_COOKIE = 'tacet_refresh';
export const REFRESH_PATH = '/v1/sessions/renewal';
/** Bytes of an access token. */
export const TOKEN_BYTES = 32;

/** An open session. `pending`: the device is not in the account's list yet. */
export const SessionReply = Shape(
  {
    account: Id(B64u),
    device: Id(B64u),
    accessToken: B64u(TOKEN_BYTES),
    expiresAt: Instant,
    pending: Bool(),
  },
  CLOSED,
);
export type SessionReply = Static<typeof SessionReply>;

/** The last restore of the server from a backup. What came between `backedUpAt` and `restoredAt` it has lost. */
export const Restore = Shape({ epoch: Id(B64u), restoredAt: Instant, backedUpAt: Instant }, CLOSED);
export type Restore = Static<typeof Restore>;

export const newChallenge = defineRoute({
  name: 'newChallenge',
  method: 'POST',
  path: '/v1/challenges',
  auth: 'none',
  rate: 'challenge',
  reply: Shape({ challenge: B64u(HASH_BYTES), expiresAt: Instant, restore: Optional(Restore) }, CLOSED),
  errors: [],
  summary:
    'A single-use challenge to sign; the same for known and unknown people. Says whether the server was restored from a backup.',
});

export const login = defineRoute({
  name: 'login',
  method: 'POST',
  path: '/v1/sessions',
  auth: 'none',
  rate: 'login',
  body: Signed(B64u, LIMITS.signedRequestMaxBytes),
  reply: SessionReply,
  errors: ['login-refused', 'challenge-expired'],
  summary:
    'Opens a session for a device by a signature of the login key. One refusal for unknown names and wrong keys alike.',
});

export const renewSession = defineRoute({
  name: 'renewSession',
  method: 'POST',
  path: REFRESH_PATH,
  auth: 'none',
  rate: 'renewal',
  body: Signed(B64u, LIMITS.signedRequestMaxBytes),
  reply: SessionReply,
  errors: ['challenge-expired', 'signature-invalid', 'session-ended'],
  summary:
    'A new access token for a device by a signature of its session key; rotates the refresh token. A refresh token used again without the signature ends the session.',
});

export const signOut = defineRoute({
  name: 'signOut',
  method: 'POST',
  path: '/v1/sessions/departure',
  auth: 'any-session',
  rate: 'ordinary',
  body: Shape({ departure: Optional(Signed(B64u, LIMITS.departureMaxBytes)) }, CLOSED),
  errors: [],
  summary:
    "Ends the device's session, drops its queue and prekeys, and serves its departure notice with the list from now on.",
});
