/** Clients of a media server whose streams come from and go to the test itself, and what they say. */
import { randomBytes } from 'node:crypto';
import { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import type { Capabilities, StreamParameters } from '@tacet/protocol/calls/media';
import { encodeCbor, decodeCbor, parseCbor } from '@tacet/protocol/cbor';
import type { CallChannel, Sfu } from '@tacet/sfu';
import { isCallError } from '../../sfu/errors.ts';

type Answer<Kind extends CallAnswer['kind']> = CallAnswer & { readonly kind: Kind };
type Event<Kind extends CallEvent['kind']> = CallEvent & { readonly kind: Kind };

/** A client: everything that it says and hears goes through the wire's encoding, and what it hears is checked by its schema. */
export class SfuClient {
  readonly events: CallEvent[] = [];
  readonly #channel: CallChannel;
  readonly #waiting = new Set<() => void>();

  constructor(sfu: Sfu) {
    this.#channel = sfu.open((event) => {
      this.events.push(parseCbor(CallEvent, encodeCbor(event)));
      for (const wake of this.#waiting) wake();
    });
  }

  /** Asks, and takes the answer for one of this kind. */
  async ask<Kind extends CallAnswer['kind']>(kind: Kind, request: unknown): Promise<Answer<Kind>> {
    const answer = await this.#channel.request(decodeCbor(encodeCbor(request)));
    const checked = parseCbor(CallAnswer, encodeCbor(answer));
    if (checked.kind === kind) return checked as Answer<Kind>;
    throw new TypeError(`answered with ${checked.kind}`);
  }

  /** The code of the refusal. */
  async refusal(request: unknown): Promise<string> {
    try {
      const { kind } = await this.#channel.request(decodeCbor(encodeCbor(request)));
      return `answered: ${kind}`;
    } catch (error) {
      if (isCallError(error)) return error.code;
      throw error;
    }
  }

  /** Takes the next event of a kind, waiting for it. */
  async next<Kind extends CallEvent['kind']>(kind: Kind): Promise<Event<Kind>> {
    for (;;) {
      const at = this.events.findIndex((event) => event.kind === kind);
      if (at >= 0) return this.events.splice(at, 1)[0] as Event<Kind>;
      const woken = Promise.withResolvers<void>();
      this.#waiting.add(woken.resolve);
      await woken.promise;
      this.#waiting.delete(woken.resolve);
    }
  }

  /** Enters a room. */
  async join(room: TestRoom, name = 'somebody') {
    const { token } = await this.ask('admitted', { kind: 'admit', ...room });
    return this.ask('entered', { kind: 'enter', token, join: new TextEncoder().encode(name) });
  }

  async openTransports(): Promise<void> {
    await this.ask('transport', { kind: 'open-transport', direction: 'send' });
    await this.ask('transport', { kind: 'open-transport', direction: 'receive' });
  }

  close(): void {
    this.#channel.close();
  }
}

export interface TestRoom {
  readonly room: Uint8Array;
  readonly key: Uint8Array;
}

export function makeRoom(): TestRoom {
  return { room: new Uint8Array(randomBytes(16)), key: new Uint8Array(randomBytes(32)) };
}

/** What a browser sends of a microphone. */
export function audioOf(ssrc: number): StreamParameters {
  return {
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48_000,
        channels: 2,
        parameters: { minptime: 10, useinbandfec: 1 },
      },
    ],
    headerExtensions: [
      { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 10 },
      { uri: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', id: 4 },
    ],
    encodings: [{ ssrc }],
    rtcp: { cname: 'x' },
  };
}

/** What a browser sends of a camera, in three layers. */
export function videoOf(ssrc: number): StreamParameters {
  const feedback = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }];
  return {
    codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000, rtcpFeedback: feedback }],
    headerExtensions: [],
    encodings: [{ ssrc }, { ssrc: ssrc + 1 }, { ssrc: ssrc + 2 }],
    rtcp: { cname: 'x', reducedSize: true },
  };
}

/** A request to send a stream. */
export function produceRequest(
  media: 'audio' | 'video',
  stream: StreamParameters,
  label = new Uint8Array(2),
) {
  return { kind: 'produce', media, stream, label };
}

/** A request to get one, of a client that can receive all that is offered. */
export function consumeRequest(producer: Uint8Array, capabilities: Capabilities) {
  return { kind: 'consume', producer, capabilities };
}

/** One RTP packet (RFC 3550 section 5.1). */
export function packet(payloadType: number, ssrc: number, sequence: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = 0x80 | payloadType;
  head.writeUInt16BE(sequence & 0xffff, 2);
  head.writeUInt32BE(sequence * 960, 4);
  head.writeUInt32BE(ssrc, 8);
  return Buffer.concat([head, payload]);
}

/** What a packet carries, without its header and extensions. */
export function payloadOf(rtp: Buffer): Buffer {
  const extension = (rtp[0] ?? 0) & 0x10 ? 4 + 4 * rtp.readUInt16BE(14) : 0;
  return rtp.subarray(12 + extension);
}
