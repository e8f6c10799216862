/**
 * The frames between the server and a media server that is a process of its own: one WebSocket carries the requests of many clients, each
 * on a channel that the server numbers. CBOR, one frame in a message, without padding: nobody but the two sees it.
 */
import { Integer, Literal, Object as Shape, Optional, String, Union, Unknown, type Static } from 'typebox';
import { CLOSED, RequestNumber } from '../shapes.ts';
import { CallAnswer, CallEvent } from './answers.ts';

/** Where the media server listens for the server. */
export const LINK_PATH = '/v1/control';
const Channel = Integer({ minimum: 0, maximum: 0xffff_ffff });

/** From the server. A request is checked where it is answered, so that a wrong one ends nobody else's. */
export const LinkRequest = Union([
  Shape({ kind: Literal('open'), channel: Channel }, CLOSED),
  Shape({ kind: Literal('request'), channel: Channel, re: RequestNumber, request: Unknown() }, CLOSED),
  Shape({ kind: Literal('close'), channel: Channel }, CLOSED),
]);
export type LinkRequest = Static<typeof LinkRequest>;

/** To the server. */
export const LinkReply = Union([
  Shape({ kind: Literal('answer'), channel: Channel, re: RequestNumber, answer: CallAnswer }, CLOSED),
  Shape(
    {
      kind: Literal('refused'),
      channel: Channel,
      re: RequestNumber,
      code: String({ maxLength: 40 }),
      retryAfterMs: Optional(Integer({ minimum: 0 })),
    },
    CLOSED,
  ),
  Shape({ kind: Literal('event'), channel: Channel, event: CallEvent }, CLOSED),
]);
export type LinkReply = Static<typeof LinkReply>;
