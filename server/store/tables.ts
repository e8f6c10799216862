/**
 * Row types of every table, as the newest migration leaves them. Bytes are `Uint8Array`, instants milliseconds UTC, flags 0 or 1;
 * `null` exists in rows only and becomes `undefined` at the store's door.
 */
import type { AccountTables } from './account-tables.ts';

/** Every table by name. Each group of tables adds its interface here. */
export interface Tables extends AccountTables, EnvelopeTables {}

/** Migration 0003: what waits for devices. */
export interface EnvelopeTables {}
