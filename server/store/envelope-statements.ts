/** The statements that every message runs, built by Kysely and compiled once. */
import { sql } from 'kysely';
import type { Builder } from './dialect.ts';
import { compileOnce } from './transaction.ts';
import type { StoreDialect } from './writer.ts';

/** The statements for one engine. */
export function queueStatements(build: Builder, dialect: StoreDialect) {
  return {
    queue: compileOnce((value: { device: Uint8Array }) =>
      build.selectFrom('queues').select('number').where('device', '=', value.device),
    ),
    openQueue: compileOnce((value: { device: Uint8Array }) => {
      const query = build
        .insertInto('queues')
        .columns(['device'])
        .expression(build.selectFrom('devices').select('id').where('id', '=', value.device));
      return dialect === 'postgres' ? query.returning('number') : query;
    }),
    /** What waits in a queue, counted. */
    count: compileOnce((value: { queue: number }) =>
      build
        .selectFrom('envelopes')
        .select((row) => [
          row.fn.countAll<number>().as('envelopes'),
          sql<number>`coalesce(sum(length(body)), 0)`.as('bytes'),
          sql<number>`coalesce(sum(stranger), 0)`.as('strangers'),
          sql<number>`coalesce(max(number), 0)`.as('newest'),
        ])
        .where('queue', '=', value.queue),
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
      build.deleteFrom('envelopes').where('queue', '=', value.queue).where('id', '=', value.id),
    ),
    /** As `remove`, and tells how much it was. */
    takeAway: compileOnce((value: { queue: number; id: Uint8Array }) =>
      build
        .deleteFrom('envelopes')
        .where('queue', '=', value.queue)
        .where('id', '=', value.id)
        .returning([sql<number>`length(body)`.as('size'), 'stranger']),
    ),
  };
}

/** What `queueStatements` gives. */
export type QueueStatements = ReturnType<typeof queueStatements>;
