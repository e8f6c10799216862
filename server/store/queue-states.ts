/**
 * What is remembered of queues in use, so that a send counts no rows and writes no sums: how much waits, and which envelope is the newest.
 * The table is the truth: a queue is counted when it is first touched, changes are noted as the only writer makes them, and
 * everything is forgotten when a transaction is undone. Counting takes time with what waits, so nobody may cause it at will: a
 * queue is counted anew only after half a quota of new envelopes. (Several writers would keep the sums in the queue's row instead.)
 */
import type { DeviceId } from '@tacet/protocol/ids';
import type { QueueStatements } from './envelope-statements.ts';
import { first, insertNumbered, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** Queues remembered, some 200 bytes each. */
const STATES_MOST = 50_000;

/** A queue as it stands. */
export interface QueueState {
  readonly number: number;
  /** Sequence of the newest envelope queued, waiting or not; 0 when none is known. */
  newest: number;
  /** Exact. */
  envelopes: number;
  /** What waits, or more while they are not exact. */
  bytes: number;
  strangers: number;
  isExact: boolean;
}

/** Deleted envelopes. Without sums: how much they were is not known. */
export interface Gone {
  readonly envelopes: number;
  readonly sums: { readonly bytes: number; readonly strangers: number } | undefined;
}

export class QueueStates {
  readonly #statements: QueueStatements;
  readonly #states = new Map<DeviceId, QueueState>();

  constructor(engine: StoreEngine, statements: QueueStatements) {
    this.#statements = statements;
    engine.onUndone(() => this.#states.clear());
  }

  /** The device's queue, opened if need be; `undefined` when there is no such device. `key`: its 16 bytes. */
  *open(device: DeviceId, key: Uint8Array): Transaction<QueueState | undefined> {
    const known = yield* this.find(device, key);
    if (known !== undefined) return known;
    const number = yield* insertNumbered(this.#statements.openQueue({ device: key }));
    return number === undefined ? undefined : this.#remember(device, emptyQueue(number));
  }

  /** The device's queue, if it has one. */
  *find(device: DeviceId, key: Uint8Array): Transaction<QueueState | undefined> {
    const known = this.#states.get(device);
    if (known !== undefined) return known;
    const row = yield* first(this.#statements.queue({ device: key }));
    if (row === undefined) return undefined;
    const counted = yield* first(this.#statements.count({ queue: row.number }));
    return this.#remember(device, { ...emptyQueue(row.number), ...counted });
  }

  /** As `find`, and sure that the device has not been removed, or removed and added again, meanwhile. */
  *current(device: DeviceId, key: Uint8Array): Transaction<QueueState | undefined> {
    const known = this.#states.get(device);
    if (known !== undefined) {
      const row = yield* first(this.#statements.queue({ device: key }));
      if (row?.number === known.number) return known;
      this.forget(device);
    }
    return yield* this.find(device, key);
  }

  /** Counts what waits anew: sums that are only upper bounds become exact. */
  *recount(device: DeviceId, key: Uint8Array): Transaction<QueueState | undefined> {
    const before = this.#states.get(device);
    this.forget(device);
    const counted = yield* this.find(device, key);
    if (counted !== undefined && counted.number === before?.number) {
      counted.newest = Math.max(counted.newest, before.newest);
    }
    return counted;
  }

  /** Notes a stored envelope. */
  added(state: QueueState, sequence: number, bytes: number, strangers: number): void {
    state.newest = sequence;
    state.envelopes += 1;
    state.bytes += bytes;
    state.strangers += strangers;
  }

  /** Notes deleted envelopes. */
  removed(state: QueueState, { envelopes, sums }: Gone): void {
    if (envelopes === 0) return;
    state.envelopes -= envelopes;
    const isEmpty = state.envelopes <= 0;
    state.bytes = isEmpty ? 0 : state.bytes - (sums?.bytes ?? 0);
    state.strangers = isEmpty ? 0 : state.strangers - (sums?.strangers ?? 0);
    state.isExact = isEmpty || (state.isExact && sums !== undefined);
  }

  /** Forgets one queue, or all of them: they are counted when they are touched again. */
  forget(device?: DeviceId): void {
    if (device === undefined) this.#states.clear();
    else this.#states.delete(device);
  }

  #remember(device: DeviceId, state: QueueState): QueueState {
    if (this.#states.size >= STATES_MOST) this.#states.clear();
    this.#states.set(device, state);
    return state;
  }
}

function emptyQueue(number: number): QueueState {
  return { number, newest: 0, envelopes: 0, bytes: 0, strangers: 0, isExact: true };
}
