/**
 * What a client asks of the media server. It passes through the server, over the connection without credentials; the media server checks
 * every one of them itself. A participant has one transport in each direction, so that a direction names it.
 */
import {
  Boolean as Bool,
  Enum,
  Integer,
  Literal,
  Object as Shape,
  Optional,
  type Static,
  type TSchema,
} from 'typebox';
import { Check } from 'typebox/schema';
import { Bytes } from '../bytes.ts';
import { WireError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Id } from '../shapes.ts';
import { Capabilities, DtlsParameters, Media, StreamParameters } from './media.ts';

/** Bytes of a room's key, of join tokens and of resume tokens. */
export const CALL_SECRET_BYTES = 32;
const Secret = Bytes(CALL_SECRET_BYTES);
const Layer = Integer({ minimum: 0, maximum: LIMITS.callLayers - 1 });

/** Seen from the client. */
export const Direction = Enum(['send', 'receive']);
export type Direction = Static<typeof Direction>;

/** For a join token. Who comes first makes the room with this key; from then on the key must be the same. */
export const Admit = Shape({ kind: Literal('admit'), room: Id(Bytes), key: Secret }, CLOSED);
/** With a join token. `join`: who this is, sealed for the others. */
export const Enter = Shape(
  { kind: Literal('enter'), token: Secret, join: Bytes(1, LIMITS.callJoinMaxBytes) },
  CLOSED,
);
/** After the connection was lost, with the last resume token: the transports have lived on. */
export const Resume = Shape({ kind: Literal('resume'), token: Secret }, CLOSED);
export const OpenTransport = Shape({ kind: Literal('open-transport'), direction: Direction }, CLOSED);
/** `dtls`: the client's. */
export const ConnectTransport = Shape(
  { kind: Literal('connect-transport'), direction: Direction, dtls: DtlsParameters },
  CLOSED,
);
export const RestartIce = Shape({ kind: Literal('restart-ice'), direction: Direction }, CLOSED);
/** `label`: what the stream is for, sealed for the others. */
export const Produce = Shape(
  {
    kind: Literal('produce'),
    media: Media,
    stream: StreamParameters,
    label: Bytes(0, LIMITS.callLabelMaxBytes),
  },
  CLOSED,
);
/** Another participant's stream, paused at first; each once. `capabilities`: what the client can receive. */
export const Consume = Shape(
  { kind: Literal('consume'), producer: Id(Bytes), capabilities: Capabilities },
  CLOSED,
);
export const SetProducer = Shape(
  { kind: Literal('set-producer'), producer: Id(Bytes), paused: Bool() },
  CLOSED,
);
export const SetConsumer = Shape(
  { kind: Literal('set-consumer'), consumer: Id(Bytes), paused: Bool() },
  CLOSED,
);
/** The highest layers wanted of a video. */
export const SetLayers = Shape(
  { kind: Literal('set-layers'), consumer: Id(Bytes), spatial: Layer, temporal: Optional(Layer) },
  CLOSED,
);
export const CloseProducer = Shape({ kind: Literal('close-producer'), producer: Id(Bytes) }, CLOSED);
export const CloseConsumer = Shape({ kind: Literal('close-consumer'), consumer: Id(Bytes) }, CLOSED);
/** To one participant, or to all others. `body`: encrypted between them. */
export const Message = Shape(
  {
    kind: Literal('message'),
    to: Optional(Id(Bytes)),
    body: Bytes(1, LIMITS.callMessageMaxBytes),
  },
  CLOSED,
);
export const Leave = Shape({ kind: Literal('leave') }, CLOSED);

/** Every request by its kind. */
export const CALL_REQUESTS = {
  admit: Admit,
  enter: Enter,
  resume: Resume,
  'open-transport': OpenTransport,
  'connect-transport': ConnectTransport,
  'restart-ice': RestartIce,
  produce: Produce,
  consume: Consume,
  'set-producer': SetProducer,
  'set-consumer': SetConsumer,
  'set-layers': SetLayers,
  'close-producer': CloseProducer,
  'close-consumer': CloseConsumer,
  message: Message,
  leave: Leave,
} as const satisfies Record<string, TSchema>;

type Requests = typeof CALL_REQUESTS;
/** A request of one kind. */
export type CallRequestOf<Kind extends keyof Requests> = Static<Requests[Kind]>;
/** A request. */
export type CallRequest = { [Kind in keyof Requests]: Static<Requests[Kind]> }[keyof Requests];

/** Checks a decoded value. Throws `WireError` `malformed-frame`. */
export function parseCallRequest(value: unknown): CallRequest {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (typeof kind === 'string' && Object.hasOwn(CALL_REQUESTS, kind)) {
    if (Check(CALL_REQUESTS[kind as keyof Requests], value)) return value as CallRequest;
  }
  throw new WireError('malformed-frame', 'no request of a call');
}
