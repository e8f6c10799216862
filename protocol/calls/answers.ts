/** What the media server answers, and what it tells without being asked. It says nothing of accounts: it knows none. */
import {
  Array as List,
  Boolean as Bool,
  Enum,
  Integer,
  Literal,
  Object as Shape,
  Union,
  type Static,
} from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Id } from '../shapes.ts';
import {
  Capabilities,
  DtlsParameters,
  IceCandidate,
  IceParameters,
  Media,
  StreamParameters,
} from './media.ts';
import { CALL_SECRET_BYTES } from './requests.ts';

const Secret = Bytes(CALL_SECRET_BYTES);
const Join = Bytes(1, LIMITS.callJoinMaxBytes);
const stream = {
  producer: Id(Bytes),
  media: Media,
  label: Bytes(0, LIMITS.callLabelMaxBytes),
  paused: Bool(),
};

/** Somebody else in the room, with all that he sends. */
export const OtherParticipant = Shape(
  {
    participant: Id(Bytes),
    join: Join,
    producers: List(Shape(stream, CLOSED), { maxItems: LIMITS.callProducers }),
  },
  CLOSED,
);
export type OtherParticipant = Static<typeof OtherParticipant>;
const Others = List(OtherParticipant, { maxItems: LIMITS.callParticipants - 1 });

/** Of `admit`: used once, within 30 s. */
export const Admitted = Shape({ kind: Literal('admitted'), token: Secret }, CLOSED);
/** Of `enter`. `capabilities`: what may be sent here. */
export const Entered = Shape(
  {
    kind: Literal('entered'),
    participant: Id(Bytes),
    resume: Secret,
    capabilities: Capabilities,
    others: Others,
  },
  CLOSED,
);
/** Of `resume`: the room as it is now and what is left of one's own; messages that waited follow. */
export const Resumed = Shape(
  {
    kind: Literal('resumed'),
    resume: Secret,
    others: Others,
    producers: List(Id(Bytes), { maxItems: LIMITS.callProducers }),
    consumers: List(Id(Bytes), { maxItems: LIMITS.callConsumers }),
  },
  CLOSED,
);
/** Of `open-transport`: the media server's side. */
export const TransportOpened = Shape(
  {
    kind: Literal('transport'),
    ice: IceParameters,
    candidates: List(IceCandidate, { maxItems: 16 }),
    dtls: DtlsParameters,
  },
  CLOSED,
);
/** Of `restart-ice`. */
export const IceRestarted = Shape({ kind: Literal('ice'), ice: IceParameters }, CLOSED);
/** Of `produce`. */
export const Produced = Shape({ kind: Literal('produced'), producer: Id(Bytes) }, CLOSED);
/** Of `consume`. `paused`: whether its producer is. */
export const Consumed = Shape(
  {
    kind: Literal('consumed'),
    consumer: Id(Bytes),
    media: Media,
    type: Enum(['simple', 'simulcast', 'svc']),
    paused: Bool(),
    stream: StreamParameters,
  },
  CLOSED,
);
/** Of everything else. */
export const Done = Shape({ kind: Literal('done') }, CLOSED);

export const CallAnswer = Union([
  Admitted,
  Entered,
  Resumed,
  TransportOpened,
  IceRestarted,
  Produced,
  Consumed,
  Done,
]);
export type CallAnswer = Static<typeof CallAnswer>;

export const ParticipantEntered = Shape(
  { kind: Literal('participant-entered'), participant: Id(Bytes), join: Join },
  CLOSED,
);
/** All that he sent is closed with it. */
export const ParticipantLeft = Shape({ kind: Literal('participant-left'), participant: Id(Bytes) }, CLOSED);
export const ProducerOpened = Shape(
  { kind: Literal('producer-opened'), participant: Id(Bytes), ...stream },
  CLOSED,
);
export const ProducerClosed = Shape({ kind: Literal('producer-closed'), producer: Id(Bytes) }, CLOSED);
export const ProducerPaused = Shape(
  { kind: Literal('producer-paused'), producer: Id(Bytes), paused: Bool() },
  CLOSED,
);
export const ConsumerClosed = Shape({ kind: Literal('consumer-closed'), consumer: Id(Bytes) }, CLOSED);
/** How many layers of an own stream anybody watches: 0 for nobody. The others need not be sent. */
export const LayersWanted = Shape(
  {
    kind: Literal('layers-wanted'),
    producer: Id(Bytes),
    layers: Integer({ minimum: 0, maximum: LIMITS.callLayers }),
  },
  CLOSED,
);
export const MessageRelayed = Shape(
  { kind: Literal('message'), from: Id(Bytes), body: Bytes(1, LIMITS.callMessageMaxBytes) },
  CLOSED,
);
/** What carried this participant's media has ended: it is out of the room and may ask to be admitted again. */
export const WorkerLost = Shape({ kind: Literal('worker-lost') }, CLOSED);
export const RoomClosed = Shape({ kind: Literal('room-closed') }, CLOSED);

export const CallEvent = Union([
  ParticipantEntered,
  ParticipantLeft,
  ProducerOpened,
  ProducerClosed,
  ProducerPaused,
  ConsumerClosed,
  LayersWanted,
  MessageRelayed,
  WorkerLost,
  RoomClosed,
]);
export type CallEvent = Static<typeof CallEvent>;
