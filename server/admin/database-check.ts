/** Whether a database file is whole, and one that this program knows. */
import Sqlite from 'better-sqlite3';
import { knowsMigrations } from '../store/migrate.ts';

/** What is wrong with the database at `path`, in a few words; `undefined`: nothing. */
export function faultIn(path: string): string | undefined {
  try {
    const database = new Sqlite(path, { readonly: true, fileMustExist: true });
    try {
      const whole = database.pragma('integrity_check(1)', { simple: true });
      if (whole !== 'ok') return 'its pages do not fit together';
      if ((database.pragma('foreign_key_check') as readonly unknown[]).length > 0) {
        return 'rows name others that are missing';
      }
      const names = database.prepare<[], { name: string }>('select name from kysely_migration').all();
      if (!knowsMigrations(names.map(({ name }) => name))) return 'it comes from a newer version of Tacet';
      return undefined;
    } finally {
      database.close();
    }
  } catch {
    return 'it is no database of Tacet';
  }
}
