/**
 * One stream that sends: every frame of its RTCRtpSender is sealed or goes nowhere. One sealer serves one transform: a second one gets
 * nothing through.
 */
import { FrameSealer, isCryptoError, type SealerOptions, type SenderKey } from '@tacet/crypto/sframe';
import type { SentCounts, StopReason } from '../../core/calls/media-messages.ts';
import { codecOf } from './codec.ts';

type EncodedFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;

export interface SendingEvents {
  stopped(why: StopReason): void;
}

export class Sending {
  readonly #sealer: Promise<FrameSealer>;
  readonly #layers: number;
  readonly #events: SendingEvents;
  /** Layers by SSRC, in the order in which they were first seen. */
  readonly #ssrcs = new Map<number, number>();
  #sealed = 0;
  #refused = 0;
  #isStopped = false;
  #ratcheting: Promise<unknown> = Promise.resolve();

  constructor(options: SealerOptions, events: SendingEvents) {
    this.#sealer = FrameSealer.open(options);
    this.#layers = options.layers;
    this.#events = events;
  }

  /** What those who may see it are told. */
  async share(): Promise<SenderKey> {
    return (await this.#sealer).share();
  }

  /** One step on, after those that are under way. Rejects with `key-spent` after the last; the stream has stopped then. */
  ratchet(): Promise<SenderKey> {
    const step = this.#ratcheting.then(async () => {
      try {
        return await (await this.#sealer).ratchet();
      } catch (error) {
        if (isCryptoError(error, 'key-spent')) this.stop('spent');
        throw error;
      }
    });
    this.#ratcheting = step.catch(() => undefined);
    return step;
  }

  counts(): Omit<SentCounts, 'stream'> {
    return { sealed: this.#sealed, refused: this.#refused };
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    (await this.#sealer).close();
  }

  /** Seals a frame in its place; false: it must not go. */
  async seal(frame: EncodedFrame): Promise<boolean> {
    const isSealed = !this.#isStopped && (await this.#sealIn(frame));
    if (isSealed) this.#sealed += 1;
    else this.#refused += 1;
    return isSealed;
  }

  async #sealIn(frame: EncodedFrame): Promise<boolean> {
    const codec = codecOf(frame);
    if (codec === undefined) {
      this.stop('codec');
      return false;
    }
    const layer = this.#layerOf(frame.getMetadata().synchronizationSource ?? 0);
    if (layer === undefined) {
      this.stop('layers');
      return false;
    }
    try {
      const sealer = await this.#sealer;
      const sealed = await sealer.seal(layer, codec, new Uint8Array(frame.data));
      frame.data = sealed.buffer;
      return true;
    } catch (error) {
      if (!isCryptoError(error)) throw error;
      if (isCryptoError(error, 'key-spent')) this.stop('spent');
      return false;
    }
  }

  #layerOf(ssrc: number): number | undefined {
    const known = this.#ssrcs.get(ssrc);
    if (known !== undefined) return known;
    const layer = this.#ssrcs.size;
    if (layer >= this.#layers) return undefined;
    this.#ssrcs.set(ssrc, layer);
    return layer;
  }

  /** Nothing is sealed any more. */
  stop(why: StopReason): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#events.stopped(why);
  }
}
