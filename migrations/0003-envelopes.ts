/**
 * What waits for devices. A queue is opened by the first envelope for its device and goes with the device. Envelopes are numbered in one
 * order for all queues, so that the table grows at its end; with the index by queue and id that is all that a send writes. An
 * envelope has no sender: nothing here says who wrote it. `stranger` is 1 when it came as an introduction.
 */
import { defineMigration, numbered } from './support.ts';

export const envelopes = defineMigration(async (schema, types, dialect) => {
  await schema.schema
    .createTable('queues')
    .addColumn('number', types.integer, numbered(dialect))
    .addColumn('device', types.bytes, (column) =>
      column.notNull().unique().references('devices.id').onDelete('cascade'),
    )
    .execute();

  await schema.schema
    .createTable('envelopes')
    .addColumn('number', types.integer, numbered(dialect))
    .addColumn('queue', types.integer, (column) =>
      column.notNull().references('queues.number').onDelete('cascade'),
    )
    .addColumn('id', types.bytes, (column) => column.notNull())
    .addColumn('received_at', types.instant, (column) => column.notNull())
    .addColumn('stranger', types.flag, (column) => column.notNull())
    .addColumn('body', types.bytes, (column) => column.notNull())
    .addUniqueConstraint('envelopes_id', ['queue', 'id'])
    .execute();
});
