/** The own device list: read, joined by a pending device, changed. */
import { Object as Shape } from 'typebox';
import { B64u } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { CLOSED, Counter, Directory, Signed } from '../shapes.ts';
import { SessionReply } from './sessions.ts';

export const getDirectory = defineRoute({
  name: 'getDirectory',
  method: 'GET',
  path: '/v1/account/directory',
  auth: 'any-session',
  rate: 'ordinary',
  reply: Directory(B64u),
  errors: [],
  summary: "The own account's directory entry as the server shows it to others.",
});

export const addDevice = defineRoute({
  name: 'addDevice',
  method: 'POST',
  path: '/v1/account/devices',
  auth: 'any-session',
  rate: 'change',
  bodyMaxBytes: LIMITS.signUpBodyMaxBytes,
  body: Signed(B64u, LIMITS.signUpMaxBytes),
  reply: SessionReply,
  errors: ['challenge-expired', 'signature-invalid', 'list-mismatch', 'too-many-devices'],
  summary:
    'Adds the pending device: list at counter + 1, its prekeys and statement, one commit; its queue begins with it.',
});

export const changeList = defineRoute({
  name: 'changeList',
  method: 'PUT',
  path: '/v1/account/devices',
  auth: 'session',
  rate: 'change',
  bodyMaxBytes: LIMITS.signUpBodyMaxBytes,
  body: Signed(B64u, LIMITS.signUpMaxBytes),
  reply: Shape({ counter: Counter }, CLOSED),
  errors: ['challenge-expired', 'signature-invalid', 'list-mismatch', 'version-mismatch'],
  summary:
    'Replaces the list by one at counter + 1 without new devices, and with the same commit vault, record, profile and delivery key; sessions, queues and prekeys of removed devices end with it.',
});
