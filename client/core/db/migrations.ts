/**
 * The stores of the local database and its version. A store is added by a new version and never changes its keys; values carry their own
 * shape and are read as they were written.
 */

/** Name of the database; one account at a time lives in a browser profile. */
export const DATABASE_NAME = 'tacet';
/** Grows by one with every store that is added. */
export const DATABASE_VERSION = 4;

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
