/** What the server's clock said when it was last looked at, so that a start under a wrong one is noticed whatever has come since. */
import { defineMigration } from './support.ts';

export const clockNote = defineMigration(async (schema, types) => {
  // Empty until the first look.
  await schema.schema.alterTable('server_state').addColumn('clock_at', types.instant).execute();
  // Empty while the clock is believed.
  await schema.schema.alterTable('server_state').addColumn('clock_held_ms', types.integer).execute();
});
