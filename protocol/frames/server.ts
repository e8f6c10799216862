/** Frames from server to client. `re` is the number of the request that is answered. No frame names a sender. */
import {
  Array as List,
  Integer,
  Literal,
  Object as Shape,
  Optional,
  String,
  Union,
  type Static,
} from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { Bundle, CLOSED, Counter, Directory, Id, Instant, RequestNumber, Versioned } from '../shapes.ts';

/** Answer to the signed-in hello. `counter`: the highest start counter that this device told before; its own or higher means old state. */
export const Welcome = Shape(
  {
    kind: Literal('welcome'),
    version: Integer({ minimum: 1 }),
    serverTime: Instant,
    counter: Counter,
    /** Envelopes waiting at this moment. */
    queued: Counter,
    listCounter: Counter,
    recordVersion: Counter,
  },
  CLOSED,
);
/** Answer to the anonymous hello. */
export const AnonymousWelcome = Shape(
  { kind: Literal('welcome-anonymous'), version: Integer({ minimum: 1 }), serverTime: Instant },
  CLOSED,
);
/** One envelope, in the order of its queue. Repeated after a reconnect until acknowledged. */
export const Deliver = Shape(
  {
    kind: Literal('deliver'),
    id: Id(Bytes),
    receivedAt: Instant,
    body: Bytes(1, LIMITS.envelopeMaxBytes),
  },
  CLOSED,
);
/** Everything that waited at the time of the welcome has been delivered. */
export const Drained = Shape({ kind: Literal('drained') }, CLOSED);
/** The send is on disk. */
export const Sent = Shape({ kind: Literal('sent'), re: RequestNumber }, CLOSED);
/** Nothing was accepted: the recipient's list is another one. */
export const Mismatch = Shape(
  { kind: Literal('mismatch'), re: RequestNumber, directory: Directory(Bytes) },
  CLOSED,
);
export const Bundles = Shape(
  {
    kind: Literal('bundles'),
    re: RequestNumber,
    directory: Directory(Bytes),
    bundles: List(Bundle(Bytes), { maxItems: LIMITS.devicesPerAccount }),
  },
  CLOSED,
);
export const Profile = Shape(
  { kind: Literal('profile'), re: RequestNumber, profile: Versioned(Bytes, LIMITS.profileMaxBytes) },
  CLOSED,
);
/** Answer to a ping: a client that stays connected learns the time from it. */
export const Pong = Shape({ kind: Literal('pong'), re: RequestNumber, serverTime: Instant }, CLOSED);
/** Something of the own account has changed or runs low; the client reads it over REST. */
export const Notice = Shape(
  {
    kind: Literal('notice'),
    what: Union([
      Literal('record'),
      Literal('list'),
      Literal('credentials'),
      Literal('reset'),
      Literal('prekeys-low'),
    ]),
  },
  CLOSED,
);
/** A refusal, of the request `re` or, without it, of the connection, which then closes. Codes: protocol/errors.ts. */
export const Refused = Shape(
  {
    kind: Literal('refused'),
    re: Optional(RequestNumber),
    code: String({ maxLength: 40 }),
    retryAfterMs: Optional(Integer({ minimum: 0 })),
  },
  CLOSED,
);

/** Everything that the server says on either socket. */
export const ServerFrame = Union([
  Welcome,
  AnonymousWelcome,
  Deliver,
  Drained,
  Sent,
  Mismatch,
  Bundles,
  Profile,
  Pong,
  Notice,
  Refused,
]);
export type ServerFrame = Static<typeof ServerFrame>;
