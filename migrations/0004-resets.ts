/** Resets that were announced because a passphrase is lost: by which device, and from when they may be finished. */
import { defineMigration } from './support.ts';

export const resets = defineMigration(async (schema, types) => {
  await schema.schema
    .createTable('resets')
    .addColumn('account', types.bytes, (column) =>
      column.primaryKey().notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('device', types.bytes, (column) => column.notNull())
    .addColumn('due_at', types.instant, (column) => column.notNull())
    .execute();
});
