/** What `bench frames` asks its worker, and what that answers. */

/** In the order in which a round measures them. */
export const engines = ['passthrough', 'tacet', 'livekit'] as const;
export type EngineName = (typeof engines)[number];

export interface Question {
  readonly engine: EngineName;
  readonly sizeBytes: number;
  readonly frames: number;
}

/** Microseconds of one frame, the streams' own part included. */
export interface Answer {
  readonly encryptUs: number;
  readonly decryptUs: number;
}
