/**
 * The stores of the local database and its version. A store is added by a new version; keys change with a new version alone, and rows
 * under the keys from before are moved at the next start or still found there. Values carry their own shape and are read as they were written.
 */

/** Name of the database; one account at a time lives in a browser profile. */
export const DATABASE_NAME = 'tacet';
/** Grows by one with every store that is added and every new form of keys, so that no older client writes into a database that it does not know. */
export const DATABASE_VERSION = 7;
/**
 * How rows are laid out within the stores; `layout.ts` brings a database from before to it. 1: sessions by device and identity key. 2: the
 * quotes of messages that never came are noted, and an envelope that could not be read with its line.
 */
export const LAYOUT = 2;

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
