/**
 * Seals the frames of one sender instance: one track on one RTCRtpSender, in one life of one worker. It draws its base key itself and
 * keeps it, so no two of them ever share one; within it each layer counts on from 0 and across ratchet steps. Thus no key meets a counter
 * twice, whatever restarts, moves or is made anew: that is a new sealer under a new number.
 */
import { wipe, type Bytes } from '../bytes.ts';
import { MAX_FRAME_BYTES, MAX_FRAMES_PER_KEY } from '../consts.ts';
import { CryptoError } from '../errors.ts';
import { AES_GCM_TAG_BYTES, importHkdfSecret } from '../webcrypto.ts';
import { CODECS, encryptFrame, frameMetadata, type FrameCodec } from './frame.ts';
import {
  copyTrack,
  deriveLayerSealKey,
  generateBaseKey,
  nextBaseKey,
  type BaseKey,
  type FrameSealKey,
  type MediaTrack,
  type SenderKey,
} from './keys.ts';
import { encodeKid, STEPS } from './kid.ts';

export interface SealerOptions extends MediaTrack {
  /** Number of this instance, 0 to 65,535; the sender's device counts them through a call. */
  readonly instance: number;
  /** Simulcast encodings, 1 to 8. */
  readonly layers: number;
  /** Frames of each layer until the key is spent: at most, and without this, 2^27. */
  readonly maxFrames?: number;
}

/** Most that sealing adds: a header with a KID of 3 bytes and a counter of 4, and the tag. */
const OVERHEAD_BYTES = 8 + AES_GCM_TAG_BYTES;

const NO_METADATA = new Uint8Array(0);

export class FrameSealer {
  readonly #track: MediaTrack;
  readonly #instance: number;
  /** Next counter of each layer. */
  readonly #counters: number[];
  readonly #maxFrames: number;
  #step = 0;
  #baseKey: BaseKey;
  #keys: readonly FrameSealKey[] = [];
  #ratcheting = false;
  #closed = false;

  private constructor({ call, purpose, instance, layers, maxFrames }: SealerOptions) {
    this.#track = copyTrack({ call, purpose });
    encodeKid({ instance, layer: layers - 1, step: 0 });
    this.#instance = instance;
    this.#counters = Array.from({ length: layers }, () => 0);
    this.#maxFrames = Math.min(maxFrames ?? MAX_FRAMES_PER_KEY, MAX_FRAMES_PER_KEY);
    this.#baseKey = generateBaseKey();
  }

  /** A sealer under a fresh base key. Rejects with `misuse` on options outside their ranges. */
  static async open(options: SealerOptions): Promise<FrameSealer> {
    const sealer = new FrameSealer(options);
    sealer.#keys = await sealer.#deriveKeys(sealer.#baseKey, 0);
    return sealer;
  }

  async #deriveKeys(baseKey: BaseKey, step: number): Promise<readonly FrameSealKey[]> {
    const secret = await importHkdfSecret(baseKey);
    const instance = this.#instance;
    return Promise.all(
      this.#counters.map((_, layer) => deriveLayerSealKey(secret, this.#track, { instance, layer, step })),
    );
  }

  #requireOpen(): void {
    if (this.#closed) throw new CryptoError('misuse', 'the sealer is closed');
  }

  /** What those who may see the frames from here on are told. A copy. Throws `misuse` once closed. */
  share(): SenderKey {
    this.#requireOpen();
    return { instance: this.#instance, step: this.#step, baseKey: this.#baseKey.slice() as BaseKey };
  }

  /**
   * For one who joins: goes one step on, and gives what the newcomer is told, with which no earlier frame opens. Those who had the key
   * follow by the KID. Rejects with `key-spent` after 31 steps, with `misuse` while another step is under way or once closed.
   */
  async ratchet(): Promise<SenderKey> {
    this.#requireOpen();
    if (this.#ratcheting) throw new CryptoError('misuse', 'a ratchet step is under way');
    if (this.#step + 1 >= STEPS) throw new CryptoError('key-spent', 'no ratchet step is left');
    this.#ratcheting = true;
    try {
      const next = await nextBaseKey(await importHkdfSecret(this.#baseKey));
      const keys = await this.#deriveKeys(next, this.#step + 1);
      wipe(this.#baseKey);
      this.#baseKey = next;
      if (this.#closed) wipe(next);
      else this.#keys = keys;
      this.#step += 1;
      return this.share();
    } finally {
      this.#ratcheting = false;
    }
  }

  /**
   * Seals one frame of a layer: clear bytes of the codec, SFrame header, ciphertext. `metadata` is authenticated and not sent; the
   * receiver must have the same. The result's buffer holds nothing else. Rejects with `key-spent` at the end of the layer's counter, with
   * `misuse` on an unknown layer, a frame shorter than its clear bytes or longer than 4 MiB with its overhead, or once closed; a frame
   * that is rejected uses no counter.
   */
  async seal(
    layer: number,
    codec: FrameCodec,
    frame: Bytes,
    metadata: Uint8Array = NO_METADATA,
  ): Promise<Bytes> {
    this.#requireOpen();
    const [key, counter] = [this.#keys[layer], this.#counters[layer]];
    if (key === undefined || counter === undefined) throw new CryptoError('misuse', 'no such layer');
    const { clearBytes } = CODECS[codec];
    if (frame.length < clearBytes || frame.length > MAX_FRAME_BYTES - OVERHEAD_BYTES) {
      throw new CryptoError('misuse', 'a frame of an impossible length');
    }
    if (counter >= this.#maxFrames) throw new CryptoError('key-spent', 'no counter is left');
    this.#counters[layer] = counter + 1;
    return encryptFrame(key, counter, frame, clearBytes, frameMetadata(codec, frame, metadata));
  }

  /** Forgets the base key; nothing is sealed any more. */
  close(): void {
    this.#closed = true;
    this.#keys = [];
    wipe(this.#baseKey);
  }
}
