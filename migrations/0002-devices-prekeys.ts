/**
 * Devices and what strangers and contacts fetch to write to them. A row of `devices` is a device that the account's list names and that
 * has not departed; a pending device has a session only. One-time prekeys are deleted as they are handed out.
 */
import { defineMigration } from './support.ts';

export const devicesPrekeys = defineMigration(async (schema, types) => {
  await schema.schema
    .createTable('devices')
    .addColumn('id', types.bytes, (column) => column.primaryKey().notNull())
    .addColumn('account', types.bytes, (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('start_counter', types.integer, (column) => column.notNull())
    .addColumn('signed_id', types.integer, (column) => column.notNull())
    .addColumn('signed_key', types.bytes, (column) => column.notNull())
    .addColumn('signed_signature', types.bytes, (column) => column.notNull())
    .addColumn('last_resort_id', types.integer, (column) => column.notNull())
    .addColumn('last_resort_key', types.bytes, (column) => column.notNull())
    .addColumn('last_resort_signature', types.bytes, (column) => column.notNull())
    .addColumn('statement', types.bytes, (column) => column.notNull())
    .addColumn('statement_signature', types.bytes, (column) => column.notNull())
    .execute();
  await schema.schema.createIndex('devices_account').on('devices').column('account').execute();

  await schema.schema
    .createTable('departures')
    .addColumn('device', types.bytes, (column) => column.primaryKey().notNull())
    .addColumn('account', types.bytes, (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('notice', types.bytes, (column) => column.notNull())
    .addColumn('signature', types.bytes, (column) => column.notNull())
    .execute();
  await schema.schema.createIndex('departures_account').on('departures').column('account').execute();

  await schema.schema
    .createTable('one_time_prekeys')
    .addColumn('device', types.bytes, (column) =>
      column.notNull().references('devices.id').onDelete('cascade'),
    )
    .addColumn('id', types.integer, (column) => column.notNull())
    .addColumn('public_key', types.bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('one_time_prekeys_key', ['device', 'id'])
    .execute();

  await schema.schema
    .createTable('one_time_kyber_prekeys')
    .addColumn('device', types.bytes, (column) =>
      column.notNull().references('devices.id').onDelete('cascade'),
    )
    .addColumn('id', types.integer, (column) => column.notNull())
    .addColumn('public_key', types.bytes, (column) => column.notNull())
    .addColumn('signature', types.bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('one_time_kyber_prekeys_key', ['device', 'id'])
    .execute();
});
