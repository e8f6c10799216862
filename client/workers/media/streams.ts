/**
 * All streams of the media worker by their numbers: what core says of them, and the transforms that the page attaches. A transform may come
 * before core's word of its stream: its frames wait. There is no way past: a stream that is closed, unknown or attached twice passes nothing.
 */
import type { FromMedia, StreamOptions, ToMedia } from '../../core/calls/media-messages.ts';
import { Receiving } from './receiving.ts';
import { Sending } from './sending.ts';

type EncodedFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;
type Stream = Sending | Receiving;

/** The part of RTCRtpScriptTransformer that is used. */
export interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
}

export class MediaStreams {
  readonly #tell: (message: FromMedia) => void;
  readonly #streams = new Map<number, Stream>();
  /** Those that transforms wait for. */
  readonly #awaited = new Map<number, (stream: Stream) => void>();
  readonly #attached = new Set<number>();
  readonly #closed = new Set<number>();

  constructor(tell: (message: FromMedia) => void) {
    this.#tell = tell;
  }

  /** Does what core says. Rejects where that makes no sense; nothing has changed then. */
  async hear(message: ToMedia): Promise<void> {
    switch (message.kind) {
      case 'open-sender': {
        const { stream, call, purpose, instance, layers } = message;
        const stopped = (why: 'codec' | 'spent'): void => this.#tell({ kind: 'stopped', stream, why });
        const sending = new Sending({ call, purpose, instance, layers }, { stopped });
        this.#add(stream, sending);
        this.#tell({ kind: 'sender-key', stream, ...(await sending.share()) });
        return;
      }
      case 'ratchet': {
        const key = await this.#sending(message.stream).ratchet();
        this.#tell({ kind: 'sender-key', stream: message.stream, ...key });
        return;
      }
      case 'open-receiver':
        this.#add(message.stream, new Receiving({ call: message.call, purpose: message.purpose }));
        return;
      case 'add-key':
        await this.#receiving(message.stream).addKey(message.instance, message.step, message.baseKey);
        return;
      case 'drop-instance':
        this.#receiving(message.stream).dropInstance(message.instance);
        return;
      case 'close':
        await this.#close(message.stream);
        return;
      case 'count':
        this.#count(message.re);
    }
  }

  /** Attaches a transform. Resolves at its end, or when nothing of it will ever pass. */
  async attach({ side, stream }: StreamOptions, { readable, writable }: Transformer): Promise<void> {
    if (this.#attached.has(stream)) {
      this.#tell({ kind: 'stopped', stream, why: 'attached-twice' });
      return;
    }
    this.#attached.add(stream);
    const held = this.#streams.get(stream) ?? (await this.#await(stream));
    if ((side === 'send') !== held instanceof Sending) return;
    const passes = held instanceof Sending ? held.seal.bind(held) : held.open.bind(held);
    const transform = new TransformStream<EncodedFrame, EncodedFrame>({
      async transform(frame, controller) {
        if (await passes(frame)) controller.enqueue(frame);
      },
    });
    const flowing = readable.pipeThrough(transform).pipeTo(writable);
    this.#tell({ kind: 'attached', stream });
    await flowing.catch(() => undefined);
  }

  #add(number: number, stream: Stream): void {
    if (this.#streams.has(number) || this.#closed.has(number))
      throw new TypeError('a stream has its number once');
    this.#streams.set(number, stream);
    this.#awaited.get(number)?.(stream);
    this.#awaited.delete(number);
  }

  #await(number: number): Promise<Stream> {
    return new Promise((resolve) => this.#awaited.set(number, resolve));
  }

  #sending(number: number): Sending {
    const stream = this.#streams.get(number);
    if (!(stream instanceof Sending)) throw new TypeError('no such sender');
    return stream;
  }

  #receiving(number: number): Receiving {
    const stream = this.#streams.get(number);
    if (!(stream instanceof Receiving)) throw new TypeError('no such receiver');
    return stream;
  }

  async #close(number: number): Promise<void> {
    const stream = this.#streams.get(number);
    this.#streams.delete(number);
    this.#awaited.delete(number);
    this.#closed.add(number);
    if (stream instanceof Sending) await stream.close();
  }

  #count(re: number): void {
    const [senders, receivers] = [[], []] as [
      Extract<FromMedia, { kind: 'counts' }>['senders'][number][],
      Extract<FromMedia, { kind: 'counts' }>['receivers'][number][],
    ];
    for (const [stream, held] of this.#streams) {
      if (held instanceof Sending) senders.push({ stream, ...held.counts() });
      else receivers.push({ stream, counts: held.counts() });
    }
    this.#tell({ kind: 'counts', re, senders, receivers });
  }
}
