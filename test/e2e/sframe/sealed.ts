/** Frames that one place sealed for another, as they go between a test and a browser. All bytes in hex. */
import type { FrameCodec } from '@tacet/crypto/sframe';

export interface SealedThere {
  readonly call: string;
  readonly key: { readonly instance: number; readonly step: number; readonly baseKey: string };
  readonly frames: readonly { readonly codec: FrameCodec; readonly sealed: string }[];
}
