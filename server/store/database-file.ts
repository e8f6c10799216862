/** Where the database lies in a data folder, and whether somebody has it open: for the commands that work beside the server. */
import { join } from 'node:path';
import { openSqlite } from './dialect.ts';
import { isBusy } from './write-health.ts';

/** The file of the database in a data folder. */
export const DATABASE_FILE = 'tacet.sqlite';

/** The path of the database in a data folder. */
export function databasePath(dataDir: string): string {
  return join(dataDir, DATABASE_FILE);
}

/**
 * Whether another process has the database open: a write-ahead log can be taken exclusively only by the one that is alone with it. When
 * it is not, the log has been emptied into the file. Throws what SQLite says of a file that it cannot read.
 */
export function isInUse(path: string): boolean {
  try {
    const database = openSqlite(path);
    try {
      database.pragma('busy_timeout = 0');
      database.pragma('locking_mode = EXCLUSIVE');
      database.exec('begin exclusive; commit');
    } finally {
      database.close();
    }
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  }
}
