/**
 * Frames from client to server. The signed-in socket (`/v1/socket`) says hello first, receives and acknowledges, and sends copies to
 * the account's own other devices. The anonymous socket (`/v1/anonymous`) carries no credential, ever: each of its frames is
 * authorised by the recipient's delivery key.
 */
import {
  Array as List,
  Boolean as Bool,
  Integer,
  Literal,
  Object as Shape,
  Union,
  type Static,
} from 'typebox';
import { B64u, Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { TOKEN_BYTES } from '../rest/sessions.ts';
import { Addressed, CLOSED, Counter, HASH_BYTES, Id, RequestNumber } from '../shapes.ts';

/** Where the two sockets are. */
export const SOCKET_PATH = '/v1/socket';
export const ANONYMOUS_PATH = '/v1/anonymous';

const Version = Integer({ minimum: 0, maximum: 0xffff });
const Recipients = List(Addressed(Bytes), { minItems: 1, maxItems: LIMITS.devicesPerAccount });

/** First frame of the signed-in socket, within 5 s. `counter`: the device's own start counter, raised and saved before this is sent. */
export const Hello = Shape(
  { kind: Literal('hello'), version: Version, token: B64u(TOKEN_BYTES), counter: Counter },
  CLOSED,
);
/** Deliveries that the local transaction holds; the server deletes them. */
export const Acknowledge = Shape(
  { kind: Literal('acknowledge'), envelopes: List(Id(Bytes), { minItems: 1, maxItems: LIMITS.ackBatch }) },
  CLOSED,
);
/** Copies to every other device of the own account. `online`: delivered now or not at all. */
export const SendOwn = Shape(
  {
    kind: Literal('send-own'),
    re: RequestNumber,
    listHash: Bytes(HASH_BYTES),
    online: Bool(),
    to: Recipients,
  },
  CLOSED,
);
export const Ping = Shape({ kind: Literal('ping'), re: RequestNumber }, CLOSED);

/** Everything a signed-in socket may say after its hello. */
export const SignedInFrame = Union([Hello, Acknowledge, SendOwn, Ping]);
export type SignedInFrame = Static<typeof SignedInFrame>;

/** First frame of the anonymous socket. */
export const AnonymousHello = Shape({ kind: Literal('hello'), version: Version }, CLOSED);
/** One message to all devices of an account, all or nothing. `listHash`: the list it was made for. */
export const Send = Shape(
  {
    kind: Literal('send'),
    re: RequestNumber,
    account: Id(Bytes),
    deliveryKey: Bytes(HASH_BYTES),
    listHash: Bytes(HASH_BYTES),
    online: Bool(),
    to: Recipients,
  },
  CLOSED,
);
/** Directory entry and a bundle for each named device; an empty list asks for the entry alone. */
export const FetchBundles = Shape(
  {
    kind: Literal('fetch-bundles'),
    re: RequestNumber,
    account: Id(Bytes),
    deliveryKey: Bytes(HASH_BYTES),
    devices: List(Id(Bytes), { maxItems: LIMITS.devicesPerAccount }),
  },
  CLOSED,
);
export const FetchProfile = Shape(
  { kind: Literal('fetch-profile'), re: RequestNumber, account: Id(Bytes), deliveryKey: Bytes(HASH_BYTES) },
  CLOSED,
);

/** Everything an anonymous socket may say. */
export const AnonymousFrame = Union([AnonymousHello, Send, FetchBundles, FetchProfile, Ping]);
export type AnonymousFrame = Static<typeof AnonymousFrame>;
