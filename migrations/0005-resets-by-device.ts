/**
 * Resets stand for the device that announced them, one each, and go with it: a device that has left, or never comes back, keeps no
 * other one from announcing its own.
 */
import { sql } from 'kysely';
import { defineMigration } from './support.ts';

export const resetsByDevice = defineMigration(async (schema, types) => {
  await schema.schema.alterTable('resets').renameTo('resets_by_account').execute();
  await schema.schema
    .createTable('resets')
    .addColumn('device', types.bytes, (column) =>
      column.primaryKey().notNull().references('devices.id').onDelete('cascade'),
    )
    .addColumn('account', types.bytes, (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('due_at', types.instant, (column) => column.notNull())
    .execute();
  await schema.schema.createIndex('resets_account').on('resets').column('account').execute();
  await sql`insert into resets (device, account, due_at)
    select old.device, old.account, old.due_at from resets_by_account as old
    inner join devices on devices.id = old.device and devices.account = old.account`.execute(schema);
  await schema.schema.dropTable('resets_by_account').execute();
});
