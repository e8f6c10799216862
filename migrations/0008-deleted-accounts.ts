/** Which accounts were deleted, so that neither an older backup nor a receipt brings one back. */
import { defineMigration } from './support.ts';

export const deletedAccounts = defineMigration(async (schema, types) => {
  await schema.schema
    .createTable('deleted_accounts')
    // SHA-256 over a label and the account's id.
    .addColumn('hash', types.bytes, (column) => column.primaryKey().notNull())
    .execute();
});
