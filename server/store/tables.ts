/**
 * Row types of every table, as the newest migration leaves them. Bytes are `Uint8Array`, instants milliseconds UTC, flags 0 or 1;
 * `null` exists in rows only and becomes `undefined` at the store's door.
 */
import type { AccountTables } from './account-tables.ts';
import type { EnvelopeTables } from './envelope-tables.ts';
import type { ServerTables } from './server-tables.ts';

/** Every table by name. Each group of tables adds its interface here. */
export interface Tables extends AccountTables, EnvelopeTables, ServerTables {}
