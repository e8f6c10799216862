/**
 * All streams of the media worker by their numbers: what core says of them, and the transforms that the page attaches. A transform may come
 * before core's word of its stream: its frames wait. There is no way past: a stream that is closed, unknown or attached twice passes nothing.
 */
import type { FromMedia, StreamOptions, ToMedia } from '../../core/calls/media-messages.ts';
import { Receiving } from './receiving.ts';
import { Sending } from './sending.ts';

type EncodedFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;
type Stream = Sending | Receiving;
type Counts = Extract<FromMedia, { readonly kind: 'counts' }>;

/** The part of RTCRtpScriptTransformer that is used. */
export interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  /** Of a receiver of pictures. */
  sendKeyFrameRequest?(): Promise<unknown>;
}

export class MediaStreams {
  readonly #tell: (message: FromMedia) => void;
  readonly #streams = new Map<number, Stream>();
  /** Those that transforms wait for; `undefined`: it was closed before. */
  readonly #awaited = new Map<number, (stream: Stream | undefined) => void>();
  readonly #attached = new Set<number>();
  readonly #closed = new Set<number>();
  /** Of receivers. */
  readonly #transformers = new Map<number, Transformer>();

  constructor(tell: (message: FromMedia) => void) {
    this.#tell = tell;
  }

  /** Does what core says, or says that it failed. */
  async hear(message: ToMedia): Promise<void> {
    try {
      await this.#do(message);
    } catch {
      const stream = message.kind === 'count' ? message.re : message.stream;
      this.#tell({ kind: 'failed', stream, what: message.kind });
    }
  }

  /** Attaches a transform. Resolves at its end, or when nothing of it will ever pass. */
  async attach({ side, stream }: StreamOptions, transformer: Transformer): Promise<void> {
    const { readable, writable } = transformer;
    if (this.#attached.has(stream)) {
      this.#stop(stream, 'attached-twice');
      return;
    }
    this.#attached.add(stream);
    const held = this.#streams.get(stream) ?? (await this.#await(stream));
    if (held === undefined || (side === 'send') !== held instanceof Sending) {
      this.#tell({ kind: 'stopped', stream, why: 'closed' });
      return;
    }
    const passes = held instanceof Sending ? held.seal.bind(held) : held.open.bind(held);
    const transform = new TransformStream<EncodedFrame, EncodedFrame>({
      async transform(frame, controller) {
        if (await passes(frame)) controller.enqueue(frame);
      },
    });
    if (held instanceof Receiving) this.#transformers.set(stream, transformer);
    const flowing = readable.pipeThrough(transform).pipeTo(writable);
    this.#tell({ kind: 'attached', stream });
    await flowing.catch(() => undefined);
  }

  async #do(message: ToMedia): Promise<void> {
    switch (message.kind) {
      case 'open-sender':
        return this.#openSender(message);
      case 'ratchet': {
        const key = await this.#sending(message.stream).ratchet();
        this.#tell({ kind: 'sender-key', stream: message.stream, ...key });
        return;
      }
      case 'open-receiver':
        this.#expectNew(message.stream);
        this.#add(message.stream, new Receiving({ call: message.call, purpose: message.purpose }));
        return;
      case 'add-key': {
        const { stream, instance, step, baseKey } = message;
        const receiving = this.#receiving(stream);
        const isAdded = await receiving.addKey(instance, step, baseKey);
        if (!isAdded) throw new TypeError('there is no place for this key');
        // Of what was refused the first whole picture may have been.
        if (receiving.counts().counts['no-key'] > 0) this.#askPicture(stream);
        return;
      }
      case 'drop-instance':
        this.#receiving(message.stream).dropInstance(message.instance);
        return;
      case 'close':
        await this.#close(message.stream);
        return;
      case 'count':
        this.#tell(this.#counts(message.re));
    }
  }

  async #openSender(message: Extract<ToMedia, { readonly kind: 'open-sender' }>): Promise<void> {
    const { stream, call, purpose, instance, layers } = message;
    this.#expectNew(stream);
    const sending = new Sending(
      { call, purpose, instance, layers },
      { stopped: (why) => this.#tell({ kind: 'stopped', stream, why }) },
    );
    const key = await sending.share();
    // It may have been opened, or closed, meanwhile.
    this.#expectNew(stream);
    this.#add(stream, sending);
    this.#tell({ kind: 'sender-key', stream, ...key });
  }

  #expectNew(number: number): void {
    if (this.#streams.has(number) || this.#closed.has(number))
      throw new TypeError('a stream has its number once');
  }

  #add(number: number, stream: Stream): void {
    this.#streams.set(number, stream);
    this.#awaited.get(number)?.(stream);
    this.#awaited.delete(number);
  }

  #await(number: number): Promise<Stream | undefined> {
    if (this.#closed.has(number)) return Promise.resolve(undefined);
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

  /** Neither transform is the one that was meant: none passes anything. */
  #stop(number: number, why: 'attached-twice'): void {
    const stream = this.#streams.get(number);
    if (stream instanceof Sending) stream.stop(why);
    else {
      stream?.close();
      this.#tell({ kind: 'stopped', stream: number, why });
    }
  }

  /** What came before the key is lost to the decoder: it needs a frame that needs none of it. */
  #askPicture(number: number): void {
    // Sounds need no such frame, and their transformers refuse.
    this.#transformers
      .get(number)
      ?.sendKeyFrameRequest?.()
      .catch(() => undefined);
  }

  async #close(number: number): Promise<void> {
    const stream = this.#streams.get(number);
    this.#streams.delete(number);
    this.#transformers.delete(number);
    this.#closed.add(number);
    this.#awaited.get(number)?.(undefined);
    this.#awaited.delete(number);
    await stream?.close();
  }

  #counts(re: number): Counts {
    const senders: Counts['senders'][number][] = [];
    const receivers: Counts['receivers'][number][] = [];
    for (const [stream, held] of this.#streams) {
      if (held instanceof Sending) senders.push({ stream, ...held.counts() });
      else receivers.push({ stream, ...held.counts() });
    }
    return { kind: 'counts', re, senders, receivers };
  }
}
