/**
 * A room's part in one worker: a router with the participants whose transports it holds. A room has one until its worker is full; then
 * streams cross to the others by pipes.
 */
import type { types } from 'mediasoup';
import { CODECS } from './codecs.ts';
import { CallError } from './errors.ts';
import type { MediaWorker, Tenant } from './pool.ts';

/** Microphone and camera: what somebody who enters can be expected to receive from each of the others. */
const STREAMS_EACH = 2;

/** Consumers that somebody in a room of so many, himself with them, will have. */
export function expectedConsumers(participants: number): number {
  return STREAMS_EACH * Math.max(1, participants - 1);
}

/** What a branch asks of its room. */
export interface BranchRoom {
  /** Participants and those who are entering. */
  readonly size: number;
  branchLost(branch: Branch): void;
}

export class Branch implements Tenant {
  readonly media: MediaWorker;
  /** Participants here and those who are entering. */
  seats = 0;
  /** What those receive. */
  consumers = 0;
  readonly #room: BranchRoom;
  readonly #opening: Promise<types.Router>;
  #router: types.Router | undefined;
  #closed = false;

  constructor(room: BranchRoom, media: MediaWorker) {
    this.#room = room;
    this.media = media;
    this.#opening = media.worker.createRouter({ mediaCodecs: [...CODECS] });
    media.tenants.add(this);
  }

  get load(): number {
    return Math.max(this.consumers, this.seats * expectedConsumers(this.#room.size));
  }

  get isAlive(): boolean {
    return !this.#closed && this.media.isAlive;
  }

  /** Its router, once `ready`. Throws `CallError` `calls-unavailable`. */
  get router(): types.Router {
    if (this.#router === undefined || !this.isAlive) throw new CallError('calls-unavailable', 'no router');
    return this.#router;
  }

  /** Rejects with `CallError` `calls-unavailable`. */
  async ready(): Promise<void> {
    try {
      const router = await this.#opening;
      if (this.#closed) router.close();
      else this.#router = router;
    } catch (cause) {
      throw new CallError('calls-unavailable', 'the worker gives no router', { cause });
    }
    if (!this.isAlive) throw new CallError('calls-unavailable', 'the worker has ended');
  }

  lost(): void {
    this.close();
    this.#room.branchLost(this);
  }

  /** Closes everything in it. Idempotent. */
  close(): void {
    this.#closed = true;
    this.media.tenants.delete(this);
    this.#router?.close();
  }
}
