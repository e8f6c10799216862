/**
 * Every migration, in order. A static map: the order is visible, nothing is found by scanning a folder. Names are stored in the
 * database and sort in this order; a name or an `up` that has shipped is never changed.
 */
import type { Migration } from 'kysely/migration';
import { accounts } from './0001-accounts.ts';
import { devicesPrekeys } from './0002-devices-prekeys.ts';
import { envelopes } from './0003-envelopes.ts';
import { resets } from './0004-resets.ts';
import { resetsByDevice } from './0005-resets-by-device.ts';
import { serverState } from './0006-server-state.ts';
import { clockNote } from './0007-clock-note.ts';
import { deletedAccounts } from './0008-deleted-accounts.ts';

/** Name to migration, in the order in which they run. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-accounts': accounts,
  '0002-devices-prekeys': devicesPrekeys,
  '0003-envelopes': envelopes,
  '0004-resets': resets,
  '0005-resets-by-device': resetsByDevice,
  '0006-server-state': serverState,
  '0007-clock-note': clockNote,
  '0008-deleted-accounts': deletedAccounts,
};
