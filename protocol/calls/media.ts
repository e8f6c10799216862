/**
 * Media parameters as a client and the media server exchange them: ORTC's dictionaries in the form that mediasoup gives them, closed and
 * bounded. What is not listed here is not sent: the client leaves it out.
 */
import {
  Array as List,
  Boolean as Bool,
  Enum,
  Integer,
  Literal,
  Object as Shape,
  Optional,
  String,
  Union,
  Unsafe,
  type Static,
} from 'typebox';
import { CLOSED } from '../shapes.ts';

const Name = String({ minLength: 1, maxLength: 64 });
const PayloadType = Integer({ minimum: 0, maximum: 127 });
const Ssrc = Integer({ minimum: 1, maximum: 0xffff_ffff });
const ClockRate = Integer({ minimum: 1, maximum: 384_000 });
const Channels = Integer({ minimum: 1, maximum: 8 });
const MimeType = String({ maxLength: 40, pattern: '^(?:audio|video)/[A-Za-z0-9.-]+$' });
const HeaderExtension = String({ minLength: 1, maxLength: 120 });
const CodecParameter = Union([
  Integer({ minimum: -0x8000_0000, maximum: 0xffff_ffff }),
  String({ maxLength: 100 }),
]);
/**
 * A codec's parameters (the `fmtp` of SDP), of which browsers send what they like. Written out, because typebox's `Record` would bring all of its
 * calculus of types into the client.
 */
const CodecParameters = Unsafe<Readonly<Record<string, Static<typeof CodecParameter>>>>({
  type: 'object',
  patternProperties: { '^[A-Za-z0-9-]{1,40}$': CodecParameter },
  maxProperties: 16,
  ...CLOSED,
});
const Feedback = List(Shape({ type: Name, parameter: Optional(String({ maxLength: 64 })) }, CLOSED), {
  maxItems: 16,
});

/** What a stream carries. */
export const Media = Enum(['audio', 'video']);
export type Media = Static<typeof Media>;

/** What one side can send or receive. */
export const Capabilities = Shape(
  {
    codecs: List(
      Shape(
        {
          kind: Media,
          mimeType: MimeType,
          preferredPayloadType: PayloadType,
          clockRate: ClockRate,
          channels: Optional(Channels),
          parameters: Optional(CodecParameters),
          rtcpFeedback: Optional(Feedback),
        },
        CLOSED,
      ),
      { maxItems: 32 },
    ),
    headerExtensions: List(
      Shape(
        {
          kind: Media,
          uri: HeaderExtension,
          preferredId: Integer({ minimum: 1, maximum: 255 }),
          preferredEncrypt: Optional(Bool()),
          direction: Optional(Enum(['sendrecv', 'sendonly', 'recvonly', 'inactive'])),
        },
        CLOSED,
      ),
      { maxItems: 32 },
    ),
  },
  CLOSED,
);
export type Capabilities = Static<typeof Capabilities>;

/** How one stream is sent: up to three encodings of one codec and what repairs it. */
export const StreamParameters = Shape(
  {
    mid: Optional(String({ minLength: 1, maxLength: 16, pattern: '^[A-Za-z0-9-]*$' })),
    codecs: List(
      Shape(
        {
          mimeType: MimeType,
          payloadType: PayloadType,
          clockRate: ClockRate,
          channels: Optional(Channels),
          parameters: Optional(CodecParameters),
          rtcpFeedback: Optional(Feedback),
        },
        CLOSED,
      ),
      { minItems: 1, maxItems: 4 },
    ),
    headerExtensions: List(
      Shape(
        {
          uri: HeaderExtension,
          id: Integer({ minimum: 1, maximum: 255 }),
          encrypt: Optional(Bool()),
        },
        CLOSED,
      ),
      { maxItems: 16 },
    ),
    encodings: List(
      Shape(
        {
          ssrc: Optional(Ssrc),
          rid: Optional(String({ minLength: 1, maxLength: 16, pattern: '^[A-Za-z0-9]*$' })),
          codecPayloadType: Optional(PayloadType),
          rtx: Optional(Shape({ ssrc: Ssrc }, CLOSED)),
          dtx: Optional(Bool()),
          scalabilityMode: Optional(
            String({ maxLength: 16, pattern: '^[LS][1-3]T[1-3]h?(?:_KEY(?:_SHIFT)?)?$' }),
          ),
          maxBitrate: Optional(Integer({ minimum: 1, maximum: 100_000_000 })),
        },
        CLOSED,
      ),
      { minItems: 1, maxItems: 3 },
    ),
    rtcp: Shape({ cname: Optional(Name), reducedSize: Optional(Bool()) }, CLOSED),
  },
  CLOSED,
);
export type StreamParameters = Static<typeof StreamParameters>;

/** The media server's side of ICE (RFC 8445): it answers and never asks. */
export const IceParameters = Shape({ usernameFragment: Name, password: Name, iceLite: Bool() }, CLOSED);
export type IceParameters = Static<typeof IceParameters>;

/** Where the media server listens. */
export const IceCandidate = Shape(
  {
    foundation: Name,
    priority: Integer({ minimum: 1, maximum: 0x7fff_ffff }),
    address: String({ minLength: 1, maxLength: 255 }),
    port: Integer({ minimum: 1, maximum: 65_535 }),
    protocol: Enum(['udp', 'tcp']),
    type: Literal('host'),
    tcpType: Optional(Literal('passive')),
  },
  CLOSED,
);
export type IceCandidate = Static<typeof IceCandidate>;

/** Fingerprints of a certificate (RFC 8122) and who begins (RFC 8842). */
export const DtlsParameters = Shape(
  {
    role: Optional(Enum(['auto', 'client', 'server'])),
    fingerprints: List(
      Shape(
        {
          algorithm: Enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
          value: String({
            minLength: 59,
            maxLength: 191,
            pattern: '^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){19,63}$',
          }),
        },
        CLOSED,
      ),
      { minItems: 1, maxItems: 8 },
    ),
  },
  CLOSED,
);
export type DtlsParameters = Static<typeof DtlsParameters>;
