/**
 * Queues of envelopes. Per device an envelope is identified by its random id, ordered by a number that only grows, and deleted by
 * exact acknowledgement. A send is one insert, an acknowledgement one delete; both are compiled once.
 */
import { LIMITS } from '@tacet/protocol/limits';
import { idBytes, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import type { FreshEnvelope, QueuedEnvelope } from '../bus/port.ts';
import type {
  Addressee,
  ConnectState,
  EnvelopeStore,
  ExpireStep,
  Queued,
  StoreSendOutcome,
} from './envelope-port.ts';
import { queueStatements, type QueueStatements } from './envelope-statements.ts';
import { QueueStates, type Gone, type QueueState } from './queue-states.ts';
import { all, first, insertNumbered, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** Envelopes looked at in one step of the expiry job: a few milliseconds. Order of numbers is order of receipt. */
const EXPIRE_MOST = 500;

/** What one queue may hold. */
export interface Quotas {
  readonly envelopes: number;
  readonly bytes: number;
  /** Of the envelopes, how many may be introductions. */
  readonly strangers: number;
}

const QUOTAS: Quotas = {
  envelopes: LIMITS.queueMaxEnvelopes,
  bytes: LIMITS.queueMaxBytes,
  strangers: LIMITS.queueStrangerEnvelopes,
};

/** The store of queues on any engine. One store per database: it remembers what it has queued. */
export function buildEnvelopeStore(engine: StoreEngine, quotas: Quotas = QUOTAS): EnvelopeStore {
  return new Envelopes(engine, quotas);
}

class Envelopes implements EnvelopeStore {
  readonly #engine: StoreEngine;
  readonly #quotas: Quotas;
  readonly #statements: QueueStatements;
  readonly #queues: QueueStates;
  /** Acknowledgements that wait for the next commit, by device. */
  readonly #acknowledging = new Map<DeviceId, { readonly ids: Uint8Array[]; readonly done: Promise<void> }>();

  constructor(engine: StoreEngine, quotas: Quotas) {
    this.#engine = engine;
    this.#quotas = quotas;
    this.#statements = queueStatements(engine.build, engine.dialect);
    this.#queues = new QueueStates(engine, this.#statements);
  }

  send(
    to: readonly Addressee[],
    receivedAt: number,
    from: 'contact' | 'stranger',
  ): Promise<StoreSendOutcome> {
    return this.#engine.write(() => this.#send(to, receivedAt, from === 'stranger' ? 1 : 0));
  }

  page(device: DeviceId, after: number, most: number, mostBytes: number): Promise<readonly QueuedEnvelope[]> {
    return this.#engine.read(() => this.#page(device, after, most, mostBytes));
  }

  acknowledge(device: DeviceId, ids: readonly Uint8Array[]): Promise<void> {
    const waiting = this.#acknowledging.get(device);
    if (waiting !== undefined) {
      waiting.ids.push(...ids);
      return waiting.done;
    }
    const own = [...ids];
    const done = this.#engine.writeSoon(() => {
      // What comes from now on belongs to the next commit.
      this.#acknowledging.delete(device);
      return this.#acknowledge(device, own);
    });
    this.#acknowledging.set(device, { ids: own, done });
    done.catch(() => {
      // A batch that could not even begin has never run what forgets this.
      if (this.#acknowledging.get(device)?.ids === own) this.#acknowledging.delete(device);
    });
    return done;
  }

  connect(account: AccountId, device: DeviceId, counter: number): Promise<ConnectState | undefined> {
    return this.#engine.write(() => this.#connect(account, device, counter));
  }

  expire(before: number, after: number): Promise<ExpireStep> {
    return this.#engine.write(() => this.#expire(before, after));
  }

  newestAt(): Promise<number | undefined> {
    const { build } = this.#engine;
    return this.#engine.read(function* () {
      const newest = build.selectFrom('envelopes').select('received_at').orderBy('number', 'desc').limit(1);
      return (yield* first(newest))?.received_at;
    });
  }

  *#send(to: readonly Addressee[], receivedAt: number, stranger: 0 | 1): Transaction<StoreSendOutcome> {
    const queues: QueueState[] = [];
    for (const addressee of to) {
      const queue = yield* this.#queues.open(addressee.device, addressee.key);
      if (queue === undefined) return { kind: 'no-device' };
      const roomy = this.#hasRoom(queue, addressee, stranger)
        ? queue
        : yield* this.#makeSure(queue, addressee, stranger);
      if (roomy === undefined) return { kind: 'queue-full' };
      queues.push(roomy);
    }
    const queued: Queued[] = [];
    for (let i = 0; i < to.length; i++) {
      const addressee = to[i];
      const queue = queues[i];
      if (addressee === undefined || queue === undefined) continue;
      const envelope = yield* this.#put(queue, addressee, receivedAt, stranger);
      if (envelope !== undefined) queued.push({ device: addressee.device, envelope });
    }
    return { kind: 'stored', queued };
  }

  #hasRoom(queue: QueueState, { body }: Addressee, stranger: 0 | 1): boolean {
    if (queue.envelopes >= this.#quotas.envelopes) return false;
    if (queue.bytes + body.length > this.#quotas.bytes) return false;
    return stranger === 0 || queue.strangers < this.#quotas.strangers;
  }

  /** The queue, counted anew if need be, if it has room after all or holds the envelope already. */
  *#makeSure(queue: QueueState, addressee: Addressee, stranger: 0 | 1): Transaction<QueueState | undefined> {
    const waiting = yield* first(this.#statements.waiting({ queue: queue.number, id: addressee.id }));
    if (waiting !== undefined) return queue;
    const current = yield* this.#queues.current(addressee.device, addressee.key);
    if (current === queue && queue.isExact) return undefined;
    const counted = yield* this.#queues.recount(addressee.device, addressee.key);
    return counted !== undefined && this.#hasRoom(counted, addressee, stranger) ? counted : undefined;
  }

  *#put(
    queue: QueueState,
    { id, body }: Addressee,
    received_at: number,
    stranger: 0 | 1,
  ): Transaction<FreshEnvelope | undefined> {
    const sequence = yield* insertNumbered(
      this.#statements.insert({ queue: queue.number, id, received_at, stranger, body }),
    );
    if (sequence === undefined) return undefined;
    const previous = queue.newest;
    this.#queues.added(queue, sequence, body.length, stranger);
    return { sequence, previous, id, receivedAt: received_at, body };
  }

  *#page(
    device: DeviceId,
    after: number,
    most: number,
    mostBytes: number,
  ): Transaction<readonly QueuedEnvelope[]> {
    const queue = yield* this.#queues.find(device, idBytes(device));
    if (queue === undefined) return [];
    const rows = yield* all(this.#statements.page({ queue: queue.number, after, most }));
    const page: QueuedEnvelope[] = [];
    let bytes = 0;
    for (const { sequence, id, received_at, body } of rows) {
      if (bytes > mostBytes) break;
      page.push({ sequence, id, receivedAt: received_at, body });
      bytes += body.length;
    }
    return page;
  }

  *#acknowledge(device: DeviceId, ids: readonly Uint8Array[]): Transaction<void> {
    const queue = yield* this.#queues.find(device, idBytes(device));
    if (queue === undefined) return;
    this.#queues.removed(
      queue,
      yield* this.#isHalfFull(queue) ? this.#takeAway(queue, ids) : this.#remove(queue, ids),
    );
  }

  /** From here on sums are kept exactly, so that a quota that is reached is not counted after. */
  #isHalfFull({ bytes, strangers }: QueueState): boolean {
    return 2 * bytes > this.#quotas.bytes || 2 * strangers > this.#quotas.strangers;
  }

  *#remove({ number }: QueueState, ids: readonly Uint8Array[]): Transaction<Gone> {
    let envelopes = 0;
    for (const id of ids) envelopes += yield* run(this.#statements.remove({ queue: number, id }));
    return { envelopes, sums: undefined };
  }

  /** As `#remove`, 2 µs slower, and knows how much it was. */
  *#takeAway({ number }: QueueState, ids: readonly Uint8Array[]): Transaction<Gone> {
    let [envelopes, bytes, strangers] = [0, 0, 0];
    for (const id of ids) {
      const row = yield* first(this.#statements.takeAway({ queue: number, id }));
      if (row === undefined) continue;
      envelopes += 1;
      bytes += row.size;
      strangers += row.stranger;
    }
    return { envelopes, sums: { bytes, strangers } };
  }

  *#connect(account: AccountId, device: DeviceId, counter: number): Transaction<ConnectState | undefined> {
    const { build } = this.#engine;
    const [accountKey, deviceKey] = [idBytes(account), idBytes(device)];
    const known = yield* first(
      build
        .selectFrom('devices')
        .innerJoin('accounts', 'accounts.id', 'devices.account')
        .leftJoin('records', 'records.account', 'accounts.id')
        .select(['devices.start_counter', 'accounts.list_counter', 'records.version'])
        .where('devices.id', '=', deviceKey)
        .where('devices.account', '=', accountKey),
    );
    if (known === undefined) return undefined;
    if (counter > known.start_counter) {
      yield* run(build.updateTable('devices').set({ start_counter: counter }).where('id', '=', deviceKey));
    }
    const queue = yield* this.#queues.current(device, deviceKey);
    return {
      counter: known.start_counter,
      queued: queue?.envelopes ?? 0,
      newest: queue?.newest ?? 0,
      listCounter: known.list_counter,
      recordVersion: known.version ?? 0,
    };
  }

  *#expire(before: number, after: number): Transaction<ExpireStep> {
    const { build } = this.#engine;
    const rows = yield* all(
      build
        .selectFrom('envelopes')
        .select(['number', 'received_at'])
        .where('number', '>', after)
        .orderBy('number')
        .limit(EXPIRE_MOST),
    );
    const expired = rows.filter((row) => row.received_at < before);
    const last = expired.at(-1);
    if (last === undefined) return { deleted: 0, next: undefined };
    yield* run(
      build
        .deleteFrom('envelopes')
        .where('number', '>', after)
        .where('number', '<=', last.number)
        .where('received_at', '<', before),
    );
    this.#queues.forget();
    return { deleted: expired.length, next: rows.length < EXPIRE_MOST ? undefined : rows.at(-1)?.number };
  }
}
