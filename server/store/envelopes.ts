/**
 * Queues of envelopes. Per device an envelope is identified by its random id, ordered by a number that only grows, and deleted by
 * exact acknowledgement. Sums per queue make quotas one row's matter. The statements of send and acknowledge are compiled once.
 */
import { LIMITS } from '@tacet/protocol/limits';
import { idBytes, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { sql } from 'kysely';
import type { FreshEnvelope, QueuedEnvelope } from '../bus/port.ts';
import type {
  Addressee,
  ConnectState,
  EnvelopeStore,
  ExpireStep,
  Queued,
  StoreSendOutcome,
} from './envelope-port.ts';
import { queueStatements, type QueueState } from './envelope-statements.ts';
import { all, first, insertNumbered, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** Envelopes looked at in one step of the expiry job: a few milliseconds. Order of numbers is order of receipt. */
const EXPIRE_MOST = 500;
/** Queue numbers remembered. */
const NUMBERS_MOST = 50_000;

/** The store of queues on any engine. */
export function buildEnvelopeStore(engine: StoreEngine): EnvelopeStore {
  return new Envelopes(engine);
}

class Envelopes implements EnvelopeStore {
  readonly #engine: StoreEngine;
  readonly #statements;
  /** Acknowledgements that wait for the next commit, by device. */
  readonly #acknowledging = new Map<DeviceId, { readonly ids: Uint8Array[]; readonly done: Promise<void> }>();
  /** Numbers of queues that were looked up. A queue keeps its number; a device that came back has a new one. */
  readonly #numbers = new Map<DeviceId, number>();

  constructor(engine: StoreEngine) {
    this.#engine = engine;
    this.#statements = queueStatements(engine.build, engine.dialect);
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

  *#send(to: readonly Addressee[], receivedAt: number, stranger: 0 | 1): Transaction<StoreSendOutcome> {
    const queues: QueueState[] = [];
    for (const { key, id, body } of to) {
      const queue = yield* this.#queueOf(key);
      if (queue === undefined) return { kind: 'no-device' };
      if (!hasRoom(queue, body.length, stranger)) {
        const waiting = yield* first(this.#statements.waiting({ queue: queue.number, id }));
        if (waiting === undefined) return { kind: 'queue-full' };
      }
      queues.push(queue);
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

  *#queueOf(device: Uint8Array): Transaction<QueueState | undefined> {
    const known = yield* first(this.#statements.queue({ device }));
    if (known !== undefined) return known;
    const opened = yield* run(this.#statements.openQueue({ device }));
    return opened === 0 ? undefined : yield* first(this.#statements.queue({ device }));
  }

  *#put(
    queue: QueueState,
    { id, body }: Addressee,
    received_at: number,
    stranger: 0 | 1,
  ): Transaction<FreshEnvelope | undefined> {
    const { number, newest: previous } = queue;
    const sequence = yield* insertNumbered(
      this.#statements.insert({ queue: number, id, received_at, stranger, body }),
    );
    if (sequence === undefined) return undefined;
    yield* run(this.#statements.added({ number, newest: sequence, bytes: body.length, strangers: stranger }));
    return { sequence, previous, id, receivedAt: received_at, body };
  }

  *#page(
    device: DeviceId,
    after: number,
    most: number,
    mostBytes: number,
  ): Transaction<readonly QueuedEnvelope[]> {
    const queue = yield* first(this.#statements.queueNumber({ device: idBytes(device) }));
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
    const known = this.#numbers.get(device);
    if (known !== undefined && (yield* this.#remove(known, ids)) > 0) return;
    const queue = yield* first(this.#statements.queueNumber({ device: idBytes(device) }));
    if (queue === undefined || queue.number === known) return;
    if (this.#numbers.size >= NUMBERS_MOST) this.#numbers.clear();
    this.#numbers.set(device, queue.number);
    yield* this.#remove(queue.number, ids);
  }

  *#remove(queue: number, ids: readonly Uint8Array[]): Transaction<number> {
    const gone = { envelopes: 0, bytes: 0, strangers: 0 };
    for (const id of ids) {
      const row = yield* first(this.#statements.remove({ queue, id }));
      if (row === undefined) continue;
      gone.envelopes += 1;
      gone.bytes += row.size;
      gone.strangers += row.stranger;
    }
    if (gone.envelopes > 0) yield* run(this.#statements.removed({ number: queue, ...gone }));
    return gone.envelopes;
  }

  *#connect(account: AccountId, device: DeviceId, counter: number): Transaction<ConnectState | undefined> {
    const { build } = this.#engine;
    const [accountKey, deviceKey] = [idBytes(account), idBytes(device)];
    const known = yield* first(
      build
        .selectFrom('devices')
        .innerJoin('accounts', 'accounts.id', 'devices.account')
        .leftJoin('records', 'records.account', 'accounts.id')
        .leftJoin('queues', 'queues.device', 'devices.id')
        .select([
          'devices.start_counter',
          'accounts.list_counter',
          'records.version',
          'queues.envelopes',
          'queues.newest',
        ])
        .where('devices.id', '=', deviceKey)
        .where('devices.account', '=', accountKey),
    );
    if (known === undefined) return undefined;
    if (counter > known.start_counter) {
      yield* run(build.updateTable('devices').set({ start_counter: counter }).where('id', '=', deviceKey));
    }
    return {
      counter: known.start_counter,
      queued: known.envelopes ?? 0,
      newest: known.newest ?? 0,
      listCounter: known.list_counter,
      recordVersion: known.version ?? 0,
    };
  }

  *#expire(before: number, after: number): Transaction<ExpireStep> {
    const { build } = this.#engine;
    const rows = yield* all(
      build
        .selectFrom('envelopes')
        .select(['number', 'queue', 'received_at', 'stranger', sql<number>`length(body)`.as('size')])
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
    for (const [number, gone] of Map.groupBy(expired, (row) => row.queue)) {
      const bytes = gone.reduce((sum, row) => sum + row.size, 0);
      const strangers = gone.reduce((sum, row) => sum + row.stranger, 0);
      yield* run(this.#statements.removed({ number, envelopes: gone.length, bytes, strangers }));
    }
    return { deleted: expired.length, next: rows.length < EXPIRE_MOST ? undefined : rows.at(-1)?.number };
  }
}

function hasRoom(queue: QueueState, bytes: number, stranger: 0 | 1): boolean {
  if (queue.envelopes >= LIMITS.queueMaxEnvelopes) return false;
  if (queue.bytes + bytes > LIMITS.queueMaxBytes) return false;
  return stranger === 0 || queue.strangers < LIMITS.queueStrangerEnvelopes;
}
