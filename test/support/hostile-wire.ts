/** A server that lies, played between a client and the real server: it sees and changes every frame and answer, and has no client's keys. */
import { encodeFrame, parseFrame, readFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import type { Wire } from './node-ports.ts';

export type Deliver = Extract<ServerFrame, { readonly kind: 'deliver' }>;

/** What the liar does. All parts may be changed while it runs. */
export interface HostileWire extends Wire {
  /** Envelopes that passed, newest last. */
  readonly delivered: Deliver[];
  /** Frames of the client, newest last, by kind. */
  readonly said: { readonly kind: string }[];
  /** Gives the frames that the client gets instead of this one. */
  change: ((frame: ServerFrame, path: string) => readonly ServerFrame[]) | undefined;
  /** Says that a frame of the client never arrives. */
  swallow: ((frame: { readonly kind: string }, path: string) => boolean) | undefined;
  /** Changes answers of routes. */
  answer: Wire['reply'] | undefined;
}

/** An honest wire until it is told to lie. */
export function makeHostileWire(): HostileWire {
  const wire: HostileWire = {
    delivered: [],
    said: [],
    change: undefined,
    swallow: undefined,
    answer: undefined,
    reply: (request, reply) => (wire.answer === undefined ? reply : wire.answer(request, reply)),
    toServer(path, bytes) {
      const frame = readFrame(bytes) as { readonly kind: string };
      wire.said.push(frame);
      return wire.swallow?.(frame, path) === true ? undefined : bytes;
    },
    toClient(path, bytes) {
      const frame = parseFrame(ServerFrame, bytes);
      if (frame.kind === 'deliver') wire.delivered.push(frame);
      if (wire.change === undefined) return [bytes];
      return wire.change(frame, path).map((changed) => encodeFrame(changed));
    },
  };
  return wire;
}

/** Lets envelopes pass by a rule of their own, everything else as it is. */
export function changeDeliveries(change: (frame: Deliver) => readonly Deliver[]): HostileWire['change'] {
  return (frame) => (frame.kind === 'deliver' ? change(frame) : [frame]);
}
