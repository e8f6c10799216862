/** Brings a database to the newest schema, forward only. Runs before the engine opens, on a connection of its own. */
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MIGRATIONS } from '@tacet/migrations';
import { openSqlite } from './dialect.ts';
import { StoreError } from './errors.ts';

/** Runs every migration that the file at `path` lacks; returns their names. Throws `StoreError` `migration-failed`, the file as before the failed one. */
export async function migrateSqlite(path: string): Promise<readonly string[]> {
  const db = new Kysely({ dialect: new SqliteDialect({ database: openSqlite(path) }) });
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error !== undefined) {
      const failed = results.find((result) => result.status === 'Error')?.migrationName ?? 'set-up';
      throw new StoreError('migration-failed', `migration ${failed} failed`, error);
    }
    return results.map((result) => result.migrationName);
  } finally {
    await db.destroy();
  }
}

/** Whether this program has every migration of these names: a database with another one comes from a newer program. */
export function knowsMigrations(names: readonly string[]): boolean {
  return names.every((name) => Object.hasOwn(MIGRATIONS, name));
}
