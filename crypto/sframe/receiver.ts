/**
 * Opens the frames of one track of one sender. A frame names its key (KID) and is tried with that key only. What fails is counted and
 * dropped; no number of failures takes a key away or moves anything: replay window and ratchet step follow frames that were
 * authenticated, and what the sender says over its encrypted session.
 */
import type { Bytes } from '../bytes.ts';
import { MAX_FRAME_BYTES, MAX_FRAMES_PER_KEY, MAX_INSTANCES } from '../consts.ts';
import { isCryptoError } from '../errors.ts';
import { AES_GCM_TAG_BYTES, importHkdfSecret } from '../webcrypto.ts';
import { CODECS, decryptFrame, frameMetadata, type FrameCodec } from './frame.ts';
import { parseHeader, type FrameHeader } from './header.ts';
import { copyTrack, type MediaTrack, type SenderKey } from './keys.ts';
import { decodeKid } from './kid.ts';
import { ReceivedInstance } from './received-instance.ts';

/**
 * Why a frame was dropped. `no-key`: its KID names no key that is held or can be reached. `replayed`: it came before. `too-old`: it is
 * 1,024 or more frames behind the newest. `malformed`: it has no such form. `unauthentic`: it was not sealed so, with that key, for this track.
 */
export const refusals = ['no-key', 'replayed', 'too-old', 'malformed', 'unauthentic'] as const;
export type Refusal = (typeof refusals)[number];

export type OpenedFrame =
  { readonly kind: 'opened'; readonly frame: Bytes } | { readonly kind: 'refused'; readonly why: Refusal };

/** Frames by what became of them, since the opener was made. For people and statistics; nothing acts on them. */
export type FrameCounts = Readonly<Record<'opened' | Refusal, number>>;

const NO_METADATA = new Uint8Array(0);

/** The header behind the clear bytes, with a counter that a sender can have used; `undefined` for any other form. */
function readHeader(sealed: Bytes, clearBytes: number): (FrameHeader & { readonly ctr: number }) | undefined {
  if (sealed.length > MAX_FRAME_BYTES) return undefined;
  try {
    const { kid, ctr, length } = parseHeader(sealed, clearBytes);
    if (typeof ctr !== 'number' || ctr >= MAX_FRAMES_PER_KEY) return undefined;
    return sealed.length < clearBytes + length + AES_GCM_TAG_BYTES ? undefined : { kid, ctr, length };
  } catch (error) {
    if (isCryptoError(error, 'malformed')) return undefined;
    throw error;
  }
}

export class FrameOpener {
  readonly #track: MediaTrack;
  readonly #instances = new Map<number, ReceivedInstance>();
  /** Numbers that had their time. One that came back would have lost its replay windows. */
  readonly #dropped = new Set<number>();
  readonly #counts: Record<'opened' | Refusal, number> = {
    opened: 0,
    'no-key': 0,
    replayed: 0,
    'too-old': 0,
    malformed: 0,
    unauthentic: 0,
  };

  /** Throws `misuse` on a call id of another length. */
  constructor(track: MediaTrack) {
    this.#track = copyTrack(track);
  }

  /**
   * Takes a key that the sender of this track told, a copy of it. `known`: the instance is held at that step or a later one. `dropped`: it
   * was held before. `full`: eight instances are held; drop one first.
   */
  async addKey(key: SenderKey): Promise<'added' | 'known' | 'dropped' | 'full'> {
    const secret = await importHkdfSecret(key.baseKey);
    if (this.#dropped.has(key.instance)) return 'dropped';
    const held = this.#instances.get(key.instance);
    if (held !== undefined) return held.tell(key.step, secret) ? 'added' : 'known';
    if (this.#instances.size >= MAX_INSTANCES) return 'full';
    this.#instances.set(key.instance, new ReceivedInstance(this.#track, key, secret));
    return 'added';
  }

  /** Forgets an instance for good: a few seconds after its sender changed to another one. */
  dropInstance(instance: number): void {
    this.#instances.delete(instance);
    this.#dropped.add(instance);
  }

  /** A copy. */
  counts(): FrameCounts {
    return { ...this.#counts };
  }

  /**
   * Opens one frame as it came, sealed with the same codec and metadata. The opened frame's buffer holds nothing else. Never rejects for
   * what is in the frame.
   */
  async open(codec: FrameCodec, sealed: Bytes, metadata: Uint8Array = NO_METADATA): Promise<OpenedFrame> {
    const opened = await this.#open(codec, sealed, metadata);
    this.#counts[typeof opened === 'string' ? opened : 'opened'] += 1;
    return typeof opened === 'string' ? { kind: 'refused', why: opened } : { kind: 'opened', frame: opened };
  }

  async #open(codec: FrameCodec, sealed: Bytes, more: Uint8Array): Promise<Bytes | Refusal> {
    const { clearBytes } = CODECS[codec];
    const header = readHeader(sealed, clearBytes);
    if (header === undefined) return 'malformed';
    const { kid, ctr } = header;
    const position = typeof kid === 'number' ? decodeKid(kid) : undefined;
    const held = position && this.#instances.get(position.instance);
    if (held === undefined || position === undefined) return 'no-key';
    const window = held.window(position.layer);
    const before = window.look(ctr);
    if (before !== 'fresh') return before;
    const key = held.key(position) ?? (await held.derive(position));
    if (key === undefined) return 'no-key';
    const metadata = frameMetadata(codec, sealed, more);
    const frame = await decryptFrame(key, header, sealed, clearBytes, metadata);
    if (frame === undefined) return 'unauthentic';
    // Others may have been opened, and keys dropped, while this one was.
    const now = window.look(ctr);
    if (now !== 'fresh') return now;
    if (this.#instances.get(position.instance) !== held) return 'no-key';
    window.take(ctr);
    held.reach(position.step);
    return frame;
  }
}
