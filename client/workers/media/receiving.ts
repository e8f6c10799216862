/**
 * One stream that receives: a frame that does not open goes nowhere, and is counted. Which frames came is known to this stream alone: when a
 * receiver is made anew the sender must begin a new instance (crypto/SPEC.md).
 */
import { FrameOpener, parseSenderKey, type FrameCounts, type MediaTrack } from '@tacet/crypto/sframe';
import { codecOf } from './codec.ts';

/** How long the first frames wait for the first key, ms: media are on their way as long as their key, which has to be decrypted first. */
const FIRST_KEY_MS = 1_000;

export class Receiving {
  readonly #opener: FrameOpener;
  #foreign = 0;
  #isClosed = false;
  readonly #firstKey = Promise.withResolvers<void>();
  /** Until then frames wait; set with the first of them. */
  #waiting: Promise<void> | undefined;

  constructor(track: MediaTrack) {
    this.#opener = new FrameOpener(track);
  }

  /** Takes a key that its sender told; false: there is no place for it. Rejects with `malformed`. */
  async addKey(instance: number, step: number, baseKey: Uint8Array): Promise<boolean> {
    const added = await this.#opener.addKey(parseSenderKey(instance, step, baseKey));
    this.#firstKey.resolve();
    return added === 'added' || added === 'known';
  }

  dropInstance(instance: number): void {
    this.#opener.dropInstance(instance);
  }

  counts(): { readonly counts: FrameCounts; readonly foreign: number } {
    return { counts: this.#opener.counts(), foreign: this.#foreign };
  }

  /** Nothing is opened any more. */
  close(): void {
    this.#isClosed = true;
    this.#firstKey.resolve();
  }

  /** Opens a frame in its place; false: it must not be decoded. */
  async open(frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame): Promise<boolean> {
    this.#waiting ??= Promise.race([this.#firstKey.promise, after(FIRST_KEY_MS)]);
    await this.#waiting;
    const codec = codecOf(frame);
    if (codec === undefined || this.#isClosed) {
      this.#foreign += 1;
      return false;
    }
    const opened = await this.#opener.open(codec, new Uint8Array(frame.data));
    if (opened.kind === 'refused' || this.#isClosed) return false;
    frame.data = opened.frame.buffer;
    return true;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
