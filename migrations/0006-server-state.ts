/**
 * What the server keeps about itself, in one row: the secret under which it gives receipts, and when it was last restored from a backup,
 * under which epoch. All of it is in every backup.
 */
import { defineMigration } from './support.ts';

export const serverState = defineMigration(async (schema, types) => {
  await schema.schema
    .createTable('server_state')
    // Always 1.
    .addColumn('id', types.integer, (column) => column.primaryKey().notNull())
    .addColumn('receipt_key', types.bytes, (column) => column.notNull())
    // Empty in a server that was never restored.
    .addColumn('restore_epoch', types.bytes)
    .addColumn('restored_at', types.instant)
    .addColumn('backed_up_at', types.instant)
    .execute();
});
