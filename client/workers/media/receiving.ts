/** One stream that receives: a frame that does not open goes nowhere, and is counted. */
import { FrameOpener, parseSenderKey, type FrameCounts, type MediaTrack } from '@tacet/crypto/sframe';
import { codecOf } from './codec.ts';

export class Receiving {
  readonly #opener: FrameOpener;

  constructor(track: MediaTrack) {
    this.#opener = new FrameOpener(track);
  }

  /** Takes a key that its sender told. Rejects with `malformed`. */
  async addKey(instance: number, step: number, baseKey: Uint8Array): Promise<void> {
    await this.#opener.addKey(parseSenderKey(instance, step, baseKey));
  }

  dropInstance(instance: number): void {
    this.#opener.dropInstance(instance);
  }

  counts(): FrameCounts {
    return this.#opener.counts();
  }

  /** Opens a frame in its place; false: it must not be decoded. */
  async open(frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame): Promise<boolean> {
    const codec = codecOf(frame);
    if (codec === undefined) return false;
    const opened = await this.#opener.open(codec, new Uint8Array(frame.data));
    if (opened.kind === 'refused') return false;
    frame.data = opened.frame.buffer;
    return true;
  }
}
