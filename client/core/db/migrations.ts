/**
 * The stores of the local database and its version. A store is added by a new version; keys change with a new version alone, and rows
 * under the keys from before are moved at the next start or still found there. Values carry their own shape and are read as they were written.
 */

/** Name of the database; one account at a time lives in a browser profile. */
export const DATABASE_NAME = 'tacet';
/** Grows by one with every store that is added and every new form of keys, so that no older client writes into a database that it does not know. */
export const DATABASE_VERSION = 6;
/** How rows are laid out within the stores; `sessions/rekey.ts` brings a database from before to it. */
export const LAYOUT = 1;

/** Every store. `vault` holds the wrapped local key and the owner's number, which the local key does not seal. */
export const STORE_NAMES = [
  'vault',
  'device',
  'prekeys',
  'sessions',
  'people',
  'conversations',
  'lines',
  'messages',
  'outbox',
  'sent',
  'chains',
  'receipts',
  'pictures',
  'early',
  'expiring',
  'search',
] as const;
