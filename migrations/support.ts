/**
 * What every migration is written with: one transaction, and column types that SQLite and PostgreSQL both have. On SQLite kysely's
 * Migrator opens no transaction of its own, so a migration that fails halfway would leave half a schema; `defineMigration` is
 * therefore the only way to write one. Forward only: an `up` that has shipped is never edited.
 */
import {
  PostgresAdapter,
  sql,
  type ColumnDefinitionBuilder,
  type Kysely,
  type RawBuilder,
  type Transaction,
} from 'kysely';
import type { Migration } from 'kysely/migration';

/** The schema as a migration sees it: not typed, since the row types describe the newest schema only. */
// oxlint-disable-next-line typescript/no-explicit-any -- a migration works on every past schema
export type AnySchema = Kysely<any>;

/** The engines that migrations are written for. */
export type Dialect = 'sqlite' | 'postgres';

/** Column types by meaning. For `addColumn`. */
export interface ColumnTypes {
  /** Byte strings: ids (16 bytes), keys, hashes, ciphertext. */
  readonly bytes: RawBuilder<unknown>;
  /** Whole numbers up to 2^53 - 1. */
  readonly integer: RawBuilder<unknown>;
  /** Milliseconds since 1970 UTC. */
  readonly instant: RawBuilder<unknown>;
  /** 0 or 1. */
  readonly flag: RawBuilder<unknown>;
  /** Text, compared byte by byte. */
  readonly text: RawBuilder<unknown>;
}

const COLUMN_TYPES: Readonly<Record<Dialect, ColumnTypes>> = {
  sqlite: {
    bytes: sql`blob`,
    integer: sql`integer`,
    instant: sql`integer`,
    flag: sql`integer`,
    text: sql`text`,
  },
  postgres: {
    bytes: sql`bytea`,
    integer: sql`bigint`,
    instant: sql`bigint`,
    flag: sql`smallint`,
    text: sql`text collate "C"`,
  },
};

/** Which engine a schema belongs to. */
export function dialectOf(db: AnySchema): Dialect {
  return db.getExecutor().adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite';
}

/** A column that the engine numbers 1, 2, 3 ... and that is the primary key. Numbers are never given twice. */
export function numbered(dialect: Dialect): (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder {
  return (column) =>
    dialect === 'sqlite'
      ? column.primaryKey().autoIncrement()
      : column.primaryKey().generatedAlwaysAsIdentity();
}

/** Declares a migration: `up` runs in one transaction, so that a failure leaves nothing behind. */
export function defineMigration(
  up: (schema: AnySchema, types: ColumnTypes, dialect: Dialect) => Promise<void>,
): Migration {
  return {
    async up(db: AnySchema) {
      const dialect = dialectOf(db);
      await inTransaction(db, (schema) => up(schema, COLUMN_TYPES[dialect], dialect));
    },
  };
}

async function inTransaction(db: AnySchema, work: (schema: AnySchema) => Promise<void>): Promise<void> {
  if (db.isTransaction) return work(db);
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  await db.transaction().execute((transaction: Transaction<any>) => work(transaction));
}
