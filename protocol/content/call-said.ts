/**
 * What the participants of a call say to each other while it goes on: keys of their streams, and what is on. CBOR, inside sessions between the
 * identities that they made for this call; carried by the call's data channel or, relayed, by the media server, which sees ciphertext.
 */
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
import { CLOSED } from '../shapes.ts';

/** What a stream carries. The order is that of the streams of a connection between two. */
export const MEDIA_PURPOSES = ['audio', 'camera', 'screen', 'screen-audio'] as const;
export const Purpose = Enum(MEDIA_PURPOSES);
export type Purpose = Static<typeof Purpose>;

const BASE_KEY_BYTES = 32;

/** Key of a stream. `instance`: of its sender; `step`: of the ratchet. Told again whenever either grows. */
const StreamKey = Shape(
  {
    purpose: Purpose,
    instance: Integer({ minimum: 0, maximum: 0xffff }),
    step: Integer({ minimum: 0, maximum: 31 }),
    baseKey: Bytes(BASE_KEY_BYTES),
  },
  CLOSED,
);
export type StreamKey = Static<typeof StreamKey>;

/** Keys that the other side does not know, together: one message is sealed and opened sooner than several. */
export const StreamKeys = Shape(
  { kind: Literal('keys'), keys: List(StreamKey, { minItems: 1, maxItems: MEDIA_PURPOSES.length }) },
  CLOSED,
);

/** What of the sender's is on now; with the first keys, and at every change. */
export const OnNow = Shape(
  { kind: Literal('on'), microphone: Bool(), camera: Bool(), screen: Bool() },
  CLOSED,
);
export type OnNow = Static<typeof OnNow>;

/** The keys of the other side have not come: they are to be told again. */
export const AskKeys = Shape({ kind: Literal('ask') }, CLOSED);

export const Said = Union([StreamKeys, OnNow, AskKeys]);
export type Said = Static<typeof Said>;
