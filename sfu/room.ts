/** One room: who is in it, on which workers, and what they are told of each other. It keeps a hash of its key and no more of it. */
import { timingSafeEqual } from 'node:crypto';
import type { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { Branch, expectedConsumers, type BranchRoom } from './branch.ts';
import type { Clock } from './clock.ts';
import { offeredCapabilities } from './codecs.ts';
import { CallError } from './errors.ts';
import { Participant, type Surroundings } from './participant.ts';
import type { WorkerPool } from './pool.ts';
import { consumersMost, type SfuDeps } from './settings.ts';
import { sha256 } from './tokens.ts';
import type { OpenTransport } from './transport.ts';

export interface RoomDeps extends SfuDeps {
  readonly pool: WorkerPool;
  readonly openTransport: OpenTransport;
}

/** What a room tells of itself. */
export interface RoomEvents {
  readonly onGone: (participant: Participant) => void;
  readonly onClosed: () => void;
}

export class Room implements BranchRoom, Surroundings {
  readonly clock: Clock;
  readonly openTransport: OpenTransport;
  /** Join tokens that nobody has used. */
  tokens = 0;
  readonly #deps: RoomDeps;
  readonly #events: RoomEvents;
  readonly #keyHash: Buffer;
  readonly #participants = new Set<Participant>();
  readonly #branches = new Set<Branch>();
  #entering = 0;
  #closed = false;
  #cancelClosing: () => void;

  constructor(key: Uint8Array, deps: RoomDeps, events: RoomEvents) {
    this.clock = deps.clock;
    this.openTransport = deps.openTransport;
    this.#deps = deps;
    this.#events = events;
    this.#keyHash = sha256(key);
    this.#cancelClosing = this.#closeLater();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get size(): number {
    return this.#participants.size + this.#entering;
  }

  /** In constant time. */
  hasKey(key: Uint8Array): boolean {
    return timingSafeEqual(this.#keyHash, sha256(key));
  }

  others(of: Participant): readonly Participant[] {
    return [...this.#participants].filter((participant) => participant !== of);
  }

  /** Takes somebody in; events are held for him. Rejects with `CallError` `call-full` or `calls-unavailable`. */
  async enter(join: Uint8Array): Promise<Participant> {
    if (this.size >= LIMITS.callParticipants) throw new CallError('call-full', 'no place left');
    this.#entering += 1;
    this.#cancelClosing();
    let branch: Branch | undefined;
    try {
      branch = this.#seat();
      await branch.ready();
      if (this.#closed) throw new CallError('calls-unavailable', 'closed meanwhile');
      const participant = new Participant(this, branch, Uint8Array.from(join));
      this.#announce({
        kind: 'participant-entered',
        participant: idBytes(participant.id),
        join: participant.join,
      });
      this.#participants.add(participant);
      return participant;
    } catch (error) {
      if (branch !== undefined) this.#unseat(branch);
      throw error;
    } finally {
      this.#entering -= 1;
      this.#restIfEmpty();
    }
  }

  /** The answer to somebody who has entered. */
  welcome(participant: Participant, resume: Uint8Array): CallAnswer {
    const capabilities = offeredCapabilities(participant.branch.router);
    const others = this.#shown(participant);
    return { kind: 'entered', participant: idBytes(participant.id), resume, capabilities, others };
  }

  /** The answer to somebody who has come back. */
  welcomeBack(participant: Participant, resume: Uint8Array): CallAnswer {
    return { kind: 'resumed', resume, others: this.#shown(participant), ...participant.own };
  }

  #shown(but: Participant) {
    return this.others(but).map(({ shown }) => shown);
  }

  /** Ends somebody's part. Idempotent. */
  remove(participant: Participant): void {
    if (!this.#participants.delete(participant)) return;
    participant.close();
    this.#unseat(participant.branch);
    this.#events.onGone(participant);
    this.#announce({ kind: 'participant-left', participant: idBytes(participant.id) });
    this.#restIfEmpty();
  }

  branchLost(branch: Branch): void {
    this.#branches.delete(branch);
    for (const participant of this.#participants) {
      if (participant.branch !== branch) continue;
      participant.tell({ kind: 'worker-lost' });
      this.remove(participant);
    }
  }

  /** Ends everybody's part. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelClosing();
    for (const participant of this.#participants) {
      participant.tell({ kind: 'room-closed' });
      this.remove(participant);
    }
    for (const branch of this.#branches) branch.close();
    this.#branches.clear();
    this.#events.onClosed();
  }

  /** A branch with room for one more: where most of the room is, else in a worker that has room, else in the least loaded. */
  #seat(): Branch {
    const most = consumersMost(this.#deps.settings);
    const more = expectedConsumers(this.size);
    const workers = this.#deps.pool.byLoad();
    const branchOf = new Map([...this.#branches].map((branch) => [branch.media, branch]));
    const seatsOn = (media: (typeof workers)[number]): number => branchOf.get(media)?.seats ?? 0;
    const fitting = workers.filter((media) => media.load + more <= most);
    const media = fitting.toSorted((a, b) => seatsOn(b) - seatsOn(a))[0] ?? workers[0];
    if (media === undefined) throw new CallError('calls-unavailable', 'no worker');
    let branch = branchOf.get(media);
    if (branch === undefined) {
      branch = new Branch(this, media);
      this.#branches.add(branch);
    }
    branch.seats += 1;
    return branch;
  }

  #unseat(branch: Branch): void {
    branch.seats -= 1;
    if (branch.seats > 0) return;
    branch.close();
    this.#branches.delete(branch);
  }

  #announce(event: CallEvent): void {
    for (const participant of this.#participants) participant.tell(event);
  }

  #restIfEmpty(): void {
    if (this.size > 0 || this.#closed) return;
    this.#cancelClosing();
    this.#cancelClosing = this.#closeLater();
  }

  #closeLater(): () => void {
    return this.clock.after(LIMITS.callEmptyMs, () => this.close());
  }
}
