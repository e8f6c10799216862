/** The statements that every message runs, built by Kysely and compiled once. */
import { sql } from 'kysely';
import type { Builder } from './dialect.ts';
import { compileOnce } from './transaction.ts';
import type { StoreDialect } from './writer.ts';

/** A queue's row as a send needs it. */
export interface QueueState {
  readonly number: number;
  readonly newest: number;
  readonly envelopes: number;
  readonly bytes: number;
  readonly strangers: number;
}

const QUEUE_COLUMNS = ['number', 'newest', 'envelopes', 'bytes', 'strangers'] as const;

/** The statements for one engine. On PostgreSQL the queue's row is locked, so that sequences commit in their order. */
export function queueStatements(build: Builder, dialect: StoreDialect) {
  return {
    queue: compileOnce((value: { device: Uint8Array }) => {
      const query = build.selectFrom('queues').select(QUEUE_COLUMNS).where('device', '=', value.device);
      return dialect === 'postgres' ? query.forUpdate() : query;
    }),
    queueNumber: compileOnce((value: { device: Uint8Array }) =>
      build.selectFrom('queues').select('number').where('device', '=', value.device),
    ),
    openQueue: compileOnce((value: { device: Uint8Array }) =>
      build
        .insertInto('queues')
        .columns(['device', 'newest', 'envelopes', 'bytes', 'strangers'])
        .expression(
          build
            .selectFrom('devices')
            .select([
              'id',
              sql<number>`0`.as('a'),
              sql<number>`0`.as('b'),
              sql<number>`0`.as('c'),
              sql<number>`0`.as('d'),
            ])
            .where('id', '=', value.device),
        )
        .onConflict((conflict) => conflict.doNothing()),
    ),
    insert: compileOnce(
      (value: { queue: number; id: Uint8Array; received_at: number; stranger: number; body: Uint8Array }) => {
        const query = build
          .insertInto('envelopes')
          .values({
            queue: value.queue,
            id: value.id,
            received_at: value.received_at,
            stranger: value.stranger,
            body: value.body,
          })
          .onConflict((conflict) => conflict.columns(['queue', 'id']).doNothing());
        // SQLite tells the number without being asked, and RETURNING costs it 2 µs.
        return dialect === 'postgres' ? query.returning('number') : query;
      },
    ),
    waiting: compileOnce((value: { queue: number; id: Uint8Array }) =>
      build
        .selectFrom('envelopes')
        .select('number')
        .where('queue', '=', value.queue)
        .where('id', '=', value.id),
    ),
    added: compileOnce((value: { number: number; newest: number; bytes: number; strangers: number }) =>
      build
        .updateTable('queues')
        .set((row) => ({
          newest: value.newest,
          envelopes: row('envelopes', '+', sql<number>`1`),
          bytes: row('bytes', '+', value.bytes),
          strangers: row('strangers', '+', value.strangers),
        }))
        .where('number', '=', value.number),
    ),
    /** Through the index by queue: `+` keeps SQLite from walking the numbers of all queues. */
    page: compileOnce((value: { queue: number; after: number; most: number }) =>
      build
        .selectFrom('envelopes')
        .select(['number as sequence', 'id', 'received_at', 'body'])
        .where('number', 'in', (numbers) =>
          numbers
            .selectFrom('envelopes')
            .select('number')
            .where('queue', '=', value.queue)
            .where(sql<number>`+number`, '>', value.after)
            .orderBy(sql`+number`)
            .limit(value.most),
        )
        .orderBy('number'),
    ),
    remove: compileOnce((value: { queue: number; id: Uint8Array }) =>
      build
        .deleteFrom('envelopes')
        .where('queue', '=', value.queue)
        .where('id', '=', value.id)
        .returning([sql<number>`length(body)`.as('size'), 'stranger']),
    ),
    removed: compileOnce((value: { number: number; envelopes: number; bytes: number; strangers: number }) =>
      build
        .updateTable('queues')
        .set((row) => ({
          envelopes: row('envelopes', '-', value.envelopes),
          bytes: row('bytes', '-', value.bytes),
          strangers: row('strangers', '-', value.strangers),
        }))
        .where('number', '=', value.number),
    ),
  };
}
