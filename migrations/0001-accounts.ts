/**
 * Accounts: the public directory entry, credentials, the encrypted record and profile, sessions and invites. Everything that belongs to
 * an account goes with its row. No instant of creation, no address, no pair of accounts is kept.
 */
import { defineMigration } from './support.ts';

export const accounts = defineMigration(async (schema, types) => {
  await schema.schema
    .createTable('accounts')
    .addColumn('id', types.bytes, (column) => column.primaryKey().notNull())
    .addColumn('username', types.text, (column) => column.notNull().unique())
    .addColumn('account_key', types.bytes, (column) => column.notNull())
    .addColumn('administrator', types.flag, (column) => column.notNull())
    .addColumn('delivery_key_hash', types.bytes, (column) => column.notNull())
    .addColumn('list', types.bytes, (column) => column.notNull())
    .addColumn('list_signature', types.bytes, (column) => column.notNull())
    .addColumn('list_counter', types.integer, (column) => column.notNull())
    .addColumn('list_hash', types.bytes, (column) => column.notNull())
    .execute();

  await schema.schema
    .createTable('credentials')
    .addColumn('account', types.bytes, (column) =>
      column.primaryKey().notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('version', types.integer, (column) => column.notNull())
    .addColumn('login_key', types.bytes, (column) => column.notNull())
    .addColumn('vault', types.bytes, (column) => column.notNull())
    .execute();

  await schema.schema
    .createTable('wraps')
    .addColumn('account', types.bytes, (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('position', types.integer, (column) => column.notNull())
    .addColumn('way', types.text, (column) => column.notNull())
    .addColumn('sealed', types.bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('wraps_key', ['account', 'position'])
    .execute();

  for (const table of ['records', 'profiles']) {
    await schema.schema
      .createTable(table)
      .addColumn('account', types.bytes, (column) =>
        column.primaryKey().notNull().references('accounts.id').onDelete('cascade'),
      )
      .addColumn('version', types.integer, (column) => column.notNull())
      .addColumn('sealed', types.bytes, (column) => column.notNull())
      .execute();
  }

  await schema.schema
    .createTable('sessions')
    .addColumn('device', types.bytes, (column) => column.primaryKey().notNull())
    .addColumn('account', types.bytes, (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('session_key', types.bytes, (column) => column.notNull())
    .addColumn('refresh_hash', types.bytes, (column) => column.notNull())
    .addColumn('refresh_until', types.instant, (column) => column.notNull())
    .addColumn('previous_hash', types.bytes)
    .addColumn('pending', types.flag, (column) => column.notNull())
    .execute();
  await schema.schema.createIndex('sessions_account').on('sessions').column('account').execute();

  await schema.schema
    .createTable('invites')
    .addColumn('code', types.bytes, (column) => column.primaryKey().notNull())
    // Empty in the first invite of a server, which makes the administrator.
    .addColumn('account', types.bytes, (column) => column.references('accounts.id').onDelete('cascade'))
    .addColumn('uses_left', types.integer, (column) => column.notNull())
    .addColumn('expires_at', types.instant)
    .execute();
  await schema.schema.createIndex('invites_account').on('invites').column('account').execute();
});
