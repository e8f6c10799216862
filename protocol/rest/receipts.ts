/**
 * Receipts: the server's own word for what it has accepted, so that one which was restored from an older backup takes it again. A receipt is
 * an HMAC-SHA-256 under a secret of the server, which every backup holds; nobody else can check it, and it is worth nothing elsewhere.
 */
import { Object as Shape, type Static } from 'typebox';
import { B64u } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { CLOSED, Counter, Credentials, HASH_BYTES, Signed } from '../shapes.ts';
import { SessionReply } from './sessions.ts';

const Receipt = B64u(HASH_BYTES);

/** Receipts for what is in force, and what of it a device may not have. */
export const Receipts = Shape(
  {
    /** For name and account key. */
    account: Receipt,
    /** For the session key of this device, which the server names. */
    device: Shape({ sessionKey: B64u(HASH_BYTES), receipt: Receipt }, CLOSED),
    list: Shape({ counter: Counter, receipt: Receipt }, CLOSED),
    credentials: Shape({ ...Credentials(B64u).properties, receipt: Receipt }, CLOSED),
    record: Shape({ version: Counter, receipt: Receipt }, CLOSED),
  },
  CLOSED,
);
export type Receipts = Static<typeof Receipts>;

export const getReceipts = defineRoute({
  name: 'getReceipts',
  method: 'GET',
  path: '/v1/account/receipts',
  auth: 'session',
  rate: 'ordinary',
  reply: Receipts,
  errors: [],
  summary: 'Receipts for the account, this device, and the list, credentials and record in force.',
});

export const comeBack = defineRoute({
  name: 'comeBack',
  method: 'POST',
  path: '/v1/sessions/return',
  auth: 'none',
  rate: 'renewal',
  bodyMaxBytes: LIMITS.signUpBodyMaxBytes,
  body: Signed(B64u, LIMITS.signUpMaxBytes),
  reply: SessionReply,
  errors: ['challenge-expired', 'signature-invalid', 'session-ended', 'username-taken'],
  summary:
    'Brings a restored server up to what it gave receipts for: account, list, credentials, this device with fresh prekeys; opens its session. Nothing is ever lowered.',
});
