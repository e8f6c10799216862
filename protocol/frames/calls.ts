/**
 * The socket for calls (`/v1/calls`). It carries no credential and is a connection of its own, so that nothing links who sends messages
 * to who is in a call. There is no hello: a client asks, each request is answered once, and events come between the answers. The first
 * request is due within 5 s. `call-servers` is answered at any time, also as a sign of life.
 */
import {
  Array as List,
  Enum,
  Integer,
  Literal,
  Object as Shape,
  Optional,
  String,
  Union,
  Unknown,
  type Static,
} from 'typebox';
import { Check } from 'typebox/schema';
import { CallAnswer, CallEvent } from '../calls/answers.ts';
import { parseCallRequest, type CallRequest } from '../calls/requests.ts';
import { WireError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, RequestNumber } from '../shapes.ts';
import { encodeFrame, parseFrame } from './frame.ts';
import { Refused } from './server.ts';

/** Where the socket is. */
export const CALLS_PATH = '/v1/calls';

/** What helps a call to find a way: answered by the server itself, in a room or out of it. */
export const CallServersRequest = Shape({ kind: Literal('call-servers') }, CLOSED);
export type CallServersRequest = Static<typeof CallServersRequest>;

/** A TURN server (RFC 8656) and what it lets this call in with: the form of an `RTCIceServer`. */
export const TurnServer = Shape(
  {
    urls: List(String({ maxLength: 300, pattern: '^turns?:[^\\s]+$' }), { minItems: 1, maxItems: 8 }),
    username: String({ minLength: 1, maxLength: 128 }),
    credential: String({ minLength: 1, maxLength: 128 }),
    /** How long both hold from now on. */
    lifetimeMs: Integer({ minimum: 1, maximum: LIMITS.turnCredentialAgeMs }),
  },
  CLOSED,
);
export type TurnServer = Static<typeof TurnServer>;

/**
 * Of `call-servers`. `stun`: the UDP port of the server's own STUN responder, at the host of its origin; absent: there is none. `turn`: empty
 * without one. `relay`: whether the media server carries calls, is being made ready, or is not there.
 */
export const CallServers = Shape(
  {
    kind: Literal('call-servers'),
    stun: Optional(Shape({ port: Integer({ minimum: 1, maximum: 65_535 }) }, CLOSED)),
    turn: List(TurnServer, { maxItems: 4 }),
    relay: Enum(['ready', 'preparing', 'none']),
  },
  CLOSED,
);
export type CallServers = Static<typeof CallServers>;

/** Everything that a client asks over this socket. */
export type CallsRequest = CallRequest | CallServersRequest;
/** What it is answered with. */
export const CallsAnswer = Union([CallAnswer, CallServers]);
export type CallsAnswer = Static<typeof CallsAnswer>;

/** A request: one of calls/requests.ts or `call-servers`. A wrong one is refused by its number, and the socket goes on. */
export const CallsRequestFrame = Shape({ re: RequestNumber, request: Unknown() }, CLOSED);
export type CallsRequestFrame = Static<typeof CallsRequestFrame>;

export const CallsAnswerFrame = Shape(
  { kind: Literal('answer'), re: RequestNumber, answer: CallsAnswer },
  CLOSED,
);
/** Something happened in the room. In order, after the answer that let the client in. */
export const CallsEventFrame = Shape({ kind: Literal('event'), event: CallEvent }, CLOSED);
/** Everything that the server says. A refusal without `re` is of the connection, which then closes. */
export const CallsReplyFrame = Union([CallsAnswerFrame, CallsEventFrame, Refused]);
export type CallsReplyFrame = Static<typeof CallsReplyFrame>;

/** A request as bytes. Throws `WireError` `too-large`. */
export function encodeCallsRequest(re: number, request: CallsRequest): Uint8Array<ArrayBuffer> {
  const frame: CallsRequestFrame = { re, request };
  const bytes = encodeFrame(frame);
  if (bytes.length > LIMITS.callFrameMaxBytes) throw new WireError('too-large', 'request over its limit');
  return bytes;
}

/** Reads a frame of a client; its request is still to be checked. Throws `WireError` `malformed-frame` or `too-large`. */
export function parseCallsRequestFrame(bytes: Uint8Array): CallsRequestFrame {
  if (bytes.length > LIMITS.callFrameMaxBytes) throw new WireError('too-large', 'request over its limit');
  return parseFrame(CallsRequestFrame, bytes);
}

/** Checks the request of a frame. Throws `WireError` `malformed-frame`. */
export function parseCallsRequest(value: unknown): CallsRequest {
  return Check(CallServersRequest, value) ? value : parseCallRequest(value);
}

/** A reply as bytes. Throws `WireError` `too-large`. */
export function encodeCallsReply(frame: CallsReplyFrame): Uint8Array<ArrayBuffer> {
  return encodeFrame(frame);
}

/** Reads a reply. Throws `WireError` `malformed-frame` or `too-large`. */
export function parseCallsReply(bytes: Uint8Array): CallsReplyFrame {
  return parseFrame(CallsReplyFrame, bytes);
}
