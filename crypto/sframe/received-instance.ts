/**
 * What a receiver holds of one sender instance: its base keys by ratchet step, from the step that was told on, the keys derived from them,
 * and which frames of each layer came already.
 */
import { wipe } from '../bytes.ts';
import { MAX_STEPS_AHEAD } from '../consts.ts';
import { CryptoError } from '../errors.ts';
import { importHkdfSecret, type HkdfSecret } from '../webcrypto.ts';
import {
  deriveLayerOpenKey,
  nextBaseKey,
  type FrameOpenKey,
  type MediaTrack,
  type SenderKey,
} from './keys.ts';
import { encodeKid, LAYERS, type KeyPosition } from './kid.ts';
import { ReplayWindow } from './window.ts';

async function nextSecret(secret: HkdfSecret): Promise<HkdfSecret> {
  const baseKey = await nextBaseKey(secret);
  const next = await importHkdfSecret(baseKey);
  wipe(baseKey);
  return next;
}

/** The keys of one sender instance, from the step that was told on. */
export class ReceivedInstance {
  readonly #windows = Array.from({ length: LAYERS }, () => new ReplayWindow());
  readonly #track: MediaTrack;
  readonly #number: number;
  /** Base keys by step: those told, those reached, and at most two that a frame only claims. */
  readonly #secrets = new Map<number, Promise<HkdfSecret>>();
  /** By KID. */
  readonly #keys = new Map<number, FrameOpenKey>();
  /** Derivations under way, by KID. */
  readonly #deriving = new Map<number, Promise<FrameOpenKey | undefined>>();
  /** Newest step that is known to be the sender's. */
  #step: number;

  constructor(track: MediaTrack, { instance, step }: SenderKey, secret: HkdfSecret) {
    this.#track = track;
    this.#number = instance;
    this.#step = step;
    this.#secrets.set(step, Promise.resolve(secret));
  }

  /** Which frames of a layer (0 to 7) came already. */
  window(layer: number): ReplayWindow {
    const window = this.#windows[layer];
    if (window === undefined) throw new CryptoError('misuse', 'no such layer');
    return window;
  }

  /** Takes a base key that the sender told; false when it is not later than what is held. */
  tell(step: number, secret: HkdfSecret): boolean {
    if (step <= this.#step) return false;
    this.#secrets.set(step, Promise.resolve(secret));
    this.#step = step;
    return true;
  }

  /** A frame of this step was authenticated. */
  reach(step: number): void {
    if (step > this.#step) this.#step = step;
  }

  /** The key of a position, if it was derived. */
  key(position: KeyPosition): FrameOpenKey | undefined {
    return this.#keys.get(encodeKid(position));
  }

  /** Derives the key of a position, at most two steps beyond the newest; frames that come meanwhile wait for the same derivation. */
  derive(position: KeyPosition): Promise<FrameOpenKey | undefined> {
    const kid = encodeKid(position);
    let deriving = this.#deriving.get(kid);
    if (deriving === undefined) {
      deriving = this.#derive(position).finally(() => this.#deriving.delete(kid));
      this.#deriving.set(kid, deriving);
    }
    return deriving;
  }

  /** The base key of a step, reached from the one before where it lies beyond the newest. */
  #secret(step: number): Promise<HkdfSecret> | undefined {
    const held = this.#secrets.get(step);
    if (held !== undefined || step <= this.#step || step > this.#step + MAX_STEPS_AHEAD) return held;
    const next = this.#secret(step - 1)?.then(nextSecret);
    if (next !== undefined) this.#secrets.set(step, next);
    return next;
  }

  async #derive({ layer, step }: KeyPosition): Promise<FrameOpenKey | undefined> {
    const secret = await this.#secret(step);
    if (secret === undefined) return undefined;
    const key = await deriveLayerOpenKey(secret, this.#track, { instance: this.#number, layer, step });
    this.#keys.set(key.kid, key);
    return key;
  }
}
