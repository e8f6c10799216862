/**
 * Every migration, in order. A static map: the order is visible, nothing is found by scanning a folder. Names are stored in the
 * database and sort in this order; a name or an `up` that has shipped is never changed.
 */
import type { Migration } from 'kysely/migration';

/** Name to migration, in the order in which they run. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {};
