/**
 * Wild scripts for fast-check of what a client says on a socket: frames that the schemas allow, whole and spoiled, in any order, with what an
 * honest client would put into them so that they come far; damaged and random bytes; texts; sizes at and past the limits.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { isWireError } from '@tacet/protocol/errors';
import { AnonymousFrame, SignedInFrame, ANONYMOUS_PATH, SOCKET_PATH } from '@tacet/protocol/frames/client';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { TRANSPORT_VERSION } from '@tacet/protocol/version';
import { arbitraryOf, mangled, spoilings } from './arbitrary.ts';
import { sha256 } from './make-account.ts';
import { mix, rarely, type Caller } from './wild-calls.ts';

/** The two sockets, with the schemas of what a client may say there. */
export const SOCKETS: readonly { readonly path: SocketPath; readonly frames: readonly TSchema[] }[] = [
  { path: SOCKET_PATH, frames: SignedInFrame.anyOf },
  { path: ANONYMOUS_PATH, frames: AnonymousFrame.anyOf },
];
export type SocketPath = typeof SOCKET_PATH | typeof ANONYMOUS_PATH;

/** One message: bytes, or a text. Who speaks is put in when it is sent. */
export type Message = (by: Caller) => Uint8Array | string;

export interface Script {
  /** Begins with an honest hello, and waits for the answer. */
  readonly greets: boolean;
  readonly messages: readonly Message[];
}

/** The first frame of an honest client. */
export function helloOf(path: SocketPath, by: Caller): Uint8Array {
  const { version, token, counter } = honestParts('hello', by);
  return encodeFrame({ kind: 'hello', version, ...(path === SOCKET_PATH ? { token, counter } : {}) });
}

/** Wild scripts for one socket. */
export function wildScripts({ frames }: (typeof SOCKETS)[number]): fc.Arbitrary<Script> {
  const frame = fc.oneof(...frames.map(honestBut));
  const change = spoilings('bytes');
  const spoiled = fc.tuple(frame, change).map(
    ([make, spoilIt]) =>
      (by: Caller) =>
        writeFrame(spoilIt(make(by))),
  );
  const whole = frame.map((make) => (by: Caller) => writeFrame(make(by)));
  const fixed = (bytes: fc.Arbitrary<Uint8Array | string>) => bytes.map((message) => () => message);
  const damaged = fc.oneof(...frames.map(arbitraryOf)).chain((value) => mangled(writeFrame(value)));
  const size = fc.constantFrom(
    0,
    1,
    LIMITS.frameControlBytes,
    LIMITS.frameMaxBytes - 1,
    LIMITS.frameMaxBytes,
    LIMITS.frameMaxBytes + 1,
    2 * LIMITS.frameMaxBytes,
    2 * LIMITS.frameMaxBytes + 1,
  );
  const filled = fc
    .tuple(size, fc.constantFrom(0, 0x81, 0xa1, 0xff))
    .map(([bytes, byte]) => new Uint8Array(bytes).fill(byte));
  const message: fc.Arbitrary<Message> = fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 4, arbitrary: spoiled },
    { weight: 2, arbitrary: fixed(damaged) },
    { weight: 1, arbitrary: fixed(fc.uint8Array({ maxLength: 600 })) },
    { weight: 1, arbitrary: fixed(filled) },
    { weight: 1, arbitrary: fixed(fc.string()) },
    { weight: 1, arbitrary: fixed(arbitraryOf(ServerFrame).map(writeFrame)) },
  );
  const greets = fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.boolean() },
  );
  return fc.record({ greets, messages: fc.array(message, { minLength: 1, maxLength: 6 }) });
}

/** A frame of a schema with an honest client's parts, but for one or two that stay as they are. */
function honestBut(schema: TSchema): fc.Arbitrary<(by: Caller) => unknown> {
  const { properties = {} } = schema as {
    readonly properties?: Readonly<Record<string, { readonly const?: string }>>;
  };
  const keep = rarely([], fc.subarray(Object.keys(properties), { minLength: 1, maxLength: 2 }));
  const kind = properties['kind']?.const ?? '';
  return fc.tuple(arbitraryOf(schema), keep).map(
    ([wild, kept]) =>
      (by) =>
        mix(wild, honestParts(kind, by), kept),
  );
}

function honestParts(kind: string, { account }: Caller) {
  const [own, ...others] = account.devices.map(({ id }) => idBytes(id));
  const all = own === undefined ? others : [own, ...others];
  const to = (kind === 'send-own' ? others : all).map((device) => {
    return { device, envelope: { id: randomBytes(16), body: randomBytes(300) } };
  });
  return {
    version: TRANSPORT_VERSION,
    token: account.devices[0]?.token ?? '',
    counter: 1,
    account: idBytes(account.id),
    deliveryKey: account.deliveryKey,
    listHash: sha256(account.list.bytes),
    devices: all,
    to,
  };
}

/** A frame’s bytes; none where it is too large to be written. */
export function writeFrame(frame: unknown): Uint8Array<ArrayBuffer> {
  try {
    return encodeFrame(frame);
  } catch (error) {
    if (isWireError(error, 'too-large')) return new Uint8Array(0);
    throw error;
  }
}
