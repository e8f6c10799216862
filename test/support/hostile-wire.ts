/**
 * A server that lies, played between a client and the real server: it sees and changes every frame, request and answer, says things of
 * its own at any time, and has no client's keys. One script drives core's ports in Node (`wire` of `openNodePorts`) and the proxy of
 * test/hostile alike.
 */
import { CALLS_PATH } from '@tacet/protocol/frames/calls';
import { encodeFrame, parseFrame, readFrame } from '@tacet/protocol/frames/frame';
import {
  ANONYMOUS_PATH,
  SOCKET_PATH,
  type AnonymousFrame,
  type SignedInFrame,
} from '@tacet/protocol/frames/client';
import { ServerFrame } from '@tacet/protocol/frames/server';
import type { HttpRequest } from '@tacet/client/core/ports';
import type { Line, Wire } from './node-ports.ts';

export type Deliver = Extract<ServerFrame, { readonly kind: 'deliver' }>;
export type ClientFrame = SignedInFrame | AnonymousFrame;
export { ANONYMOUS_PATH, SOCKET_PATH };

/** A frame as it is meant, or the bytes of one that is none. */
export type Said<Frame> = Frame | Uint8Array;

/** What the liar does. All parts may be changed while it runs. */
export interface HostileWire extends Wire {
  /** Envelopes that passed, newest last. */
  readonly delivered: Deliver[];
  /** Frames of the server as it said them, newest last. */
  readonly heard: ServerFrame[];
  /** Frames of the client, newest last, by kind. */
  readonly said: ClientFrame[];
  /** Requests of the client, newest last. */
  readonly asked: HttpRequest[];
  /** Gives the frames that the client gets instead of this one. */
  change: ((frame: ServerFrame, path: string) => readonly Said<ServerFrame>[]) | undefined;
  /** Says that a frame of the client never arrives. */
  swallow: ((frame: { readonly kind: string }, path: string) => boolean) | undefined;
  /** Gives the frames that the server gets instead of this one. */
  forward: ((frame: ClientFrame, path: string) => readonly Said<ClientFrame>[]) | undefined;
  /** Changes answers of routes; `undefined` in place of one: there is none. */
  answer: Wire['reply'] | undefined;
  /** Changes requests; `undefined` in place of one: it never arrives. */
  rewrite: Wire['ask'] | undefined;
  /** Says something to the client, now, on its newest socket of a path. Throws when there is none. */
  tell(frame: Said<ServerFrame>, path?: string): void;
  /** Whether the client has a socket of a path. */
  isOpen(path: string): boolean;
  /** Says something to the server, now, on the client's newest socket of a path. Throws when there is none. */
  tellServer(frame: Said<ClientFrame>, path?: string): void;
  /** Ends the client's sockets. */
  hangUp(code?: number): void;
  /** Resolves once this is so; looked at after each frame, request and answer that passes. Fails when it never comes. */
  when(what: string, test: () => boolean): Promise<void>;
  /** No lie from here on. */
  behave(): void;
}

/** How long a test waits for something to pass. */
const WAIT_MS = 60_000;

/** An honest wire until it is told to lie. */
export function makeHostileWire(): HostileWire {
  const lines = new Set<Line>();
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const each of waiting) each();
  };
  const lineOf = (path: string): Line => {
    const line = [...lines].findLast((each) => each.path === path);
    if (line === undefined) throw new Error(`no socket of ${path} is open`);
    return line;
  };

  const wire: HostileWire = {
    delivered: [],
    heard: [],
    said: [],
    asked: [],
    change: undefined,
    swallow: undefined,
    forward: undefined,
    answer: undefined,
    rewrite: undefined,
    reply: async (request, reply) => {
      const given = wire.answer === undefined ? reply : await wire.answer(request, reply);
      look();
      return given;
    },
    ask(request) {
      wire.asked.push(request);
      look();
      return wire.rewrite === undefined ? request : wire.rewrite(request);
    },
    toServer(path, bytes) {
      // Of calls, what is worth lying about is sealed for the other side: others play that.
      if (path === CALLS_PATH) return bytes;
      const frame = readFrame(bytes) as ClientFrame;
      wire.said.push(frame);
      const isLost = wire.swallow?.(frame, path) === true;
      const instead = isLost || wire.forward === undefined ? undefined : wire.forward(frame, path);
      look();
      if (isLost) return undefined;
      return instead === undefined ? bytes : instead.map(bytesOf);
    },
    toClient(path, bytes) {
      if (path === CALLS_PATH) return [bytes];
      const frame = parseFrame(ServerFrame, bytes);
      wire.heard.push(frame);
      if (frame.kind === 'deliver') wire.delivered.push(frame);
      const instead = wire.change === undefined ? [bytes] : wire.change(frame, path).map(bytesOf);
      look();
      return instead;
    },
    opened: (line) => void lines.add(line),
    closed: (line) => void lines.delete(line),
    tell: (frame, path = SOCKET_PATH) => lineOf(path).toClient(bytesOf(frame)),
    isOpen: (path) => [...lines].some((line) => line.path === path),
    tellServer: (frame, path = SOCKET_PATH) => lineOf(path).toServer(bytesOf(frame)),
    hangUp(code) {
      for (const line of lines) line.close(code);
    },
    when: (what, test) =>
      new Promise((resolve, reject) => {
        const each = (): void => {
          if (!test()) return;
          clearTimeout(timer);
          waiting.delete(each);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(each);
          reject(new Error(`never passed: ${what}`));
        }, WAIT_MS);
        waiting.add(each);
        each();
      }),
    behave() {
      wire.change = undefined;
      wire.swallow = undefined;
      wire.forward = undefined;
      wire.answer = undefined;
      wire.rewrite = undefined;
    },
  };
  return wire;
}

function bytesOf(frame: Said<ServerFrame | ClientFrame>): Uint8Array {
  return frame instanceof Uint8Array ? frame : encodeFrame(frame);
}

/** Lets envelopes pass by a rule of their own, everything else as it is. */
export function changeDeliveries(change: (frame: Deliver) => readonly Deliver[]): HostileWire['change'] {
  return (frame) => (frame.kind === 'deliver' ? change(frame) : [frame]);
}

/** Tells another time than the server's in every frame that tells one: by `byMs()` later, and never before 1970. */
export function changeTimes(byMs: () => number): HostileWire['change'] {
  return (frame) =>
    'serverTime' in frame ? [{ ...frame, serverTime: Math.max(0, frame.serverTime + byMs()) }] : [frame];
}

/** Frames for the client that are kept back. */
export interface Held {
  /** In the order in which they came. */
  readonly frames: readonly ServerFrame[];
  /** Lets everything pass again, what was kept first, in the order that `arrange` gives. */
  release(arrange?: (frames: readonly ServerFrame[]) => readonly ServerFrame[]): void;
}

/** Keeps frames for the client back from here on: envelopes, or what `which` says. Takes the place of `change`. */
export function holdFrames(
  wire: HostileWire,
  which: (frame: ServerFrame, path: string) => boolean = ({ kind }) => kind === 'deliver',
): Held {
  const frames: ServerFrame[] = [];
  const paths = new Map<ServerFrame, string>();
  wire.change = (frame, path) => {
    if (!which(frame, path)) return [frame];
    frames.push(frame);
    paths.set(frame, path);
    return [];
  };
  return {
    frames,
    release(arrange = (kept) => kept) {
      wire.change = undefined;
      for (const frame of arrange(frames)) wire.tell(frame, paths.get(frame) ?? SOCKET_PATH);
    },
  };
}
