/**
 * A lost passphrase with a device left: the device announces a reset, which any use of the passphrase ends, and after 72 hours puts a
 * new account key and new credentials in force, with itself as the only device.
 */
import { Array as List, Object as Shape } from 'typebox';
import { B64u } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { CLOSED, Counter, Id, Instant, Signed } from '../shapes.ts';

const Reset = Shape({ device: Id(B64u), dueAt: Instant }, CLOSED);

export const getResets = defineRoute({
  name: 'getResets',
  method: 'GET',
  path: '/v1/account/reset',
  auth: 'session',
  rate: 'ordinary',
  reply: Shape({ resets: List(Reset, { maxItems: LIMITS.devicesPerAccount }) }, CLOSED),
  errors: [],
  summary:
    'The resets that were announced, each with the device that did it and the moment from which it may be finished.',
});

export const beginReset = defineRoute({
  name: 'beginReset',
  method: 'POST',
  path: '/v1/account/reset',
  auth: 'session',
  rate: 'change',
  body: Signed(B64u, LIMITS.signedRequestMaxBytes),
  reply: Reset,
  errors: ['challenge-expired', 'signature-invalid'],
  summary: 'Announces a reset by this device to all devices; one that it announced before stays as it is.',
});

export const cancelReset = defineRoute({
  name: 'cancelReset',
  method: 'DELETE',
  path: '/v1/account/reset',
  auth: 'session',
  rate: 'change',
  body: Signed(B64u, LIMITS.signedRequestMaxBytes),
  errors: ['challenge-expired', 'signature-invalid'],
  summary:
    'Ends every reset that was announced, by the login key. Any login or change by that key does the same.',
});

export const finishReset = defineRoute({
  name: 'finishReset',
  method: 'PUT',
  path: '/v1/account/reset',
  auth: 'session',
  rate: 'change',
  bodyMaxBytes: LIMITS.signUpBodyMaxBytes,
  body: Signed(B64u, LIMITS.signUpMaxBytes),
  reply: Shape({ counter: Counter }, CLOSED),
  errors: ['challenge-expired', 'signature-invalid', 'reset-not-due', 'list-mismatch', 'version-mismatch'],
  summary:
    'Puts a new account key in force, with a list of this device alone, credentials, record, profile and delivery key, if its own reset was announced 72 hours ago.',
});
