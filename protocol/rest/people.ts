/**
 * How a stranger reaches somebody: lookup by name, one set of bundles, one sealed introduction, all over the signed-in session and
 * limited per account and day. No pair of accounts is stored. Invites: made, listed, withdrawn; reading one never consumes it.
 */
import {
  Array as List,
  Boolean as Bool,
  Enum,
  Integer,
  Object as Shape,
  Optional,
  String,
  type Static,
} from 'typebox';
import { B64u } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineRoute } from '../route.ts';
import { Addressed, Bundle, CLOSED, Directory, HASH_BYTES, Id, Instant, Username } from '../shapes.ts';

export const lookup = defineRoute({
  name: 'lookup',
  method: 'POST',
  path: '/v1/lookups',
  auth: 'session',
  rate: 'lookup',
  body: Shape({ username: Username }, CLOSED),
  reply: Directory(B64u),
  errors: ['account-unknown'],
  summary: 'The directory entry of a username.',
});

export const strangerBundles = defineRoute({
  name: 'strangerBundles',
  method: 'POST',
  path: '/v1/bundles',
  auth: 'session',
  rate: 'introduction',
  body: Shape({ account: Id(B64u) }, CLOSED),
  reply: Shape(
    { directory: Directory(B64u), bundles: List(Bundle(B64u), { maxItems: LIMITS.devicesPerAccount }) },
    CLOSED,
  ),
  errors: ['account-unknown'],
  summary: "One prekey bundle for each of an account's devices, for an introduction.",
});

export const introduce = defineRoute({
  name: 'introduce',
  method: 'POST',
  path: '/v1/introductions',
  auth: 'session',
  rate: 'introduction',
  bodyMaxBytes: 1024 * 1024,
  body: Shape(
    {
      account: Id(B64u),
      listHash: B64u(HASH_BYTES),
      to: List(Addressed(B64u), { minItems: 1, maxItems: LIMITS.devicesPerAccount }),
    },
    CLOSED,
  ),
  reply: Shape(
    {
      /** Present: nothing was accepted, the list has changed; correct and send again. */
      mismatch: Optional(Directory(B64u)),
    },
    CLOSED,
  ),
  errors: ['account-unknown', 'queue-full'],
  summary:
    'Delivers one sealed introduction to every device of a person whose delivery key the sender does not have.',
});

export const readInvite = defineRoute({
  name: 'readInvite',
  method: 'GET',
  path: '/v1/invites/:code',
  auth: 'none',
  rate: 'public',
  params: Shape({ code: Id(B64u) }, CLOSED),
  reply: Shape(
    {
      /** Absent in the first invite of a server. */
      inviter: Optional(Shape({ account: Id(B64u), username: Username }, CLOSED)),
      expiresAt: Optional(Instant),
    },
    CLOSED,
  ),
  errors: ['invite-invalid'],
  summary: 'Whether an invite is good and whose it is. Never consumes it.',
});

const OwnInvite = Shape({ code: Id(B64u), usesLeft: Integer({ minimum: 0 }), expiresAt: Instant }, CLOSED);

export const makeInvite = defineRoute({
  name: 'makeInvite',
  method: 'POST',
  path: '/v1/invites',
  auth: 'session',
  rate: 'invite',
  body: Shape(
    {
      uses: Integer({ minimum: 1, maximum: LIMITS.inviteMaxUses }),
      ageMs: Integer({ minimum: 60_000, maximum: LIMITS.inviteMaxAgeMs }),
    },
    CLOSED,
  ),
  reply: OwnInvite,
  errors: ['queue-full'],
  summary: 'Makes an invite.',
});

export const listInvites = defineRoute({
  name: 'listInvites',
  method: 'GET',
  path: '/v1/invites',
  auth: 'session',
  rate: 'ordinary',
  reply: Shape({ invites: List(OwnInvite, { maxItems: LIMITS.invitesPerAccount }) }, CLOSED),
  errors: [],
  summary: 'The open invites of the account.',
});

export const withdrawInvite = defineRoute({
  name: 'withdrawInvite',
  method: 'DELETE',
  path: '/v1/invites/:code',
  auth: 'session',
  rate: 'invite',
  params: Shape({ code: Id(B64u) }, CLOSED),
  errors: ['invite-invalid'],
  summary: 'Withdraws an invite.',
});

/**
 * Whether calls run through the server where they find no direct way, and else why they do not. `ready`: they do. `preparing`: the program for
 * it is being fetched or built. `off`: the operator wants none. `no-worker`: the program cannot be had on this machine. `no-ports`: its ports are
 * another program's. `failed`: it does not start. `unreachable`: it runs apart from the server, and does not answer.
 */
export const RelayState = Enum([
  'ready',
  'preparing',
  'off',
  'no-worker',
  'no-ports',
  'failed',
  'unreachable',
]);
export type RelayState = Static<typeof RelayState>;

export const readServer = defineRoute({
  name: 'readServer',
  method: 'GET',
  path: '/v1/server',
  auth: 'none',
  rate: 'public',
  reply: Shape(
    {
      /** Name that the operator gave; shown on the welcome screen. */
      name: String({ maxLength: 64 }),
      inviteOnly: Bool(),
      /** No account exists yet: the first one becomes the administrator. */
      fresh: Bool(),
      relay: RelayState,
      transport: Integer({ minimum: 1 }),
      oldestTransport: Integer({ minimum: 1 }),
    },
    CLOSED,
  ),
  errors: [],
  summary: 'What a client must know before it signs in.',
});
